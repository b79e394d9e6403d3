"""What the kernel answers to requests for curvature, against the plain twins."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from optlab import abi, requests
from optlab.kernel import layout
from optlab.kernel.load import load
from tests import naive
from tests.kernel.support import Array, Network, layer_table
from tests.kernel.test_network import example, relative

CASES: list[tuple[list[int], list[str], str]] = [
    ([4, 1], ["identity"], "binary_cross_entropy"),
    ([3, 5, 2], ["tanh", "sigmoid"], "squared_error"),
    ([4, 6, 3, 3], ["sigmoid", "tanh", "identity"], "softmax_cross_entropy"),
    ([2, 3, 70], ["tanh", "identity"], "softmax_cross_entropy"),  # more outputs than lines of the Jacobian taken at once
]
L2 = 0.3


class Served:
    """One request served at w over `rows`; empty: the first m rows as they lie."""

    def __init__(
        self, what: str, case: tuple[list[int], list[str], str], w: Array, X: Array, Y: Array, dtype: str, *, rows: Any = (), link: int = 0,
        direction: Array | None = None, in_model: bool = False, step: int = 1, call: int = 0, key: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        sizes, activations, cost = case
        network, kernel, n = Network(sizes, activations, cost, X, Y, dtype), load(dtype), len(w)
        network.l2 = np.array([L2])
        network.context[abi.NET_L2] = network.l2.ctypes.data if in_model else 0
        network.context[abi.NET_LINK] = link
        plan, reals = np.zeros(layout.PLAN_COLUMNS, np.int64), np.zeros(layout.REAL_COLUMNS)
        plan[layout.PLAN_L2_MODE] = layout.L2_IN_MODEL if in_model else layout.L2_COUPLED
        plan[layout.PLAN_KEY0], plan[layout.PLAN_KEY1] = key
        reals[layout.REAL_L1], reals[layout.REAL_L2], reals[layout.REAL_TERMS] = 0.7, L2, 2.0
        model = np.zeros(layout.MODEL_COLUMNS, np.int64)
        model[layout.MODEL_GRADIENT], model[layout.MODEL_CONTEXT] = kernel.network_gradient.address, network.context.ctypes.data
        index = np.array(rows, np.int64)
        self.m = len(index) or len(X)
        self.w, self.g = np.array(w, dtype), np.arange(n).astype(dtype)
        asked = {requests.HESSIAN_VECTOR, requests.GAUSS_NEWTON, requests.SAMPLED_GRADIENT}
        size = layout.scratch_size(n, sizes[-1], asked)
        memory = np.full(size + 8, np.nan, dtype)
        memory[size:] = 7.0
        if direction is not None:
            memory[:n] = direction
        table, ask, result = layer_table(sizes), np.zeros(requests.ASK_SIZE), np.zeros(layout.RESULT_SIZE)
        ask[requests.ASK_CALL] = call
        real: Any = ctypes.c_double if dtype == "float64" else ctypes.c_float

        def at(array: Array, kind: Any) -> Any:
            return array.ctypes.data_as(ctypes.POINTER(kind)) if len(array) else None

        integer, double = ctypes.c_int64, ctypes.c_double
        self.code = getattr(kernel, what).ctypes(
            at(plan, integer), at(reals, double), at(model, integer), at(table, integer), len(table), at(self.w, real), at(self.g, real), n,
            at(index, integer), self.m, at(memory, real), step, at(ask, double), at(result, double),
        )  # fmt: skip
        assert np.array_equal(self.w, np.array(w, dtype)) and np.array_equal(self.g, np.arange(n))
        assert (memory[size:] == 7.0).all()
        self.answer, self.sampled = memory[n : 2 * n].copy(), memory[2 * n : 3 * n].copy()
        self.matrix = memory[5 * n : (5 + n) * n].reshape(n, n).copy()
        self.counted = result[layout.RESULT_EVALUATIONS], result[layout.RESULT_ROWS]


def jacobian(w: Array, X: Array, sizes: list[int], activations: list[str]) -> Array:
    """(rows, outputs, n), by central differences of the outputs in float64."""
    columns = []
    for e in np.eye(len(w)) * 1e-5:
        ahead, behind = (naive.outputs(w + side * e, X, sizes, activations) for side in (1, -1))
        columns.append((ahead - behind) / 2e-5)
    return np.stack(columns, axis=-1)


def output_hessian(y: Array, t: Array, cost: str) -> Array:
    if cost == "squared_error":
        return 2 * np.eye(len(y))
    if cost == "binary_cross_entropy":
        p = naive.sigmoid(y)
        return np.diag(p * (1 - p))
    p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
    return np.diag(p) - np.outer(p, p)


@pytest.mark.parametrize(("dtype", "tight"), [("float64", 1e-9), ("float32", 2e-3)])
@pytest.mark.parametrize("in_model", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_the_gauss_newton_matrix(case: Any, in_model: bool, dtype: str, tight: float) -> None:
    sizes, activations, cost = case
    w, X, Y = example(sizes, cost, rows=40)
    rows = np.random.default_rng(3).integers(40, size=33)
    served = Served("gauss_newton", case, w, X, Y, dtype, rows=rows, in_model=in_model)
    J, y = jacobian(w, X[rows], sizes, activations), naive.outputs(w, X[rows], sizes, activations)
    expected = sum(j.T @ output_hessian(a, t, cost) @ j for j, a, t in zip(J, y, Y[rows], strict=True)) / (2 * 33)
    expected = expected + L2 * np.diag(naive.weights_mask(sizes).astype(float))
    assert served.code == 1 and relative(served.matrix, expected) < tight
    assert np.array_equal(served.matrix, served.matrix.T)
    assert served.counted == (sizes[-1], sizes[-1] * 33)


@pytest.mark.parametrize(("dtype", "tight"), [("float64", 1e-8), ("float32", 2e-3)])
@pytest.mark.parametrize("in_model", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_hessian_vector_products(case: Any, in_model: bool, dtype: str, tight: float) -> None:
    sizes, activations, cost = case
    w, X, Y = example(sizes, cost, rows=20)
    v = np.random.default_rng(4).normal(size=len(w)) * 1e3  # its length is no matter
    served = Served("hessian_vector", case, w, X, Y, dtype, direction=v, in_model=in_model)
    sides = [naive.network_gradient(w + side * 1e-8 * v, X, Y, sizes, activations, cost)[1] for side in (1, -1)]
    expected = (sides[0] - sides[1]) / 2e-8 / (2 * 20) + L2 * naive.weights_mask(sizes) * v
    assert served.code == 1 and relative(served.answer, expected) < tight
    assert served.counted == (2, 40)


def test_a_zero_direction_costs_nothing() -> None:
    w, X, Y = example([3, 2], "squared_error", rows=5)
    served = Served("hessian_vector", ([3, 2], ["identity"], "squared_error"), w, X, Y, "float64", direction=np.zeros(len(w)))
    assert served.code == 1 and not served.answer.any() and served.counted == (0, 0)


def drawn(y: Array, softmax: bool, step: int, call: int, key: tuple[int, int]) -> Array:
    """Labels for the outputs y of a mini-batch: one uniform number per row for classes, else one per output."""
    m, k = y.shape

    def uniform(index: int) -> float:
        return (naive.philox((index, step, 2, call), key)[0] + 0.5) / 2**32

    if not softmax:
        return np.array([[float(uniform(i * k + j) < naive.sigmoid(y[i, j])) for j in range(k)] for i in range(m)])
    p = np.exp(y - y.max(axis=1, keepdims=True))
    cumulated = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
    return np.eye(k)[[int(np.searchsorted(cumulated[i], uniform(i), side="right")) for i in range(m)]]


@pytest.mark.parametrize(("dtype", "tight"), [("float64", 1e-12), ("float32", 1e-4)])
@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize(("case", "link"), [(CASES[2], abi.LINK_SOFTMAX), (([4, 5, 3], ["tanh", "identity"], "binary_cross_entropy"), 1)])
def test_gradients_for_sampled_labels(case: Any, link: int, chosen: bool, dtype: str, tight: float) -> None:
    sizes, activations, cost = case
    w, X, Y = example(sizes, cost, rows=layout.CHUNK_ROWS + 60)
    rows = np.random.default_rng(3).permutation(len(X))[:550] if chosen else ()
    used = X[rows] if chosen else X
    served = Served("sampled_gradient", case, w, X, Y, dtype, rows=rows, link=link, step=9, call=2, key=(5, 6), in_model=True)
    labels = drawn(naive.outputs(w, used, sizes, activations), link == abi.LINK_SOFTMAX, 9, 2, (5, 6))
    expected = naive.network_gradient(w, used, labels, sizes, activations, cost)[1] / (2 * len(used))
    assert served.code == 1 and relative(served.sampled, expected) < tight
    assert served.counted == (1, len(used))
    other = Served("sampled_gradient", case, w, X, Y, dtype, rows=rows, link=link, step=10, call=2, key=(5, 6))
    assert not np.array_equal(other.sampled, served.sampled)


def test_labels_are_drawn_with_the_predicted_probabilities() -> None:
    y = np.tile([[0.0, 1.0, -1.0, 2.0]], (20000, 1))
    p = np.exp(y[0]) / np.exp(y[0]).sum()
    assert np.abs(drawn(y, True, 1, 0, (1, 2)).mean(axis=0) - p).max() < 4 * np.sqrt(0.25 / 20000)
    assert np.abs(drawn(y, False, 1, 0, (1, 2)).mean(axis=0) - naive.sigmoid(y[0])).max() < 4 * np.sqrt(0.25 / 20000)


def test_other_links_draw_no_labels() -> None:
    w, X, Y = example(CASES[1][0], CASES[1][2], rows=5)
    assert Served("sampled_gradient", CASES[1], w, X, Y, "float64", link=abi.LINK_OTHER).code == 0
