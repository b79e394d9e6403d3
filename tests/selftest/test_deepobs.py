"""The quadratic against a plain twin in its own coordinates, and what the order of mini-batches does; all of it with the long tests."""

import numpy as np
import pytest

from optlab.selftest import deepobs


@pytest.fixture(scope="module")
def problem():
    return deepobs.Quadratic.draw()


def test_the_rotation_is_one():
    R = deepobs.rotation(np.random.RandomState(0), 12)
    assert np.allclose(R @ R.T, np.eye(12), atol=1e-14)
    assert np.linalg.det(R) == pytest.approx(1.0)


@pytest.mark.parametrize("policy", ["fixed", "fresh"])
def test_mini_batches_are_parts_of_a_permutation(policy):
    epochs = deepobs.batches(policy, 1).reshape(deepobs.EPOCHS, -1)
    assert all(len(set(epoch)) == 896 for epoch in epochs)
    assert (epochs[0] == epochs[1]).all() == (policy == "fixed")


@pytest.mark.parametrize(("optimizer", "mu", "policy"), [("gd", 0.0, "fixed"), ("momentum", 0.99, "fresh")])
def test_runs_equal_a_plain_twin_without_rotation(problem, optimizer, mu, policy):
    stream = np.random.RandomState(42)
    eigenvalues = np.concatenate([stream.uniform(0, 1, 90), stream.uniform(30, 60, 10)])
    R = deepobs.rotation(stream, 100)
    Q = R.T @ np.diag(eigenvalues) @ R
    train, test = (np.float32(np.random.RandomState(seed).normal(0, 0.6, (1000, 100))) for seed in (42, 43))
    theta, v = np.ones(100), np.zeros(100)
    first = 0.5 * np.mean([(theta - x) @ Q @ (theta - x) for x in test[:896]])
    for rows in deepobs.batches(policy, 42):
        v = mu * v + Q @ (theta - train[rows].mean(axis=0))
        theta = theta - 1e-3 * v
    last = 0.5 * np.mean([(theta - x) @ Q @ (theta - x) for x in test[:896]])
    hyper = {"lr": 1e-3} | ({"mu": mu} if mu else {})
    assert problem.losses(optimizer, hyper, policy, 42) == pytest.approx((first, last), rel=1e-5)


def test_published_means_hold_for_their_order_of_mini_batches_and_not_for_another(problem):
    _, _, published = deepobs.published("MomentumOptimizer")
    hyper = {"lr": 0.0025118864315, "mu": 0.99}
    fixed, fresh = (np.mean([problem.final("momentum", hyper, policy, seed) for seed in range(42, 45)]) for policy in ("fixed", "fresh"))
    assert abs(fixed - published.mean()) < 3 * published.std(ddof=1)
    assert fresh - published.mean() > 10 * published.std(ddof=1)


def test_a_rate_that_is_too_large_ends_not_finite(problem):
    assert problem.final("gd", {"lr": 1.0}, "fixed", 42) == np.inf


def test_the_window_counts_rates_near_the_best():
    assert deepobs.window(np.array([100.0, 101.0, 101.1, np.inf])) == 2
    rates, grid, seeds = deepobs.published("GradientDescentOptimizer")
    assert (len(rates), deepobs.window(grid), len(seeds)) == (36, 4, 10)
