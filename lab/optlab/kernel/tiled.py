"""A product cut into register tiles: which tile goes where."""

from __future__ import annotations

from typing import Any

from optlab.abi import address_of, advance
from optlab.jit import merged
from optlab.kernel.tiles import (
    COLUMNS,
    PANELS,
    ROWS,
    row_4,
    row_8,
    row_edge,
    strip_1,
    strip_4_columns,
    strip_4_panels,
    strip_4_rows,
    strip_6_columns,
    strip_6_panels,
    strip_6_rows,
)
from optlab.kernel.vectors import lanes_of


@merged
def heights(m: Any) -> Any:
    """m rows as tiles of 6, 4 and 1: of the ones at most one is left from 4 rows on, for 4 + 4 is better than 6 + 1 + 1."""
    sixes = m // 6
    rest = m - 6 * sixes
    if sixes > 0 and (rest == 2 or rest == 3):
        sixes, rest = sixes - 1, rest + 6
    return sixes, rest // 4, rest % 4


@merged
def shifted(pointer: Any, offset: Any) -> Any:
    """The pointer `offset` elements on; null stays null."""
    return pointer if address_of(pointer) == 0 else advance(pointer, offset)


@merged
def tiled(
    m: Any, n: Any, k: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, order: Any,
    a_stride: Any, b: Any, b_stride: Any, tail: Any,
) -> None:  # fmt: skip
    """C (m x n) = (scale * start + A (m x k) @ B (k x n)) * factor by register tiles.

    Args:
        c_stride: row stride of C, and of `factor`, which is null or lies as C does.
        start: null for zeros, or rows of start_stride; 0 repeats one row (a bias).
        order: of A: ROWS or COLUMNS with this stride, or packed PANELS (`pack_left`).
        tail: the last columns of B, fewer than two vectors, packed (`pack_right`).
    """
    wide = 2 * lanes_of(c)
    sixes, fours, ones = heights(m)
    per_row = a_stride if order == ROWS else (1 if order == COLUMNS else k)
    # Columns outside, rows inside: the panel of B stays in the L1 cache.
    for j in range(0, n, wide):
        columns = min(wide, n - j)
        right, below = advance(b, j), b_stride
        if columns < wide:
            right, below = tail, wide
        out, left = advance(c, j), a
        begin, multiplied = shifted(start, j), shifted(factor, j)
        if sixes > 0:
            step = 6 * per_row
            if order == ROWS:
                strip_6_rows(sixes, out, c_stride, begin, start_stride, scale, multiplied, left, step, a_stride, right, below, k, columns)
            elif order == COLUMNS:
                strip_6_columns(sixes, out, c_stride, begin, start_stride, scale, multiplied, left, step, a_stride, right, below, k, columns)
            else:
                strip_6_panels(sixes, out, c_stride, begin, start_stride, scale, multiplied, left, step, a_stride, right, below, k, columns)
            down = 6 * sixes
            out, left = advance(out, down * c_stride), advance(left, sixes * step)
            begin, multiplied = shifted(begin, down * start_stride), shifted(multiplied, down * c_stride)
        if fours > 0:
            step = 4 * per_row
            if order == ROWS:
                strip_4_rows(fours, out, c_stride, begin, start_stride, scale, multiplied, left, step, a_stride, right, below, k, columns)
            elif order == COLUMNS:
                strip_4_columns(fours, out, c_stride, begin, start_stride, scale, multiplied, left, step, a_stride, right, below, k, columns)
            else:
                strip_4_panels(fours, out, c_stride, begin, start_stride, scale, multiplied, left, step, a_stride, right, below, k, columns)
            down = 4 * fours
            out, left = advance(out, down * c_stride), advance(left, fours * step)
            begin, multiplied = shifted(begin, down * start_stride), shifted(multiplied, down * c_stride)
        if ones > 0:
            stride = a_stride if order == COLUMNS else 1
            strip_1(ones, out, c_stride, begin, start_stride, scale, multiplied, left, per_row, stride, right, below, k, columns)


@merged
def one_row(n: Any, k: Any, c: Any, start: Any, scale: Any, factor: Any, a: Any, a_stride: Any, b: Any, b_stride: Any) -> None:
    """c (n) = (scale * start + a (k) @ B (k x n)) * factor, rows of B contiguous.

    Eight vectors of sums: a chain of fused products waits 4 cycles for each of them, so the two of a tile's row would wait most of the time.
    """
    lanes = lanes_of(c)
    j = 0
    while j < n:
        rest = n - j
        out, begin, multiplied, right = advance(c, j), shifted(start, j), shifted(factor, j), advance(b, j)
        if rest >= 8 * lanes:
            row_8(rest, out, begin, scale, multiplied, a, a_stride, right, b_stride, k)
            j += 8 * lanes
        elif rest >= 4 * lanes:
            row_4(rest, out, begin, scale, multiplied, a, a_stride, right, b_stride, k)
            j += 4 * lanes
        else:
            row_edge(rest, out, begin, scale, multiplied, a, a_stride, right, b_stride, k)
            j += 4 * lanes
