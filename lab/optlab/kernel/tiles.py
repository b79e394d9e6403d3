"""Micro-kernels of the matrix products: a tile of C stays in registers while k runs.

Six rows of two vectors are 12 accumulators, enough to hide the latency of a fused product (4 cycles, 2 per cycle on Zen3) and
few enough for 16 registers. Every element of C is one chain of fused multiply-adds in the order of k, whatever tile it falls
into, so a result does not depend on its place in the matrix.

The plain twin of everything here is ``start + A @ B`` (tests/naive.py).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optlab.kernel.vectors import I64, Vectors, loop


def _tile(rows: int, vectors: int, masked: bool, by_rows: bool) -> Any:
    """Intrinsic: a tile of C = (scale * start + A @ B) * factor, `rows` x `vectors` registers.

    (c, c_stride, start, start_stride, scale, factor, a, a_stride, b, b_stride, k, columns); strides in elements. Element (i, p) of A is
    a[i * a_stride + p] if `by_rows`, else a[p * a_stride + i]. A null `start` is zeros, a start_stride of 0 repeats one row (a
    bias). `factor` is null, or lies as C does. Of a masked tile only the first `columns` columns exist in C, start
    and factor; B has all, for a masked load in the loop over k would make it 2.3 times slower (Zen3).
    """

    def typed(
        typingctx: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_stride: Any, b: Any,
        b_stride: Any, k: Any, columns: Any,
    ) -> Any:  # fmt: skip
        integer = types.int64
        signature = types.void(c, integer, c, integer, c.dtype, c, c, integer, c, integer, integer, integer)

        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            c, c_stride, start, start_stride, scale, factor, a, a_stride, b, b_stride, k, columns = args
            v = Vectors(context, builder, whole.args[0].dtype)
            masks = [v.mask(columns, j * v.lanes) if masked else None for j in range(vectors)]
            places = [(i, j) for i in range(rows) for j in range(vectors)]

            def element(pointer: Any, stride: Any, i: int, j: int) -> Any:
                return v.at(pointer, builder.add(builder.mul(I64(i), stride), I64(j * v.lanes)))

            def given(pointer: Any) -> Any:
                return builder.icmp_unsigned("!=", builder.ptrtoint(pointer, I64), I64(0))

            def where(condition: Any, otherwise: list[Any], make: Any) -> list[Any]:
                before = builder.block
                with builder.if_then(condition):
                    made = [make(n, i, j) for n, (i, j) in enumerate(places)]
                    inside = builder.block
                joined = []
                for old, new in zip(otherwise, made, strict=True):
                    phi = builder.phi(v.type)
                    phi.add_incoming(old, before)
                    phi.add_incoming(new, inside)
                    joined.append(phi)
                return joined

            zeros = [v.zero] * len(places)
            begin = where(given(start), zeros, lambda n, i, j: v.load(element(start, start_stride, i, j), masks[j]))
            by = v.splat(scale)
            sums = where(builder.fcmp_unordered("!=", scale, v.element(1.0)), begin, lambda n, i, j: builder.fmul(begin[n], by))
            lines = [v.at(a, builder.mul(I64(i), a_stride)) for i in range(rows)]

            def body(p: Any, values: list[Any]) -> list[Any]:
                line = v.at(b, builder.mul(p, b_stride))
                right = [v.load(v.at(line, j * v.lanes)) for j in range(vectors)]
                column = None if by_rows else v.at(a, builder.mul(p, a_stride))
                new = []
                for i in range(rows):
                    left = v.broadcast(v.at(lines[i], p) if by_rows else v.at(column, i))
                    new += [v.fused(left, right[j], values[i * vectors + j]) for j in range(vectors)]
                return new

            sums = loop(builder, I64(0), k, 1, sums, body)
            held = sums
            sums = where(given(factor), held, lambda n, i, j: builder.fmul(held[n], v.load(element(factor, c_stride, i, j), masks[j])))
            if not masked:
                for value, (i, j) in zip(sums, places, strict=True):
                    v.store(value, element(c, c_stride, i, j))
                return context.get_dummy_value()
            # Masked stores are slow on Zen3: through memory instead, in pieces of 8, 4, 2 and 1 elements.
            width = vectors * v.lanes
            line = cgutils.alloca_once(builder, v.element, size=I64(rows * width))
            for value, (i, j) in zip(sums, places, strict=True):
                v.store(value, v.at(line, i * width + j * v.lanes))
            piece = width // 2
            while piece:
                first = builder.and_(columns, I64(-2 * piece))
                kind = ir.VectorType(v.element, piece)
                with builder.if_then(builder.icmp_signed("!=", builder.and_(columns, I64(piece)), I64(0))):
                    for i in range(rows):
                        source = builder.bitcast(v.at(v.at(line, i * width), first), kind.as_pointer())
                        v.store(builder.load(source, align=v.bytes), v.at(element(c, c_stride, i, 0), first))
                piece //= 2
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typed)


def _dot(rows: int) -> Any:
    """Intrinsic (c, a, a_row, b, k): c[i] += a[i*a_row : ][:k] . b[:k] for `rows` rows."""

    def typed(typingctx: Any, c: Any, a: Any, a_row: Any, b: Any, k: Any) -> Any:
        signature = types.void(c, c, types.int64, c, types.int64)

        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            c, a, a_row, b, k = args
            v = Vectors(context, builder, whole.args[0].dtype)
            lines = [v.at(a, builder.mul(I64(i), a_row)) for i in range(rows)]

            def body(edge: bool) -> Any:
                def turn(p: Any, values: list[Any]) -> list[Any]:
                    mask = v.mask(builder.sub(k, p)) if edge else None
                    right = v.load(v.at(b, p), mask)
                    return [v.fused(v.load(v.at(lines[i], p), mask), right, values[i]) for i in range(rows)]

                return turn

            whole = builder.and_(k, I64(-v.lanes))
            sums = loop(builder, I64(0), whole, v.lanes, [v.zero] * rows, body(edge=False))
            sums = loop(builder, whole, k, v.lanes, sums, body(edge=True))
            for i in range(rows):
                place = v.at(c, i)
                builder.store(builder.fadd(builder.load(place), v.total(sums[i])), place)
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typed)


tile_6_by_rows, tile_6_by_columns = _tile(6, 2, False, True), _tile(6, 2, False, False)
tile_4_by_rows, tile_4_by_columns = _tile(4, 2, False, True), _tile(4, 2, False, False)
edge_6_by_rows, edge_6_by_columns = _tile(6, 2, True, True), _tile(6, 2, True, False)
edge_4_by_rows, edge_4_by_columns = _tile(4, 2, True, True), _tile(4, 2, True, False)
row_2, edge_row = _tile(1, 2, False, False), _tile(1, 2, True, False)
dot_4, dot_1 = _dot(4), _dot(1)
