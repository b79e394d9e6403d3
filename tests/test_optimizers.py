"""Properties of every registered update rule: a new one is tested by being registered."""

import numpy as np
import pytest

import optlab
from optlab.conformance.interpreted import interpreted

RULES = sorted(optlab.catalogue()["optimizers"])
N, STEPS = 7, 60


def tape(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(STEPS, N))


@pytest.mark.parametrize("name", RULES)
def test_compiled_code_equals_the_rule_in_plain_python(name):
    rule, start = optlab.catalogue().optimizer(name), np.linspace(-1, 1, N)
    path = interpreted(rule, rule.values({}), tape(), start)
    assert np.allclose(optlab.trajectory(name, tape(), start), path, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RULES)
def test_a_zero_gradient_makes_no_nan(name, dtype):
    assert np.isfinite(optlab.trajectory(name, np.zeros((5, N)), np.ones(N), dtype=dtype)).all()


@pytest.mark.parametrize("name", RULES)
def test_a_nan_gradient_stays_visible_and_in_its_place(name):
    gradients = tape()
    gradients[3, 2] = np.nan
    path = optlab.trajectory(name, gradients, np.ones(N))
    assert np.isnan(path[3:, 2]).all()
    assert np.isfinite(np.delete(path, 2, axis=1)).all() and np.isfinite(path[:3]).all()


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
