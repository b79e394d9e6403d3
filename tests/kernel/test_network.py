"""The network's gradient against central differences and against the plain twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from optlab.kernel import layout
from tests import naive
from tests.kernel.support import TOLERANCE, Array, Network

CASES: list[tuple[list[int], list[str], str]] = [
    ([5, 3], ["identity"], "softmax_cross_entropy"),
    ([1, 1], ["identity"], "squared_error"),
    ([1, 16, 1], ["tanh", "identity"], "squared_error"),
    ([7, 11, 3], ["sigmoid", "tanh"], "squared_error"),
    ([30, 32, 32, 1], ["sigmoid", "leaky", "identity"], "binary_cross_entropy"),
    ([13, 17, 1, 5, 2], ["softplus", "tanh", "sigmoid", "identity"], "binary_cross_entropy"),
    ([64, 50, 10], ["sigmoid", "identity"], "softmax_cross_entropy"),
    ([3, 8, 9, 16, 33, 10], ["tanh", "softplus", "leaky", "sigmoid", "identity"], "softmax_cross_entropy"),
    ([200, 150, 120, 10], ["tanh", "sigmoid", "identity"], "softmax_cross_entropy"),
]


def example(sizes: Sequence[int], cost: str, rows: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Random parameters, inputs and targets."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=layout.parameter_count(sizes)) * 0.4
    X = rng.normal(size=(rows, sizes[0]))
    Y: Any = rng.normal(size=(rows, sizes[-1]))
    if cost == "softmax_cross_entropy":
        Y = np.eye(sizes[-1])[rng.integers(sizes[-1], size=rows)]
    elif cost == "binary_cross_entropy":
        Y = (Y > 0).astype(float)
    return w, X, Y


def relative(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rows", [1, 2, 7, 32, 130])
@pytest.mark.parametrize(("sizes", "activations", "cost"), CASES)
def test_gradient_equals_the_plain_twin(sizes: list[int], activations: list[str], cost: str, rows: int, dtype: str) -> None:
    w, X, Y = example(sizes, cost, rows)
    total, g = Network(sizes, activations, cost, X, Y, dtype).gradient(w, scale=0.5)
    expected, gradient = naive.network_gradient(w, X, Y, sizes, activations, cost)
    tight = {"float64": 1e-12, "float32": 1e-4}[dtype]
    assert total == pytest.approx(expected, rel=tight)
    assert relative(g, 0.5 * gradient) < tight


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("sizes", "activations", "cost"), CASES)
def test_gradient_equals_central_differences(sizes: list[int], activations: list[str], cost: str, dtype: str) -> None:
    w, X, Y = example(sizes, cost, rows=6, seed=1)
    _, g = Network(sizes, activations, cost, X, Y, dtype).gradient(w)
    # The difference quotient is taken in float64 along random directions: in float32 it would measure rounding.
    wide, rng = Network(sizes, activations, cost, X, Y, "float64"), np.random.default_rng(2)
    for _ in range(5):
        direction = rng.normal(size=len(w))
        direction /= np.linalg.norm(direction)
        h = 1e-5
        quotient = (wide.gradient(w + h * direction)[0] - wide.gradient(w - h * direction)[0]) / (2 * h)
        assert g @ direction == pytest.approx(quotient, rel=TOLERANCE[dtype], abs=float(TOLERANCE[dtype] * np.linalg.norm(g)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_name_the_samples(dtype: str) -> None:
    sizes, activations, cost = CASES[6]
    w, X, Y = example(sizes, cost, rows=50)
    rows = [3, 49, 0, 3, 17]
    total, g = Network(sizes, activations, cost, X, Y, dtype).gradient(w, rows)
    same_total, same = Network(sizes, activations, cost, X[rows], Y[rows], dtype).gradient(w)
    assert total == same_total
    assert np.array_equal(g, same)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sizes", [[9, 13, 2], [9, 5, 1], [120, 150, 10]])
def test_more_rows_than_a_chunk_accumulate(sizes: list[int], dtype: str) -> None:
    activations, cost, rows = ["tanh", "identity"], "squared_error", 2 * layout.CHUNK_ROWS + 37
    w, X, Y = example(sizes, cost, rows)
    network = Network(sizes, activations, cost, X, Y, dtype, metric="squared_residual")
    total, g = network.gradient(w)
    shuffled = np.random.default_rng(0).permutation(rows)
    expected, gradient = naive.network_gradient(w, X, Y, sizes, activations, cost)
    tight = {"float64": 1e-12, "float32": 1e-4}[dtype]
    assert total == pytest.approx(expected, rel=tight)
    assert relative(g, gradient) < tight
    assert relative(network.gradient(w, shuffled)[1], gradient) < tight
    assert network.evaluate(w) == pytest.approx([expected, expected], rel=tight)
    assert relative(network.predict(w), naive.outputs(w, X, sizes, activations)) < tight


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_row_is_independent_of_its_neighbours(dtype: str) -> None:
    # The forward pass of a sample is the same bits alone and in any batch (small products, hence tiles).
    sizes, activations, cost = [13, 17, 9, 3], ["tanh", "sigmoid", "identity"], "squared_error"
    w, X, Y = example(sizes, cost, rows=23)
    together = Network(sizes, activations, cost, X, Y, dtype).predict(w)
    for i in range(len(X)):
        assert np.array_equal(Network(sizes, activations, cost, X[i : i + 1], Y[i : i + 1], dtype).predict(w)[0], together[i])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_non_finite_values_are_not_hidden(dtype: str) -> None:
    sizes, activations, cost = [4, 6, 1], ["tanh", "identity"], "squared_error"
    w, X, Y = example(sizes, cost, rows=5)
    w[0] = np.nan
    total, g = Network(sizes, activations, cost, X, Y, dtype).gradient(w)
    assert np.isnan(total)
    assert np.isnan(g[-1])
