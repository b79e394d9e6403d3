"""Copies into panels: what the tiles read many times lies in one stream of memory, whatever its stride was.

Whole vectors are written and run over the end of a line: the next line overwrites them, and behind the last one there must be
room (`layout.PANEL_SLACK` elements). Masked loads are slow on Zen3 (see `tiles`), so they serve the edges alone.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from optlab.kernel.vectors import I64, Vectors, loop


def _signature(out: Any) -> Any:
    integer = types.int64
    return types.void(out, integer, out, integer, integer, integer)


def _elements(v: Vectors, narrow: bool) -> int:
    return 8 if narrow else 2 * v.lanes


def _copy(narrow: bool) -> Any:
    """Intrinsic: out[p * out_stride + i] = source[p * stride + i] for `columns` <= 8 if narrow, else <= two vectors of columns.

    (out, out_stride, source, stride, lines, columns). So many elements are written per line, zeros behind the columns.
    """

    def typed(typingctx: Any, out: Any, out_stride: Any, source: Any, stride: Any, lines: Any, columns: Any) -> Any:
        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            out, out_stride, source, stride, lines, columns = args
            v = Vectors(context, builder, whole.args[0].dtype)
            offsets = range(0, _elements(v, narrow), v.lanes)

            def copy(masks: list[Any]) -> None:
                def several(count: int) -> Any:
                    def body(p: Any, values: list[Any]) -> list[Any]:
                        turns = [builder.add(p, I64(turn)) for turn in range(count)]
                        found = [
                            v.load(v.at(source, builder.add(builder.mul(turn, stride), I64(offset))), mask)
                            for turn in turns
                            for offset, mask in zip(offsets, masks, strict=True)
                        ]
                        for turn in turns:
                            for offset in offsets:
                                v.store(found.pop(0), v.at(out, builder.add(builder.mul(turn, out_stride), I64(offset))))
                        return []

                    return body

                whole = builder.and_(lines, I64(-4))
                loop(builder, I64(0), whole, 4, [], several(4))
                loop(builder, whole, lines, 1, [], several(1))

            with builder.if_else(builder.icmp_signed(">=", columns, I64(_elements(v, narrow)))) as (full, edge):
                with full:
                    copy([None for _ in offsets])
                with edge:
                    copy([v.mask(columns, offset) for offset in offsets])
            return context.get_dummy_value()

        return _signature(out), codegen

    return intrinsic(typed)


def _transpose(narrow: bool) -> Any:
    """Intrinsic: out[p * out_stride + i] = source[i * stride + p] for `lines` <= 8 if narrow, else <= two vectors of lines.

    (out, out_stride, source, stride, lines, columns). So many elements are written per p, zeros behind the lines. Squares are
    turned in registers.
    """

    def typed(typingctx: Any, out: Any, out_stride: Any, source: Any, stride: Any, lines: Any, columns: Any) -> Any:
        def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
            out, out_stride, source, stride, lines, columns = args
            v = Vectors(context, builder, whole.args[0].dtype)
            count = _elements(v, narrow)

            def turn(edge: bool) -> Any:
                def body(p: Any, values: list[Any]) -> list[Any]:
                    rest, none = v.mask(builder.sub(columns, p)), v.mask(I64(0))
                    rows = []
                    for i in range(count):
                        mask = builder.select(builder.icmp_signed("<", I64(i), lines), rest, none) if edge else None
                        rows.append(v.load(v.at(source, builder.add(builder.mul(I64(i), stride), p)), mask))
                    turned = [v.transposed(rows[i : i + v.lanes]) for i in range(0, count, v.lanes)]
                    for lane in range(v.lanes):
                        target = v.at(out, builder.mul(builder.add(p, I64(lane)), out_stride))
                        for square, columns_of in enumerate(turned):
                            v.store(columns_of[lane], v.at(target, square * v.lanes))
                    return []

                return body

            complete = builder.icmp_signed(">=", lines, I64(count))
            inner = builder.select(complete, builder.and_(columns, I64(-v.lanes)), I64(0))
            loop(builder, I64(0), inner, v.lanes, [], turn(edge=False))
            loop(builder, inner, columns, v.lanes, [], turn(edge=True))
            return context.get_dummy_value()

        return _signature(out), codegen

    return intrinsic(typed)


copy_8, copy_lines = _copy(narrow=True), _copy(narrow=False)
transpose_8, transpose_lines = _transpose(narrow=True), _transpose(narrow=False)


@intrinsic
def copy_row(typingctx: Any, out: Any, source: Any, count: Any) -> Any:
    """out[:count] = source[:count], whole vectors written."""
    signature = types.void(out, out, types.int64)

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        out, source, count = args
        v = Vectors(context, builder, whole.args[0].dtype)

        def body(i: Any, values: list[Any]) -> list[Any]:
            v.store(v.load(v.at(source, i)), v.at(out, i))
            return []

        inner = builder.and_(count, I64(-v.lanes))
        loop(builder, I64(0), inner, v.lanes, [], body)
        with builder.if_then(builder.icmp_signed("<", inner, count)):
            v.store(v.load(v.at(source, inner), v.mask(builder.sub(count, inner))), v.at(out, inner))
        return context.get_dummy_value()

    return signature, codegen
