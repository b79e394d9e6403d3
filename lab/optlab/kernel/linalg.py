"""Dense products on raw memory: register tiles read small operands as they lie, and large ones from packed panels.

Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008. No BLAS is called: results do
not depend on its version or its threads.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from optlab.abi import address_of, advance, real_at
from optlab.jit import internal
from optlab.kernel.layout import PANEL_BYTES_LEFT, PANEL_DEPTH, PANEL_SLACK
from optlab.kernel.lines import dot_1, dot_4, outer
from optlab.kernel.memory import as_real
from optlab.kernel.packing import copy_8, copy_lines, transpose_8, transpose_lines
from optlab.kernel.symbols import linked
from optlab.kernel.tiled import heights, one_row, shifted, tiled
from optlab.kernel.tiles import COLUMNS, PANELS, ROWS
from optlab.kernel.vectors import lanes_of

# A product of so many multiply-adds goes to packed panels: from there on the copies cost less than strided reading. Measured on
# Zen3: equal at 128^3 in float32 and 96^3 in float64; at 128 x 128 x 64 in float64 packing wins by 5 % (A as stored) to 20 %.
PACKED_FROM_FLOAT32 = 128 * 128 * 128
PACKED_FROM_FLOAT64 = 128 * 128 * 64

# ... unless k is below this: (256 x 10) @ (10 x 1024) takes 1.3 times as long packed, for there is too little to read again. Only k = 10
# was measured: where between 10 and 128 the two are equal is not known.
SHALLOW = 32

# A is not packed for so few panels of B: (1024 x 256) @ (256 x 10), which has one, takes 2.8 times as long packed, most of it in the
# packing. Two panels were not measured.
THIN = 2

ROWS_AT_ONCE = 8


@internal
def pack_left(m: Any, k: Any, a: Any, a_row: Any, a_col: Any, out: Any) -> None:
    """A (m x k, one of its strides 1) in panels as high as the tiles that will read them, each by columns."""
    sixes, fours, _ = heights(m)
    i = 0
    while i < m:
        rows = 6 if i < 6 * sixes else (4 if i < 6 * sixes + 4 * fours else 1)
        panel, source = advance(out, i * k), advance(a, i * a_row)
        if a_row == 1:
            copy_8(panel, rows, source, a_col, k, min(8, m - i))
        else:
            transpose_8(panel, rows, source, a_row, min(8, m - i), k)
        i += rows


@internal
def pack_right(n: Any, k: Any, b: Any, b_row: Any, b_col: Any, out: Any) -> None:
    """B (k x n, one of its strides 1) in panels of two vectors, each by rows, the last one filled with zeros."""
    wide = 2 * lanes_of(b)
    if b_col == 1:
        # A few rows at a time, along all panels: reading runs along the rows (panel by panel takes 1.4 times as long).
        together = ROWS_AT_ONCE if n > wide else k
        for p in range(0, k, together):
            rows = min(together, k - p)
            for j in range(0, n, wide):
                copy_lines(advance(out, j * k + p * wide), wide, advance(b, p * b_row + j), b_row, rows, min(wide, n - j))
    else:
        for j in range(0, n, wide):
            transpose_lines(advance(out, j * k), wide, advance(b, j * b_col), b_col, min(wide, n - j), k)


@internal
def in_panels(
    m: Any, n: Any, k: Any, c: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_row: Any, a_col: Any, b: Any,
    b_row: Any, b_col: Any, scratch: Any,
) -> None:  # fmt: skip
    """C (m x n) = (scale * start + A @ B) * factor by packed panels; each operand has one stride of 1.

    A panel of B that one block of A reads is packed just before that, and meanwhile the rows of the next one are fetched: a product
    of 256 x 1024 x 1024 takes 1.05 times as long if all of B is packed first. For several blocks, all of B is packed first.
    """
    wide, null = 2 * lanes_of(c), real_at(0, c)
    pack_a = n > THIN * wide
    parts = (k + PANEL_DEPTH - 1) // PANEL_DEPTH
    depth = (k + parts - 1) // parts
    parts = (m * depth + most_left(c) - 1) // most_left(c) if pack_a else 1
    tall = ((m + parts - 1) // parts + 5) // 6 * 6
    several = tall < m
    left = advance(scratch, (n + wide - 1) // wide * wide * depth + PANEL_SLACK)
    for p in range(0, k, depth):
        here = min(depth, k - p)
        last = factor if p + depth >= k else null
        if several:
            pack_right(n, here, advance(b, p * b_row), b_row, b_col, scratch)
        for i in range(0, m, tall):
            rows = min(tall, m - i)
            block, stride, order = advance(a, i * a_row + p * a_col), a_row, ROWS
            if pack_a:
                pack_left(rows, here, block, a_row, a_col, left)
                block, order = left, PANELS
            elif a_row == 1:
                stride, order = a_col, COLUMNS
            for j in range(0, n, wide):
                panel, ahead, ahead_stride = advance(scratch, j * here if several else 0), scratch, 0
                if not several:
                    source = advance(b, p * b_row + j * b_col)
                    pack_right(min(wide, n - j), here, source, b_row, b_col, panel)
                    if b_col == 1 and j + wide < n:
                        ahead, ahead_stride = advance(source, wide), b_row
                tiled(
                    rows, min(wide, n - j), here, advance(c, i * n + j), n, shifted(start, i * start_stride + j), start_stride, scale,
                    shifted(last, i * n + j), block, order, stride, panel, wide, 0, panel, ahead, ahead_stride,
                )  # fmt: skip
        start, start_stride, scale = c, n, as_real(1.0, c)


@internal
def most_left(like: Any) -> Any:
    """Elements of packed A at a time: they stay in the second-level cache while all panels of B pass."""
    return PANEL_BYTES_LEFT // 32 * lanes_of(like)


@internal
def dots(m: Any, k: Any, c: Any, start: Any, start_stride: Any, scale: Any, a: Any, a_row: Any, b: Any) -> None:
    """c (m) = scale * start + A (m x k, rows contiguous) @ b (k)."""
    whole = m - m % 4
    for i in range(0, whole, 4):
        dot_4(advance(c, i), shifted(start, i * start_stride), start_stride, scale, advance(a, i * a_row), a_row, b, k)
    for i in range(whole, m):
        dot_1(advance(c, i), shifted(start, i * start_stride), start_stride, scale, advance(a, i * a_row), a_row, b, k)


@internal
def multiply(a: Any, b: Any, n: Any) -> None:
    """a *= b, elementwise."""
    for i in range(n):
        a[i] *= b[i]


def product_body(
    m: Any, n: Any, k: Any, c: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_row: Any, a_col: Any, b: Any,
    b_row: Any, b_col: Any, scratch: Any,
) -> Any:  # fmt: skip
    """C (m x n) = (scale * start + A (m x k) @ B (k x n)) * factor, C row-major; A and B have rows or columns contiguous.

    Args:
        start: null for zeros; a row of n with start_stride 0 (a bias); or C itself (accumulate), or another matrix like C,
            with start_stride n.
        factor: null, or as C.
        a_row, a_col, b_row, b_col: strides, one of each operand 1: (k, 1) as stored, (1, m) for the transpose of what is stored.
        scratch: `layout.product_scratch` elements.
    """
    wide = 2 * lanes_of(c)
    if n == 1 and a_col == 1:
        dots(m, k, c, start, start_stride, scale, a, a_row, b)
        if address_of(factor) != 0:
            multiply(c, factor, m)
        return 0
    if n == 1 and (address_of(start) == 0 or start_stride == 1):
        # One column: the transposed product is one row with m columns, which fills the vectors.
        n, m, a, b, a_row, a_col, b_row, b_col = m, 1, b, a, 1, 1, a_col, 1
    elif k == 1:
        outer(m, n, c, start, start_stride, scale, factor, a, a_row, b)
        return 0
    if m == 1 and b_col == 1:
        one_row(n, k, c, start, scale, factor, a, a_col, b, b_row)
        return 0
    large = m >= 6 and k >= SHALLOW and m * n * k >= (PACKED_FROM_FLOAT64 if wide == 8 else PACKED_FROM_FLOAT32)
    if large or (b_col != 1 and k > PANEL_DEPTH):
        in_panels(m, n, k, c, start, start_stride, scale, factor, a, a_row, a_col, b, b_row, b_col, scratch)
        return 0
    order, stride = (ROWS, a_row) if a_col == 1 else (COLUMNS, a_col)
    right, below, beside, tail = b, b_row, wide, scratch
    if b_col != 1:
        pack_right(n, k, b, b_row, b_col, scratch)
        right, below, beside, tail = scratch, wide, wide * k, advance(scratch, n // wide * wide * k)
    elif n % wide != 0:
        copy_lines(scratch, wide, advance(b, n // wide * wide), b_row, k, n % wide)
    tiled(m, n, k, c, n, start, start_stride, scale, factor, a, order, stride, right, below, beside, tail, b, 0)
    return 0


def product_signature(real: Any) -> Any:
    p, i = types.CPointer(real), types.int64
    return i(i, i, i, p, p, i, real, p, p, i, i, p, i, i, p)


@intrinsic
def product(
    typingctx: Any, m: Any, n: Any, k: Any, c: Any, start: Any, start_stride: Any, scale: Any, factor: Any, a: Any, a_row: Any,
    a_col: Any, b: Any, b_row: Any, b_col: Any, scratch: Any,
) -> Any:  # fmt: skip
    """`product_body`, published by `load`."""
    return linked(f"product_{c.dtype}", product_signature(c.dtype))
