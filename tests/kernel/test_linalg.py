"""Products, column sums and gathered rows against NumPy, for random shapes, strides and places in memory."""

from __future__ import annotations

import ctypes
import functools
import itertools
from typing import Any

import numpy as np
import pytest

from optlab import abi, jit
from optlab.kernel import layout, linalg, network, vectors
from optlab.kernel.load import load
from tests.kernel.support import Array

SHAPES = [
    (1, 1, 1), (1, 16, 1), (16, 1, 16), (16, 16, 1), (1, 1, 7), (5, 1, 9), (4, 8, 3), (3, 5, 7), (4, 7, 2), (7, 13, 11), (8, 16, 8),
    (6, 9, 5), (13, 17, 19), (32, 32, 32), (30, 32, 32), (31, 33, 29), (1, 97, 5), (2, 31, 64), (64, 10, 50), (97, 3, 2), (300, 10, 4),
    (8, 3, 4), (9, 5, 6), (70, 71, 73), (128, 128, 200), (257, 129, 131), (1, 4096, 2), (4096, 1, 3), (7, 3, 700), (300, 130, 700),
    (5, 4096, 330), (128, 10, 1700), (140, 300, 70), (1030, 10, 256), (3, 40, 1500), (700, 50, 300), (256, 1100, 10), (1, 100, 800),
]  # fmt: skip


def pointer(a: Array | None, dtype: str) -> Any:
    kind = ctypes.POINTER(ctypes.c_double if dtype == "float64" else ctypes.c_float)
    return ctypes.cast(0 if a is None else a.ctypes.data, kind)


@functools.cache
def compiled_product(dtype: str) -> Any:
    load(dtype)
    with jit.compiling("product"):
        return jit.callback(linalg.product_signature(abi.REALS[dtype]))(linalg.product_body).ctypes


def product(
    m: int, n: int, k: int, c: Array, start: Array | None, stride: int, a: Array, a_row: int, a_col: int, b: Array, b_row: int = 0,
    b_col: int = 1, factor: Array | None = None, scale: float = 1.0,
) -> None:  # fmt: skip
    """`linalg.product_body`, with guards around the scratch that `layout` promises is enough."""
    dtype = str(c.dtype)
    size = layout.product_scratch(m, n, k)
    scratch = np.full(size + 16, 7, dtype)
    p = [pointer(x, dtype) for x in (c, start, factor, a, b, scratch)]
    compiled_product(dtype)(m, n, k, p[0], p[1], stride, scale, p[2], p[3], a_row, a_col, p[4], b_row or n, b_col, p[5])
    assert (scratch[size:] == 7).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_products(shape: tuple[int, int, int], dtype: str) -> None:
    m, n, k = shape
    rng = np.random.default_rng(m + n + k)
    A, B, bias, C, D, F = (rng.normal(size=size).astype(dtype) for size in ((m, k), (k, n), n, (m, n), (m, n), (m, n)))
    exact = A.astype(float) @ B.astype(float)
    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype] * (k + 3)
    # What lies around C must stay as it is: masked stores.
    frame = np.full(m * n + 32, 7, dtype)
    c = frame[16 : 16 + m * n].reshape(m, n)
    left = [(A, k, 1), (np.ascontiguousarray(A.T), 1, m)]
    right = [(B, n, 1), (np.ascontiguousarray(B.T), 1, k)]
    starts = [(None, 0, 1.0, exact), (bias, 0, 1.0, exact + bias), (c, n, 1.0, exact + C), (D, n, 0.25, exact + 0.25 * D)]
    for (stored, a_row, a_col), (other, b_row, b_col), (start, stride, scale, expected) in itertools.product(left, right, starts):
        for factor in (None, F):
            wanted = expected if factor is None else expected * F
            c[:] = C
            product(m, n, k, c, start, stride, stored, a_row, a_col, other, b_row, b_col, factor, scale)
            assert np.abs(c - wanted).max() <= tolerance * np.abs(wanted).max() + tolerance
            assert (frame[:16] == 7).all()
            assert (frame[16 + m * n :] == 7).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(13, 17, 19), (33, 1, 31), (1, 40, 9), (6, 20, 64)])
def test_same_bits_wherever_the_operands_lie(shape: tuple[int, int, int], dtype: str) -> None:
    m, n, k = shape
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    results = set()
    for shift in range(9):
        a, b, c = (np.empty(size + 9, dtype)[shift : shift + size] for size in (m * k, k * n, m * n))
        a[:], b[:] = A.ravel(), B.ravel()
        product(m, n, k, c, None, 0, a, k, 1, b)
        results.add(c.tobytes())
    assert len(results) == 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_same_bits_from_packed_panels(dtype: str) -> None:
    # An element is one chain of products in the order of k, whether its operands were packed or not, whatever tile it fell into.
    m, n, k = 150, 130, 700
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    large, small = np.empty((m, n), dtype), np.empty((1, n), dtype)
    assert m * n * k >= linalg.PACKED_FROM_FLOAT32 > linalg.PACKED_FROM_FLOAT64 > n * k
    product(m, n, k, large, None, 0, A, k, 1, B)
    for i in (0, 5, 6, 149):
        product(1, n, k, small, None, 0, np.ascontiguousarray(A[i]), k, 1, B)
        assert small.tobytes() == large[i].tobytes()


def _column_sums(a: Any, out: Any, shape: Any, accumulate: Any) -> Any:
    vectors.column_sums(shape[0], shape[1], a, out, accumulate != 0)
    return 0


def _all_finite(values: Any, count: Any) -> Any:
    return 1 if vectors.all_finite(values, count) else 0


def _gather(source: Any, width: Any, rows: Any, m: Any, out: Any) -> Any:
    network.gather(source, width, rows, m, out)
    return 0


def compiled(function: Any, dtype: str, *kinds: str) -> Any:
    from numba import types

    load(dtype)
    named = {"p": types.CPointer(abi.REALS[dtype]), "shape": abi.INTEGERS, "int": types.int64}
    with jit.compiling(function.__name__):
        return jit.callback(types.int64(*[named[kind] for kind in kinds]))(function).ctypes


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_column_sums(shape: tuple[int, int, int], dtype: str) -> None:
    m, n, _ = shape
    A = np.random.default_rng(m + n).normal(size=(m, n)).astype(dtype)
    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype] * (m + 3)
    sums = np.full(n + 1, 2, dtype)
    function = compiled(_column_sums, dtype, "p", "p", "shape", "int")
    for accumulate in (0, 1):
        function(pointer(A, dtype), pointer(sums, dtype), (ctypes.c_int64 * 2)(m, n), accumulate)
        assert np.abs(sums[:n] - (1 + accumulate) * A.sum(axis=0, dtype=float)).max() <= tolerance * np.abs(A).max()
        assert sums[n] == 2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_finite_sees_every_place(dtype: str) -> None:
    function = compiled(_all_finite, dtype, "p", "int")
    for n in range(70):
        values = np.full(n + 1, 1e30, dtype)
        values[n] = np.nan  # outside
        assert function(pointer(values, dtype), n) == 1
        for place in range(n):
            for bad in (np.inf, -np.inf, np.nan):
                values[place] = bad
                assert function(pointer(values, dtype), n) == 0
            values[place] = -1.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 16, 30, 64])
def test_gather_takes_the_named_rows(width: int, dtype: str) -> None:
    source = np.random.default_rng(width).normal(size=(11, width)).astype(dtype)
    rows, out = np.array([10, 0, 3, 3, 10, 7]), np.full(6 * width + 8, np.nan, dtype)
    integers = ctypes.cast(rows.ctypes.data, ctypes.POINTER(ctypes.c_int64))
    compiled(_gather, dtype, "p", "int", "shape", "int", "p")(pointer(source, dtype), width, integers, 6, pointer(out, dtype))
    assert np.array_equal(out[: 6 * width].reshape(6, width), source[rows])
