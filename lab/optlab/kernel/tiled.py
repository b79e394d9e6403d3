"""A product cut into register tiles: which tile goes where."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from optlab.abi import address_of, advance
from optlab.jit import internal
from optlab.kernel.symbols import linked
from optlab.kernel.tiles import (
    edge_4_by_columns,
    edge_4_by_rows,
    edge_6_by_columns,
    edge_6_by_rows,
    edge_row,
    row_2,
    tile_4_by_columns,
    tile_4_by_rows,
    tile_6_by_columns,
    tile_6_by_rows,
)
from optlab.kernel.vectors import lanes_of

# A in panels: `tiled` then finds each tile's part of A by itself.
PANELS = -1


@internal
def height(left: Any) -> Any:
    """Rows of the next tile when `left` are left: 6, but 4 + 4 instead of 6 + 1 + 1, then 4 and 1."""
    if left >= 6 and left != 8 and left != 9:
        return 6
    return 4 if left >= 4 else 1


def tiled_body(
    m: Any, n: Any, k: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_stride: Any,
    by_rows: Any, b: Any, b_stride: Any, b_panel: Any, tail: Any,
) -> Any:  # fmt: skip
    """C (m x n) = (scale * start + A (m x k) @ B (k x n)) * factor by register tiles.

    Args:
        c_stride: row stride of C, and of `factor`, which is null or lies as C does.
        start: null for zeros, or rows of start_stride; 0 repeats one row (a bias).
        a_stride: row stride of A if `by_rows`; else A's columns are contiguous and this is their stride, or PANELS: A is packed.
        b_stride, b_panel: from a row of B to the next; from a panel of two vectors to the next.
        tail: the last panel of B where it is narrower, packed (`pack_right`).
    """
    wide = 2 * lanes_of(c)
    # Columns outside, rows inside: the panel of B stays in the L1 cache.
    for j in range(0, n, wide):
        columns = min(wide, n - j)
        if columns == wide:
            right, below = advance(b, j // wide * b_panel), b_stride
        else:
            right, below = tail, wide
        i = 0
        while i < m:
            rows = height(m - i)
            out, begin, multiplied = advance(c, i * c_stride + j), start, factor
            if address_of(start) != 0:
                begin = advance(start, i * start_stride + j)
            if address_of(factor) != 0:
                multiplied = advance(factor, i * c_stride + j)
            if by_rows:
                left, stride = advance(a, i * a_stride), a_stride
            elif a_stride == PANELS:
                left, stride = advance(a, i * k), rows
            else:
                left, stride = advance(a, i), a_stride
            if rows == 6:
                if columns == wide:
                    if by_rows:
                        tile_6_by_rows(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                    else:
                        tile_6_by_columns(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                elif by_rows:
                    edge_6_by_rows(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                else:
                    edge_6_by_columns(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
            elif rows == 4:
                if columns == wide:
                    if by_rows:
                        tile_4_by_rows(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                    else:
                        tile_4_by_columns(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                elif by_rows:
                    edge_4_by_rows(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                else:
                    edge_4_by_columns(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
            else:
                if by_rows:
                    stride = 1
                if columns == wide:
                    row_2(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
                else:
                    edge_row(out, c_stride, begin, start_stride, scale, multiplied, left, stride, right, below, k, columns)
            i += rows
    return 0


def tiled_signature(real: Any) -> Any:
    p, i = types.CPointer(real), types.int64
    return i(i, i, i, p, i, p, i, real, p, p, i, types.boolean, p, i, i, p)


@intrinsic
def tiled(
    typingctx: Any, m: Any, n: Any, k: Any, c: Any, c_stride: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any,
    a_stride: Any, by_rows: Any, b: Any, b_stride: Any, b_panel: Any, tail: Any,
) -> Any:  # fmt: skip
    """`tiled_body`, published by `load`: one machine-code copy of all tiles."""
    return linked("tiled", tiled_signature, c.dtype)
