"""Micro-kernels of the matrix products: a tile of C stays in registers while k runs.

Six rows of two vectors are 12 accumulators, enough to hide the latency of a fused product (4 cycles, 2 per cycle on Zen3) and
few enough for 16 registers. Every element of C is one chain of fused multiply-adds in the order of k, whatever tile it falls
into, so a result does not depend on its place in the matrix.

The plain twin of everything here is ``start + A @ B`` (tests/naive.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optlab.kernel.vectors import I64, Vectors, loop

WIDE = 2  # vectors in a row of a tile


def apart(name: str, context: Any, builder: Any, signature: Any, args: Any, emit: Callable[[Any, Any, list[Any]], None]) -> Any:
    """Call `emit`'s code as a function of its own: inlined into one caller, the tiles take each other's registers and set-up."""
    kinds = [context.get_value_type(kind) for kind in signature.args]
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), kinds), f"{name}_{signature.args[1].dtype}")
    if function.is_declaration:
        function.linkage = "internal"
        function.attributes.add("noinline")
        inside = ir.IRBuilder(function.append_basic_block("entry"))
        emit(inside, Vectors(context, inside, signature.args[1].dtype), list(function.args))
        inside.ret_void()
    builder.call(function, args)
    return context.get_dummy_value()


def given(builder: Any, pointer: Any) -> Any:
    return builder.icmp_unsigned("!=", builder.ptrtoint(pointer, I64), I64(0))


def either(builder: Any, condition: Any, make: Callable[[], list[Any]], otherwise: list[Any] | Callable[[], list[Any]]) -> list[Any]:
    """The vectors that `make` computes where the condition holds, else those that there are, or that `otherwise` computes."""
    with builder.if_else(condition) as (then, other):
        with then:
            made, made_in = make(), builder.block
        with other:
            kept, kept_in = otherwise() if callable(otherwise) else otherwise, builder.block
    joined = []
    for one, two in zip(made, kept, strict=True):
        phi = builder.phi(one.type)
        phi.add_incoming(one, made_in)
        phi.add_incoming(two, kept_in)
        joined.append(phi)
    return joined


def store_columns(builder: Any, v: Vectors, lines: list[list[Any]], targets: list[Any], columns: Any) -> None:
    """The first `columns` elements of each line, fewer than there are, to its target.

    Masked stores are slow on Zen3: through memory instead, in pieces of 16, 8, 4, 2 and 1 elements.
    """
    width = len(lines[0]) * v.lanes
    held = cgutils.alloca_once(builder, v.element, size=I64(len(lines) * width))
    for i, line in enumerate(lines):
        for j, value in enumerate(line):
            v.store(value, v.at(held, i * width + j * v.lanes))
    piece = width // 2
    while piece:
        first = builder.and_(columns, I64(-2 * piece))
        kind = ir.VectorType(v.element, piece).as_pointer()
        with builder.if_then(builder.icmp_signed("!=", builder.and_(columns, I64(piece)), I64(0))):
            for i, target in enumerate(targets):
                part = builder.load(builder.bitcast(v.at(v.at(held, i * width), first), kind), align=v.bytes)
                v.store(part, v.at(target, first))
        piece //= 2


# How a tile's part of A lies: by rows, by columns, or packed.
ROWS, COLUMNS, PANELS = range(3)


def _strip(rows: int, order: int) -> Any:
    """Intrinsic: `count` tiles of `rows` x two vectors below one another, C = (scale * start + A @ B) * factor.

    (count, c, c_stride, start, start_stride, scale, factor, a, a_step, a_stride, b, b_stride, k, columns); strides in elements.
    Element (i, p) of a tile's A is a[i * a_stride + p] if `order` is ROWS, a[p * a_stride + i] if COLUMNS, and a[p * rows + i] in
    packed PANELS; the next tile's A is a_step further. A null `start` is zeros, a start_stride of 0 repeats one row (a bias).
    `factor` is null, or lies as C does. Only the first `columns` columns exist in C, start and factor; B has all, for a masked
    load in the loop over k would make it 2.3 times slower (Zen3).
    """

    def emit(builder: Any, v: Vectors, args: list[Any]) -> None:
        count, c, c_stride, start, start_stride, scale, factor, a, a_step, a_stride, b, b_stride, k, columns = args
        if order == PANELS:
            a_stride = I64(rows)
        masks = [v.mask(columns, j * v.lanes) for j in range(WIDE)]
        places = [(i, j) for i in range(rows) for j in range(WIDE)]
        complete = builder.icmp_signed(">=", columns, I64(WIDE * v.lanes))
        start_given, factor_given = given(builder, start), given(builder, factor)
        scaled, by = builder.fcmp_unordered("!=", scale, v.element(1.0)), v.splat(scale)

        def element(pointer: Any, stride: Any, i: int, j: int) -> Any:
            return v.at(pointer, builder.add(builder.mul(I64(i), stride), I64(j * v.lanes)))

        def loaded(pointer: Any, stride: Any) -> list[Any]:
            def load(masks: list[Any]) -> Callable[[], list[Any]]:
                return lambda: [v.load(element(pointer, stride, i, j), masks[j]) for i, j in places]

            return either(builder, complete, load([None] * WIDE), load(masks))

        def stored(values: list[Any], c: Any) -> None:
            with builder.if_else(complete) as (then, other):
                with then:
                    for value, (i, j) in zip(values, places, strict=True):
                        v.store(value, element(c, c_stride, i, j))
                with other:
                    rows_of = [values[i * WIDE : (i + 1) * WIDE] for i in range(rows)]
                    store_columns(builder, v, rows_of, [element(c, c_stride, i, 0) for i in range(rows)], columns)

        def tile(_: Any, pointers: list[Any]) -> list[Any]:
            c, start, factor, a = pointers

            def turn(p: Any, values: list[Any]) -> list[Any]:
                line = v.at(b, builder.mul(p, b_stride))
                right = [v.load(v.at(line, j * v.lanes)) for j in range(WIDE)]
                new = []
                for i in range(rows):
                    if order == ROWS:
                        place = v.at(v.at(a, builder.mul(I64(i), a_stride)), p)
                    else:
                        place = v.at(v.at(a, builder.mul(p, a_stride)), i)
                    left = v.broadcast(place)
                    new += [v.fused(left, right[j], values[i * WIDE + j]) for j in range(WIDE)]
                return new

            sums = either(builder, start_given, lambda: loaded(start, start_stride), [v.zero] * len(places))
            begin = sums
            sums = either(builder, scaled, lambda: [builder.fmul(value, by) for value in begin], begin)
            sums = loop(builder, I64(0), k, 1, sums, turn)
            held = sums

            def multiplied() -> list[Any]:
                return [builder.fmul(value, other) for value, other in zip(held, loaded(factor, c_stride), strict=True)]

            stored(either(builder, factor_given, multiplied, held), c)
            down = builder.mul(I64(rows), c_stride)
            # A null pointer that moves on is never looked at.
            return [v.at(c, down), v.at(start, builder.mul(I64(rows), start_stride)), v.at(factor, down), v.at(a, a_step)]

        loop(builder, I64(0), count, 1, [c, start, factor, a], tile)

    def typed(
        typingctx: Any, count: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_step: Any,
        a_stride: Any, b: Any, b_stride: Any, k: Any, columns: Any,
    ) -> Any:  # fmt: skip
        i = types.int64
        signature = types.void(i, c, i, c, i, c.dtype, c, c, i, i, c, i, i, i)

        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            return apart(f"strip_{rows}_{order}", context, builder, whole, args, emit)

        return signature, codegen

    return intrinsic(typed)


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
            return apart(f"row_{vectors}_{masked}", context, builder, whole, args, emit)

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


strip_6_rows, strip_6_columns, strip_6_panels = _strip(6, ROWS), _strip(6, COLUMNS), _strip(6, PANELS)
strip_4_rows, strip_4_columns, strip_4_panels = _strip(4, ROWS), _strip(4, COLUMNS), _strip(4, PANELS)
strip_1 = _strip(1, COLUMNS)
row_8, row_4, row_edge = _row(8, False), _row(4, False), _row(4, True)
dot_4, dot_1 = _dot(4), _dot(1)
