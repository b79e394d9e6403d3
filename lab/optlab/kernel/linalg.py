"""Dense linear algebra of a step: C = start + A @ B, transpose, column sums. Pointers in, nothing allocated.

Strides count elements. Results do not depend on memory offsets or threads (BLAS must be pinned to one thread by the caller).
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from optlab.abi import address_of, advance, real_at
from optlab.jit import internal
from optlab.kernel.blas import gemm
from optlab.kernel.symbols import linked
from optlab.kernel.tiles import dot_1, dot_4, lanes_of, tile_1x2_masked, tile_1x4, tile_4x1_masked, tile_4x2, tile_4x2_masked

# Products of more multiply-adds than this go to BLAS: the tiles read B unpacked and lose to it once A and B leave the L1 cache.
# Measured on Zen3 (FACTS): just above 64^3 in float64, about 128 x 128 x 256 in float32.
BLAS_FROM_FLOAT64 = 64 * 64 * 80
BLAS_FROM_FLOAT32 = 128 * 128 * 192


@internal
def is_large(m: Any, n: Any, k: Any, like: Any) -> Any:
    """Whether the product goes to BLAS."""
    if lanes_of(like) == 4:
        return m * n * k > BLAS_FROM_FLOAT64
    return m * n * k > BLAS_FROM_FLOAT32


@internal
def tiled(m: Any, n: Any, k: Any, c: Any, start: Any, start_stride: Any, a: Any, a_row: Any, a_col: Any, b: Any, b_stride: Any) -> None:
    """C (m x n, row stride n) = start + A (m x k, any strides) @ B (k x n, row stride b_stride) by register tiles."""
    # Columns outside, rows inside: the panel of B stays in the L1 cache.
    lanes = lanes_of(c)
    wide = 2 * lanes
    begin = real_at(0, c)
    has_start = address_of(start) != 0
    whole_rows = m - m % 4
    for j in range(0, n, wide):
        columns = min(wide, n - j)
        right = advance(b, j)
        for i in range(0, whole_rows, 4):
            out = advance(c, i * n + j)
            if has_start:
                begin = advance(start, i * start_stride + j)
            left = advance(a, i * a_row)
            if columns == wide:
                tile_4x2(out, n, begin, start_stride, left, a_row, a_col, right, b_stride, k, columns)
            elif columns > lanes:
                tile_4x2_masked(out, n, begin, start_stride, left, a_row, a_col, right, b_stride, k, columns)
            else:
                tile_4x1_masked(out, n, begin, start_stride, left, a_row, a_col, right, b_stride, k, columns)
    for i in range(whole_rows, m):
        left = advance(a, i * a_row)
        j = 0
        while j < n:
            out = advance(c, i * n + j)
            if has_start:
                begin = advance(start, i * start_stride + j)
            if n - j >= 4 * lanes:
                tile_1x4(out, n, begin, start_stride, left, a_row, a_col, advance(b, j), b_stride, k, n - j)
                j += 4 * lanes
            else:
                tile_1x2_masked(out, n, begin, start_stride, left, a_row, a_col, advance(b, j), b_stride, k, min(wide, n - j))
                j += wide


@internal
def dots(m: Any, k: Any, c: Any, start: Any, start_stride: Any, a: Any, a_row: Any, b: Any) -> None:
    """c (m) = start + A (m x k, rows contiguous) @ b (k)."""
    if address_of(start) == 0:
        for i in range(m):
            c[i] = 0
    else:
        for i in range(m):
            c[i] = start[i * start_stride]
    whole = m - m % 4
    for i in range(0, whole, 4):
        dot_4(advance(c, i), advance(a, i * a_row), a_row, b, k)
    for i in range(whole, m):
        dot_1(advance(c, i), advance(a, i * a_row), a_row, b, k)


def product_body(m: Any, n: Any, k: Any, c: Any, start: Any, start_stride: Any, a: Any, a_row: Any, a_col: Any, b: Any) -> Any:
    """C (m x n) = start + A (m x k) @ B (k x n), C and B row-major; A has rows or columns contiguous.

    Args:
        start: null for zeros; a row of n with start_stride 0 (a bias); or C itself with start_stride n (accumulate).
        a_row, a_col: strides of A, one of them 1: (k, 1) as stored, (1, m) for the transpose of what is stored.
    """
    if is_large(m, n, k, c):
        if address_of(start) != 0 and start_stride == 0:
            for i in range(m):
                line = advance(c, i * n)
                for j in range(n):
                    line[j] = start[j]
        gemm(m, n, k, a, a_col != 1, b, False, c, 0.0 if address_of(start) == 0 else 1.0)
    elif n == 1 and a_col == 1:
        dots(m, k, c, start, start_stride, a, a_row, b)
    elif n == 1 and a_row == 1 and (address_of(start) == 0 or start_stride == 1):
        # One column: the transposed product is one row with m columns, which fills the vectors.
        tiled(1, m, k, c, start, 0, b, 0, 1, a, a_col)
    else:
        tiled(m, n, k, c, start, start_stride, a, a_row, a_col, b, n)
    return 0


def product_signature(real: Any) -> Any:
    p, i = types.CPointer(real), types.int64
    return i(i, i, i, p, p, i, p, i, i, p)


@intrinsic
def product(typingctx: Any, m: Any, n: Any, k: Any, c: Any, start: Any, start_stride: Any, a: Any, a_row: Any, a_col: Any, b: Any) -> Any:
    """`product_body`, published by `load`."""
    return linked("product", product_signature, c.dtype)


@internal
def transpose(m: Any, n: Any, a: Any, out: Any) -> None:
    """out (n x m) = transpose of A (m x n)."""
    for j in range(n):
        line = advance(out, j * m)
        source = advance(a, j)
        for i in range(m):
            line[i] = source[i * n]


@internal
def product_with_transpose(m: Any, n: Any, k: Any, c: Any, a: Any, b: Any, scratch: Any) -> None:
    """C (m x n) = A (m x k) @ transpose of B (n x k). scratch: n x k."""
    if is_large(m, n, k, c):
        gemm(m, n, k, a, False, b, True, c, 0.0)
    else:
        # Transposed once per step, read m / 4 times by the tiles.
        right = b
        if k > 1 and n > 1:
            transpose(n, k, b, scratch)
            right = scratch
        product(m, n, k, c, real_at(0, c), 0, a, k, 1, right)


@internal
def column_sums(m: Any, n: Any, a: Any, out: Any, accumulate: Any) -> None:
    """out (n) = sum of the rows of A (m x n), first to last; `accumulate` adds to what is there."""
    if not accumulate:
        for j in range(n):
            out[j] = 0
    for i in range(m):
        line = advance(a, i * n)
        for j in range(n):
            out[j] += line[j]
