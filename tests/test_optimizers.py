"""Properties of every elementwise update rule: a new one is tested by being registered. What holds for all is in tests/conformance."""

import numpy as np
import pytest

import optlab
from optlab.rules import Optimizer

RULES = sorted(name for name, rule in optlab.catalogue()["optimizers"].items() if isinstance(rule, Optimizer))
N, STEPS = 7, 60


def tape(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(STEPS, N))


@pytest.mark.parametrize("name", RULES)
def test_parameters_may_be_permuted(name):
    order = np.random.default_rng(1).permutation(N)
    start = np.linspace(-1, 1, N)
    path = optlab.trajectory(name, tape(), start)
    assert np.array_equal(optlab.trajectory(name, tape()[:, order], start[order]), path[:, order])


@pytest.mark.parametrize("name", RULES)
def test_state_does_not_leak_between_runs(name):
    first = optlab.trajectory(name, tape(), np.ones(N))
    optlab.trajectory(name, 1e3 * tape(1), np.zeros(N))
    assert optlab.trajectory(name, tape(), np.ones(N)).tobytes() == first.tobytes()


@pytest.mark.parametrize("name", RULES)
def test_a_convex_quadratic_is_descended(name):
    """f = |w - 1|^2 / 2 at the best of a coarse grid of learning rates."""
    rule = optlab.catalogue().optimizer(name)
    if "lr" not in rule.hyper:
        pytest.skip("has no learning rate")

    def final(lr):
        w, losses = np.zeros((1, N)), []
        gradients = np.empty((0, N))
        for _ in range(STEPS):
            gradients = np.vstack([gradients, w[-1] - 1])
            w = optlab.trajectory(name, gradients, np.zeros(N), {"lr": lr})
            losses.append(((w[-1] - 1) ** 2).sum() / 2)
        return losses[-1]

    assert min(final(lr) for lr in (1e-2, 1e-1, 1.0, 30.0)) < 1e-2 * N / 2
