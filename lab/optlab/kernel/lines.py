"""Micro-kernels of products that are one row, one column, or one product per element: vectors along the row or along k.

The plain twin is ``start + A @ B`` (tests/naive.py).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from optlab.kernel.tiles import apart, either, given, store_columns
from optlab.kernel.vectors import I32, I64, Vectors, loop


def _row(vectors: int, masked: bool) -> Any:
    """Intrinsic: one row of C, `vectors` wide: c = (scale * start + a @ B) * factor; of a masked one, only `columns` columns exist.

    (columns, c, start, scale, factor, a, a_stride, b, b_stride, k). Null `start` and `factor` as for tiles.
    """

    def emit(builder: Any, v: Vectors, args: list[Any]) -> None:
        columns, c, start, scale, factor, a, a_stride, b, b_stride, k = args
        masks = [v.mask(columns, j * v.lanes) if masked else None for j in range(vectors)]
        by = v.splat(scale)

        def loaded(pointer: Any) -> list[Any]:
            return [v.load(v.at(pointer, j * v.lanes), mask) for j, mask in enumerate(masks)]

        def turn(p: Any, values: list[Any]) -> list[Any]:
            left = v.broadcast(v.at(a, builder.mul(p, a_stride)))
            return [v.fused(left, right, value) for right, value in zip(loaded(v.at(b, builder.mul(p, b_stride))), values, strict=True)]

        begin = either(builder, given(builder, start), lambda: [builder.fmul(value, by) for value in loaded(start)], [v.zero] * vectors)
        sums = loop(builder, I64(0), k, 1, begin, turn)

        def multiplied() -> list[Any]:
            return [builder.fmul(value, other) for value, other in zip(sums, loaded(factor), strict=True)]

        sums = either(builder, given(builder, factor), multiplied, sums)
        if masked:
            store_columns(builder, v, [sums], [c], columns)
        else:
            for j, value in enumerate(sums):
                v.store(value, v.at(c, j * v.lanes))

    def typed(
        typingctx: Any, columns: Any, c: Any, start: Any, scale: Any, factor: Any, a: Any, a_stride: Any, b: Any, b_stride: Any, k: Any
    ) -> Any:
        i = types.int64
        signature = types.void(i, c, c, c.dtype, c, c, i, c, i, i)

        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            apart(f"row_{vectors}_{masked}", context, builder, whole.args, args, emit)
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typed)


def _dot(rows: int) -> Any:
    """Intrinsic (c, start, start_stride, scale, a, a_row, b, k): c[i] = scale * start[i*start_stride] + a[i*a_row : ][:k] . b[:k].

    For `rows` rows, 1 or 4. A null `start` is zeros.
    """

    def typed(typingctx: Any, c: Any, start: Any, start_stride: Any, scale: Any, a: Any, a_row: Any, b: Any, k: Any) -> Any:
        i = types.int64
        signature = types.void(c, c, i, c.dtype, c, i, c, i)

        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            c, start, start_stride, scale, a, a_row, b, k = args
            v = Vectors(context, builder, whole.args[0].dtype)
            lines = [v.at(a, builder.mul(I64(i), a_row)) for i in range(rows)]

            def body(edge: bool) -> Any:
                def turn(p: Any, values: list[Any]) -> list[Any]:
                    mask = v.mask(builder.sub(k, p)) if edge else None
                    right = v.load(v.at(b, p), mask)
                    return [v.fused(v.load(v.at(lines[i], p), mask), right, values[i]) for i in range(rows)]

                return turn

            def begun() -> list[Any]:
                places = [v.at(start, builder.mul(I64(i), start_stride)) for i in range(rows)]
                return [builder.fmul(builder.load(place), scale) for place in places]

            begin = either(builder, given(builder, start), begun, [v.element(0.0)] * rows)
            whole = builder.and_(k, I64(-v.lanes))
            sums = loop(builder, I64(0), whole, v.lanes, [v.zero] * rows, body(edge=False))
            sums = loop(builder, whole, k, v.lanes, sums, body(edge=True))
            if rows == 4:
                kind = ir.VectorType(v.element, 4)
                four = ir.Constant(kind, ir.Undefined)
                for i, value in enumerate(begin):
                    four = builder.insert_element(four, value, I32(i))
                builder.store(builder.fadd(four, v.totals(sums)), builder.bitcast(c, kind.as_pointer()), align=v.bytes)
            else:
                builder.store(builder.fadd(begin[0], v.total(sums[0])), c)
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typed)


@intrinsic
def outer(
    typingctx: Any, m: Any, n: Any, c: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_stride: Any, b: Any
) -> Any:
    """C (m x n) = (scale * start + a (m) b (n)) * factor, C row-major. Null `start` and `factor`, and start_stride, as for tiles."""
    i = types.int64
    signature = types.void(i, i, c, c, i, c.dtype, c, c, i, c)

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        m, n, c, start, start_stride, scale, factor, a, a_stride, b = args
        v = Vectors(context, builder, whole.args[2].dtype)
        by, start_given, factor_given = v.splat(scale), given(builder, start), given(builder, factor)

        def columns(count: int, mask: Any, j: Any, none: list[Any]) -> list[Any]:
            offsets = [builder.add(j, I64(each * v.lanes)) for each in range(count)]

            def loaded(pointer: Any) -> list[Any]:
                return [v.load(v.at(pointer, offset), mask) for offset in offsets]

            right = loaded(b)

            def row(i: Any, none: list[Any]) -> list[Any]:
                line, left = v.at(c, builder.mul(i, n)), v.broadcast(v.at(a, builder.mul(i, a_stride)))
                begun = v.at(start, builder.mul(i, start_stride))
                begin = either(builder, start_given, lambda: [builder.fmul(value, by) for value in loaded(begun)], [v.zero] * count)
                sums = [v.fused(left, other, value) for other, value in zip(right, begin, strict=True)]
                by_row = v.at(factor, builder.mul(i, n))

                def multiplied() -> list[Any]:
                    return [builder.fmul(value, other) for value, other in zip(sums, loaded(by_row), strict=True)]

                sums = either(builder, factor_given, multiplied, sums)
                if mask is None:
                    for value, offset in zip(sums, offsets, strict=True):
                        v.store(value, v.at(line, offset))
                else:
                    store_columns(builder, v, [sums], [v.at(line, j)], builder.sub(n, j))
                return none

            return loop(builder, I64(0), m, 1, none, row)

        first = I64(0)
        for count in (2, 1):
            last = builder.and_(n, I64(-count * v.lanes))
            loop(builder, first, last, count * v.lanes, [], partial(columns, count, None))
            first = last
        loop(builder, first, n, v.lanes, [], lambda j, none: columns(1, v.mask(builder.sub(n, j)), j, none))
        return context.get_dummy_value()

    return signature, codegen


row_8, row_4, row_2, row_edge = _row(8, masked=False), _row(4, masked=False), _row(2, masked=False), _row(2, masked=True)
dot_4, dot_1 = _dot(4), _dot(1)
