"""Products, transposes and column sums against NumPy, for random shapes, strides and places in memory."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from optlab import abi, jit
from optlab.kernel import linalg
from optlab.kernel.load import load
from tests.kernel.support import Array

SHAPES = [
    (1, 1, 1), (1, 16, 1), (16, 1, 16), (16, 16, 1), (1, 1, 7), (5, 1, 9), (4, 8, 3), (3, 5, 7), (4, 7, 2), (7, 13, 11), (8, 16, 8),
    (6, 9, 5), (13, 17, 19), (32, 32, 32), (30, 32, 32), (31, 33, 29), (1, 97, 5), (2, 31, 64), (64, 10, 50), (97, 3, 2), (300, 10, 4),
    (70, 71, 73), (128, 128, 200), (257, 129, 131), (1, 4096, 2), (4096, 1, 3),
]  # fmt: skip


def pointer(a: Array | None, dtype: str) -> Any:
    kind = ctypes.POINTER(ctypes.c_double if dtype == "float64" else ctypes.c_float)
    return ctypes.cast(0 if a is None else a.ctypes.data, kind)


def product(m: int, n: int, k: int, c: Array, start: Array | None, stride: int, a: Array, a_row: int, a_col: int, b: Array) -> None:
    dtype = str(c.dtype)
    load(dtype)
    with jit.compiling("product"):
        function = jit.callback(linalg.product_signature(abi.REALS[dtype]))(linalg.product_body)
    p = [pointer(x, dtype) for x in (c, start, a, b)]
    function.ctypes(m, n, k, p[0], p[1], stride, p[2], a_row, a_col, p[3])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_products(shape: tuple[int, int, int], dtype: str) -> None:
    m, n, k = shape
    rng = np.random.default_rng(m + n + k)
    A, B, bias, C = (rng.normal(size=size).astype(dtype) for size in ((m, k), (k, n), n, (m, n)))
    exact = A.astype(float) @ B.astype(float)
    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype] * (k + 3)
    # What lies around C must stay as it is: masked stores.
    frame = np.full(m * n + 32, 7, dtype)
    c = frame[16 : 16 + m * n].reshape(m, n)
    for stored, a_row, a_col in ((A, k, 1), (np.ascontiguousarray(A.T), 1, m)):
        for start, stride, expected in ((None, 0, exact), (bias, 0, exact + bias), (c, n, exact + C)):
            c[:] = C
            product(m, n, k, c, start, stride, stored, a_row, a_col, B)
            assert np.abs(c - expected).max() <= tolerance * np.abs(expected).max() + tolerance
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


def _product_with_transpose(c: Any, a: Any, b: Any, scratch: Any, shape: Any) -> Any:
    linalg.product_with_transpose(shape[0], shape[1], shape[2], c, a, b, scratch)
    return 0


def _column_sums(a: Any, out: Any, shape: Any, accumulate: Any) -> Any:
    linalg.column_sums(shape[0], shape[1], a, out, accumulate != 0)
    return 0


def compiled(function: Any, dtype: str, *kinds: str) -> Any:
    from numba import types

    load(dtype)
    named = {"p": types.CPointer(abi.REALS[dtype]), "shape": abi.INTEGERS, "int": types.int64}
    with jit.compiling(function.__name__):
        return jit.callback(types.int64(*[named[kind] for kind in kinds]))(function).ctypes


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_product_with_transpose_and_column_sums(shape: tuple[int, int, int], dtype: str) -> None:
    m, n, k = shape
    rng = np.random.default_rng(m + n + k)
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(n, k)).astype(dtype)
    C, scratch = np.full((m, n), np.nan, dtype), np.full(n * k, np.nan, dtype)
    sizes = (ctypes.c_int64 * 3)(m, n, k)
    pointers = [pointer(x, dtype) for x in (C, A, B, scratch)]
    compiled(_product_with_transpose, dtype, "p", "p", "p", "p", "shape")(*pointers, sizes)
    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype] * (m + k + 3)
    exact = A.astype(float) @ B.T.astype(float)
    assert np.abs(C - exact).max() <= tolerance * np.abs(exact).max()
    sums = np.full(k, 2, dtype)
    function = compiled(_column_sums, dtype, "p", "p", "shape", "int")
    for accumulate in (0, 1):
        function(pointer(A, dtype), pointer(sums, dtype), (ctypes.c_int64 * 2)(m, k), accumulate)
        assert np.abs(sums - (1 + accumulate) * A.sum(axis=0, dtype=float)).max() <= tolerance * np.abs(A).max()
