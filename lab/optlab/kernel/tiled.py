"""A product cut into register tiles: which tile goes where."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from optlab.abi import address_of, advance
from optlab.jit import merged
from optlab.kernel.lines import row_2, row_4, row_8, row_edge
from optlab.kernel.symbols import linked
from optlab.kernel.tiles import COLUMNS, ROWS, strip_1, strip_4, strip_6
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


def tiled_body(
    m: Any, n: Any, k: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, order: Any,
    a_stride: Any, b: Any, b_stride: Any, b_panel: Any, tail: Any, ahead: Any, ahead_stride: Any,
) -> Any:  # fmt: skip
    """C (m x n) = (scale * start + A (m x k) @ B (k x n)) * factor by register tiles.

    Args:
        c_stride: row stride of C, and of `factor`, which is null or lies as C does.
        start: null for zeros, or rows of start_stride; 0 repeats one row (a bias).
        order: of A: ROWS or COLUMNS with this stride, or packed PANELS (`pack_left`).
        b_stride, b_panel: from a row of B to the next; from a panel of two vectors to the next.
        tail: the last panel of B where it is narrower, packed (`pack_right`).
        ahead, ahead_stride: lines of memory to fetch meanwhile, one for each row of packed panels.
    """
    wide = 2 * lanes_of(c)
    sixes, fours, ones = heights(m)
    per_row = a_stride if order == ROWS else (1 if order == COLUMNS else k)
    # Columns outside, rows inside: the panel of B stays in the L1 cache.
    for j in range(0, n, wide):
        columns = min(wide, n - j)
        right, below = advance(b, j // wide * b_panel), b_stride
        if columns < wide:
            right, below = tail, wide
        i = 0
        if sixes > 0:
            strip_6(
                order, sixes, advance(c, j), c_stride, shifted(start, j), start_stride, scale, shifted(factor, j), a, 6 * per_row, a_stride,
                right, below, k, columns, ahead, ahead_stride,
            )  # fmt: skip
            i = 6 * sixes
        if fours > 0:
            out, begin, left = i * c_stride + j, i * start_stride + j, i * per_row
            strip_4(
                order, fours, advance(c, out), c_stride, shifted(start, begin), start_stride, scale, shifted(factor, out),
                advance(a, left), 4 * per_row, a_stride, right, below, k, columns, advance(ahead, i * ahead_stride), ahead_stride,
            )  # fmt: skip
            i += 4 * fours
        if ones > 0:
            out, begin, left = i * c_stride + j, i * start_stride + j, i * per_row
            strip_1(
                order, ones, advance(c, out), c_stride, shifted(start, begin), start_stride, scale, shifted(factor, out),
                advance(a, left), per_row, a_stride, right, below, k, columns, advance(ahead, i * ahead_stride), ahead_stride,
            )  # fmt: skip
    return 0


def tiled_signature(real: Any) -> Any:
    p, i = types.CPointer(real), types.int64
    return i(i, i, i, p, i, p, i, real, p, p, i, i, p, i, i, p, p, i)


@intrinsic
def tiled(
    typingctx: Any, m: Any, n: Any, k: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any,
    order: Any, a_stride: Any, b: Any, b_stride: Any, b_panel: Any, tail: Any, ahead: Any, ahead_stride: Any,
) -> Any:  # fmt: skip
    """`tiled_body`, published by `load`: one machine-code copy of all tiles."""
    return linked(f"tiled_{c.dtype}", tiled_signature(c.dtype))


def one_row_body(n: Any, k: Any, c: Any, start: Any, scale: Any, factor: Any, a: Any, a_stride: Any, b: Any, b_stride: Any) -> Any:
    """c (n) = (scale * start + a (k) @ B (k x n)) * factor, rows of B contiguous.

    Eight vectors of sums: fused products in a chain wait 4 cycles for one another, so the two chains of a row of tiles leave three
    quarters of the time unused (column sums of 64 x 64: 2.8 times as long).
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
        elif rest >= 2 * lanes:
            row_2(rest, out, begin, scale, multiplied, a, a_stride, right, b_stride, k)
            j += 2 * lanes
        else:
            row_edge(rest, out, begin, scale, multiplied, a, a_stride, right, b_stride, k)
            j += 2 * lanes
    return 0


def one_row_signature(real: Any) -> Any:
    p, i = types.CPointer(real), types.int64
    return i(i, i, p, p, real, p, p, i, p, i)


@intrinsic
def one_row(
    typingctx: Any, n: Any, k: Any, c: Any, start: Any, scale: Any, factor: Any, a: Any, a_stride: Any, b: Any, b_stride: Any
) -> Any:
    """`one_row_body`, published by `load`."""
    return linked(f"one_row_{c.dtype}", one_row_signature(c.dtype))
