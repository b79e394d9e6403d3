"""Sizes at the edge, from the public functions down: whole networks against the plain twin."""

import itertools

import numpy as np
import pytest

import optlab
from tests import naive

TIGHT = {"float64": 1e-10, "float32": 1e-3}


def example(sizes, rows, cost="squared_error", seed=0):
    rng = np.random.default_rng([seed, rows, *sizes])
    w = np.concatenate([np.append(rng.normal(size=a * b) / np.sqrt(a), rng.normal(size=b)) for a, b in itertools.pairwise(sizes)])
    X, Y = rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))
    return w, X, np.eye(sizes[-1])[Y.argmax(axis=1)] if cost == "softmax_cross_entropy" else Y


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


# No row too few (1), none left for the last batch (12 of 4), a rest of 1, more in the batch than in the data, primes all over.
@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (1, 64), (12, 4), (13, 4), (13, 100), (31, 7), (97, 89)])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (1, 1, 1), (5, 7, 3), (13, 17, 1, 11, 2)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_training_equals_the_plain_twin(dtype, sizes, rows, batch):
    w, X, Y = example(sizes, rows)
    activations = ["tanh"] * (len(sizes) - 2)
    orders = np.array([np.random.default_rng(k).permutation(rows) for k in range(3)])
    outcome = optlab.train(
        (X, Y), layers=sizes[1:-1], activation=activations, cost="squared_error", optimizer="momentum", hyper={"lr": 0.01, "mu": 0.5},
        l2=0.1, epochs=3, batch_size=batch, dtype=dtype, initial=w, orders=orders, quiet=True,
    )  # fmt: skip
    expected, curve, _ = naive.train(
        w, X, Y, sizes=sizes, activations=[*activations, "identity"], cost="squared_error", rule="momentum",
        hyper=lambda t: {"lr": 0.01, "mu": 0.5}, batch=batch, orders=orders, terms=sizes[-1], l2=0.1,
    )  # fmt: skip
    assert outcome.steps == 3 * -(-rows // batch)
    assert relative(outcome.parameters, expected) < TIGHT[dtype]
    assert outcome.curves[:, 4] == pytest.approx(curve, rel=TIGHT[dtype])


# Summing 4096 products in another order than NumPy moves a result by some 1e-14 of its size.
@pytest.mark.parametrize("rows", [1, 5, 67])
@pytest.mark.parametrize("sizes", [(3, 4096, 2), (4096, 3), (2, 4096), (1, 4096, 33, 3), (4096, 1, 4096)], ids=str)
def test_gradient_of_width_4096_equals_the_plain_twin(sizes, rows):
    w, X, Y = example(sizes, rows, "softmax_cross_entropy")
    names = [*["tanh"] * (len(sizes) - 2), "identity"]
    value, g = optlab.gradient(w, X, Y, sizes, names, "softmax_cross_entropy")
    expected, gradient = naive.network_gradient(w, X, Y, sizes, names, "softmax_cross_entropy")
    assert value == pytest.approx(expected / rows, rel=1e-12)
    assert relative(g, gradient / rows) < 1e-12


def test_a_training_of_width_4096_equals_the_plain_twin():
    sizes, rows = (6, 4096, 4096, 2), 9
    w, X, Y = example(sizes, rows)
    order = np.arange(rows)[None, ::-1]
    outcome = optlab.train(
        (X, Y), layers=sizes[1:-1], activation="tanh", cost="squared_error", optimizer="gd", hyper={"lr": 1e-3}, epochs=1, batch_size=5,
        initial=w, orders=order, evaluate_every=0, quiet=True,
    )  # fmt: skip
    expected, curve, _ = naive.train(
        w, X, Y, sizes=sizes, activations=["tanh", "tanh", "identity"], cost="squared_error", rule="gd",
        hyper=lambda t: {"lr": 1e-3}, batch=5, orders=order, terms=2,
    )  # fmt: skip
    assert relative(outcome.parameters - w, expected - w) < 1e-11
    assert outcome.curves[:, 4] == pytest.approx(curve, rel=1e-12)
