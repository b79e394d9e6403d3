"""Vector registers in LLVM IR: loads, stores, fused products, transposes, and loops that keep values in registers.

Vectors have 256 bits: 4 float64 or 8 float32 lanes. `tiles` and `packing` are written with these.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR_BYTES = 32

I32, I64 = ir.IntType(32), ir.IntType(64)


class Vectors:
    """Operations on vectors of one real type, at the builder's position."""

    def __init__(self, context: Any, builder: Any, real: Any) -> None:
        self.builder, self.module = builder, builder.module
        self.element = context.get_value_type(real)
        self.bytes = real.bitwidth // 8
        self.lanes = VECTOR_BYTES // self.bytes
        self.type = ir.VectorType(self.element, self.lanes)
        self.zero = ir.Constant(self.type, [self.element(0.0)] * self.lanes)

    def _declared(self, name: str, result: Any, kinds: list[Any]) -> Any:
        return cgutils.get_or_insert_function(self.module, ir.FunctionType(result, kinds), name.format(f"v{self.lanes}f{8 * self.bytes}"))

    def at(self, pointer: Any, index: Any) -> Any:
        return self.builder.gep(pointer, [index if isinstance(index, ir.Value) else I64(index)])

    def mask(self, columns: Any, first: int = 0) -> Any:
        """Lanes whose column, counted from `first`, is below `columns`."""
        kind = ir.VectorType(I64, self.lanes)
        here = ir.Constant(kind, [I64(first + lane) for lane in range(self.lanes)])
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), columns, I32(0))
        return self.builder.icmp_signed("<", here, self._splat(one, kind))

    def _splat(self, one: Any, kind: Any) -> Any:
        return self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, self.lanes), None))

    def splat(self, value: Any) -> Any:
        return self._splat(self.builder.insert_element(ir.Constant(self.type, ir.Undefined), value, I32(0)), self.type)

    def broadcast(self, pointer: Any) -> Any:
        return self.splat(self.builder.load(pointer))

    def load(self, pointer: Any, mask: Any = None) -> Any:
        """The vector at `pointer`; lanes outside the mask are zero and their memory is not touched."""
        address = self.builder.bitcast(pointer, self.type.as_pointer())
        if mask is None:
            return self.builder.load(address, align=self.bytes)
        function = self._declared("llvm.masked.load.{}.p0", self.type, [address.type, I32, mask.type, self.type])
        return self.builder.call(function, [address, I32(self.bytes), mask, self.zero])

    def store(self, value: Any, pointer: Any, mask: Any = None) -> None:
        """Lanes outside the mask are not written."""
        address = self.builder.bitcast(pointer, value.type.as_pointer())
        if mask is None:
            self.builder.store(value, address, align=self.bytes)
        else:
            function = self._declared("llvm.masked.store.{}.p0", ir.VoidType(), [value.type, address.type, I32, mask.type])
            self.builder.call(function, [value, address, I32(self.bytes), mask])

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.call(self._declared("llvm.fmuladd.{}", self.type, [self.type] * 3), [a, b, c])

    def shuffled(self, a: Any, b: Any, lanes: list[int]) -> Any:
        """Lanes of a (0 .. L-1) and b (L .. 2L-1)."""
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(lanes)), [I32(lane) for lane in lanes]))

    def transposed(self, rows: list[Any]) -> list[Any]:
        """Columns of the square whose rows are these vectors, by exchanging blocks of 1, 2, 4 ... (Eklundh, 1972)."""
        rows, size = list(rows), 1
        while size < self.lanes:
            low = [lane if not lane & size else self.lanes + lane - size for lane in range(self.lanes)]
            high = [lane + size if not lane & size else self.lanes + lane for lane in range(self.lanes)]
            for i in range(self.lanes):
                if not i & size:
                    a, b = rows[i], rows[i + size]
                    rows[i], rows[i + size] = self.shuffled(a, b, low), self.shuffled(a, b, high)
            size *= 2
        return rows

    def total(self, value: Any) -> Any:
        """Sum of the lanes: halves added to halves."""
        width = self.lanes
        while width > 1:
            width //= 2
            low, high = list(range(width)), list(range(width, 2 * width))
            value = self.builder.fadd(self.shuffled(value, value, low), self.shuffled(value, value, high))
        return self.builder.extract_element(value, I32(0))

    def totals(self, values: list[Any]) -> Any:
        """The totals of four vectors as a vector of four: the additions of `total`, several at once."""

        def halves(a: Any, b: Any, low: list[int], high: list[int]) -> Any:
            return self.builder.fadd(self.shuffled(a, b, low), self.shuffled(a, b, high))

        if self.lanes == 8:
            values = [halves(value, value, [0, 1, 2, 3], [4, 5, 6, 7]) for value in values]
        pairs = [halves(values[i], values[i + 1], [0, 1, 4, 5], [2, 3, 6, 7]) for i in (0, 2)]
        return halves(pairs[0], pairs[1], [0, 2, 4, 6], [1, 3, 5, 7])


def loop(builder: Any, first: Any, last: Any, step: int, carried: list[Any], body: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
    """A loop i = first, first + step ... < last that carries values in registers: carried = body(i, carried)."""
    before = builder.block
    inside, after = builder.append_basic_block("loop"), builder.append_basic_block("loop.end")
    builder.cbranch(builder.icmp_signed("<", first, last), inside, after)
    builder.position_at_end(inside)
    index = builder.phi(I64)
    values = [builder.phi(value.type) for value in carried]
    new = body(index, values)
    following = builder.add(index, I64(step))
    index.add_incoming(first, before)
    index.add_incoming(following, builder.block)
    for phi, start, value in zip(values, carried, new, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(value, builder.block)
    end = builder.block
    builder.cbranch(builder.icmp_signed("<", following, last), inside, after)
    builder.position_at_end(after)
    results = []
    for start, value in zip(carried, new, strict=True):
        phi = builder.phi(value.type)
        phi.add_incoming(start, before)
        phi.add_incoming(value, end)
        results.append(phi)
    return results


@intrinsic
def lanes_of(typingctx: Any, pointer: Any) -> Any:
    """Lanes of a vector of the pointer's dtype."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return I64(VECTOR_BYTES * 8 // signature.args[0].dtype.bitwidth)

    return types.int64(pointer), codegen


@intrinsic
def all_finite(typingctx: Any, values: Any, count: Any) -> Any:
    """Whether none of `count` values is infinite or NaN: their products with 0 add up to 0 (12 times faster than a test of each)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values, count = args
        v = Vectors(context, builder, signature.args[0].dtype)

        def whole(i: Any, sums: list[Any]) -> list[Any]:
            return [v.fused(v.load(v.at(values, builder.add(i, I64(j * v.lanes)))), v.zero, each) for j, each in enumerate(sums)]

        def rest(i: Any, sums: list[Any]) -> list[Any]:
            return [v.fused(v.load(v.at(values, i), v.mask(builder.sub(count, i))), v.zero, sums[0])]

        inner = builder.and_(count, I64(-4 * v.lanes))
        sums = loop(builder, I64(0), inner, 4 * v.lanes, [v.zero] * 4, whole)
        total = sums[0]
        for each in sums[1:]:
            total = builder.fadd(total, each)
        total = v.total(loop(builder, inner, count, v.lanes, [total], rest)[0])
        return builder.fcmp_ordered("==", total, v.element(0.0))

    return types.boolean(values, types.int64), codegen


@intrinsic
def column_sums(typingctx: Any, m: Any, n: Any, a: Any, out: Any, accumulate: Any) -> Any:
    """out (n) = sum of the rows of A (m x n), first to last (one column: lane by lane); `accumulate` adds to what is there.

    The sums stay in registers, as in a product with a row of ones, without its preparations: 3 % of a step of 1-16-1.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        m, n, a, out, accumulate = args
        v = Vectors(context, builder, signature.args[2].dtype)

        def sums(count: int, mask: Any, j: Any, none: list[Any]) -> list[Any]:
            places = [v.at(out, builder.add(j, I64(each * v.lanes))) for each in range(count)]
            start = [builder.select(accumulate, v.load(place, mask), v.zero) for place in places]

            def add_row(i: Any, totals: list[Any]) -> list[Any]:
                row = v.at(a, builder.add(builder.mul(i, n), j))
                return [builder.fadd(total, v.load(v.at(row, each * v.lanes), mask)) for each, total in enumerate(totals)]

            for place, total in zip(places, loop(builder, I64(0), m, 1, start, add_row), strict=True):
                v.store(total, place, mask)
            return none

        def along() -> None:
            """One column: its elements lie side by side."""

            def add(masked: bool, i: Any, totals: list[Any]) -> list[Any]:
                mask = v.mask(builder.sub(m, i)) if masked else None
                return [builder.fadd(totals[0], v.load(v.at(a, i), mask))]

            whole = builder.and_(m, I64(-v.lanes))
            total = loop(builder, I64(0), whole, v.lanes, [v.zero], partial(add, False))
            total = v.total(loop(builder, whole, m, v.lanes, total, partial(add, True))[0])
            start = builder.select(accumulate, builder.load(out), v.element(0.0))
            builder.store(builder.fadd(start, total), out)

        def across() -> None:
            first = I64(0)
            for count in (8, 4, 2):  # as many chains as hide the latency of an addition
                last = builder.and_(n, I64(-count * v.lanes))
                loop(builder, first, last, count * v.lanes, [], partial(sums, count, None))
                first = last
            loop(builder, first, n, v.lanes, [], lambda j, none: sums(1, v.mask(builder.sub(n, j)), j, none))

        with builder.if_else(builder.icmp_signed("==", n, I64(1))) as (one, several):
            with one:
                along()
            with several:
                across()
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, a, out, types.boolean), codegen
