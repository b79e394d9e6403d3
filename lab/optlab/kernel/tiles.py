"""Micro-kernels of the matrix products: a tile of C stays in registers while k runs.

Six rows of two vectors are 12 accumulators, enough to hide the latency of a fused product (4 cycles, 2 per cycle on Zen3) and
few enough for 16 registers. Every element of C is one chain of fused multiply-adds in the order of k, whatever tile it falls
into, so a result does not depend on its place in the matrix.

The plain twin of everything here is ``start + A @ B`` (tests/naive.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optlab.kernel.vectors import I32, I64, Vectors, loop

WIDE = 2  # vectors in a row of a tile


def apart(name: str, context: Any, builder: Any, kinds: Any, args: Any, emit: Callable[[Any, Any, list[Any]], None]) -> None:
    """Call the code of `emit` as a function of its own.

    Merged into one function, all tiles would pay for the set-up of each (registers saved, constants loaded).
    """
    real = kinds[1].dtype
    inner = ir.FunctionType(ir.VoidType(), [context.get_value_type(kind) for kind in kinds])
    function = cgutils.get_or_insert_function(builder.module, inner, f"{name}_{real}")
    if function.is_declaration:
        function.linkage = "internal"
        function.attributes.add("noinline")
        inside = ir.IRBuilder(function.append_basic_block("entry"))
        emit(inside, Vectors(context, inside, real), list(function.args))
        inside.ret_void()
    builder.call(function, args)


def prefetch(builder: Any, pointer: Any) -> None:
    """Bring the cache line at `pointer` nearer; no fault wherever it points."""
    pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    function = ir.FunctionType(ir.VoidType(), [pointer.type, I32, I32, I32])
    builder.call(cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0"), [pointer, I32(0), I32(3), I32(1)])


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


def _strip(rows: int) -> Any:
    """Intrinsic: `count` tiles of `rows` x two vectors below one another, C = (scale * start + A @ B) * factor.

    (order, count, c, c_stride, start, start_stride, scale, factor, a, a_step, a_stride, b, b_stride, k, columns, ahead,
    ahead_stride); strides in elements. Element (i, p) of a tile's A is a[i * a_stride + p] if `order` is ROWS, a[p * a_stride + i]
    if COLUMNS, and a[p * rows + i] in packed PANELS; the next tile's A is a_step further. A null `start` is zeros, a start_stride of
    0 repeats one row (a bias). `factor` is null, or lies as C does. Only the first `columns` columns exist in C, start and factor;
    B has all, for a masked load in the loop over k would make it 2.3 times slower (Zen3). With packed PANELS, each row of a tile
    also fetches the line of memory at `ahead`, which moves on by ahead_stride.
    """

    def emit(order: int, builder: Any, v: Vectors, args: list[Any]) -> None:
        count, c, c_stride, start, start_stride, scale, factor, a, a_step, a_stride, b, b_stride, k, columns, ahead, ahead_stride = args
        if order == PANELS:
            a_stride = I64(rows)
        masks = [v.mask(columns, j * v.lanes) for j in range(WIDE)]
        places = [(i, j) for i in range(rows) for j in range(WIDE)]
        complete = builder.icmp_signed(">=", columns, I64(WIDE * v.lanes))
        start_given, factor_given = given(builder, start), given(builder, factor)
        scaled, by = builder.fcmp_unordered("!=", scale, v.element(1.0)), v.splat(scale)

        def element(pointer: Any, stride: Any, i: int, j: int) -> Any:
            return v.at(pointer, builder.add(builder.mul(I64(i), stride), I64(j * v.lanes)))

        def loaded(pointer: Any, stride: Any, use: Callable[[Any, int], Any]) -> list[Any]:
            """`use` of each vector that lies there and of its number, at once: they do not fit in registers beside the sums."""

            def each(masks: list[Any]) -> Callable[[], list[Any]]:
                return lambda: [use(v.load(element(pointer, stride, i, j), masks[j]), n) for n, (i, j) in enumerate(places)]

            return either(builder, complete, each([None] * WIDE), each(masks))

        def stored(values: list[Any], c: Any) -> None:
            with builder.if_else(complete) as (then, other):
                with then:
                    for value, (i, j) in zip(values, places, strict=True):
                        v.store(value, element(c, c_stride, i, j))
                with other:
                    rows_of = [values[i * WIDE : (i + 1) * WIDE] for i in range(rows)]
                    store_columns(builder, v, rows_of, [element(c, c_stride, i, 0) for i in range(rows)], columns)

        def tile(_: Any, pointers: list[Any]) -> list[Any]:
            c, start, factor, a, ahead = pointers

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

            sums = either(builder, start_given, lambda: loaded(start, start_stride, lambda value, n: value), [v.zero] * len(places))
            begin = sums
            if order == PANELS:
                for i in range(rows):
                    prefetch(builder, v.at(ahead, builder.mul(I64(i), ahead_stride)))
            sums = either(builder, scaled, lambda: [builder.fmul(value, by) for value in begin], begin)
            sums = loop(builder, I64(0), k, 1, sums, turn)
            held = sums

            def multiplied() -> list[Any]:
                return loaded(factor, c_stride, lambda value, n: builder.fmul(held[n], value))

            stored(either(builder, factor_given, multiplied, held), c)
            down = builder.mul(I64(rows), c_stride)
            next_start, next_ahead = (builder.mul(I64(rows), stride) for stride in (start_stride, ahead_stride))
            # A null pointer that moves on is never looked at.
            return [v.at(c, down), v.at(start, next_start), v.at(factor, down), v.at(a, a_step), v.at(ahead, next_ahead)]

        loop(builder, I64(0), count, 1, [c, start, factor, a, ahead], tile)

    def typed(
        typingctx: Any, order: Any, count: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any,
        a_step: Any, a_stride: Any, b: Any, b_stride: Any, k: Any, columns: Any, ahead: Any, ahead_stride: Any,
    ) -> Any:  # fmt: skip
        i = types.int64
        signature = types.void(i, i, c, i, c, i, c.dtype, c, c, i, i, c, i, i, i, c, i)

        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            for order in (ROWS, COLUMNS, PANELS):
                with builder.if_then(builder.icmp_signed("==", args[0], I64(order))):
                    apart(f"strip_{rows}_{order}", context, builder, whole.args[1:], args[1:], functools.partial(emit, order))
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typed)


strip_6, strip_4, strip_1 = _strip(6), _strip(4), _strip(1)
