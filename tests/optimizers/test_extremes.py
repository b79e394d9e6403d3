"""Zero, tiny, huge and NaN gradients, the first step and the millionth, for every elementwise rule."""

import numpy as np
import pytest

import optlab
from optlab.rules import Optimizer

RULES = {name: rule for name, rule in optlab.catalogue()["optimizers"].items() if isinstance(rule, Optimizer) and not rule.transforms}
STILL = {"weight_decay": 0.0, "lambd": 0.0, "initial": 0.0}  # what moves a parameter without a gradient
N, STEPS = 5, 40


def still(rule):
    return {name: value for name, value in STILL.items() if name in rule.hyper}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RULES)
def test_without_a_gradient_nothing_moves(name, dtype):
    start = np.linspace(-1, 1, N).astype(dtype)
    path = optlab.trajectory(name, np.zeros((STEPS, N)), start, still(RULES[name]), dtype=dtype)
    assert np.abs(path - start).max() <= 4 * np.finfo(dtype).eps


@pytest.mark.parametrize("size", [1e-20, 1e20])
@pytest.mark.parametrize("name", RULES)
def test_tiny_and_huge_gradients_stay_finite(name, size):
    gradients = size * np.random.default_rng(0).normal(size=(STEPS, N))
    path = optlab.trajectory(name, gradients, np.linspace(-1, 1, N))
    assert np.isfinite(path).all()


@pytest.mark.parametrize("t", [1.0, 1e6])
@pytest.mark.parametrize("gradient", [0.0, 1.0, -1e-20])
@pytest.mark.parametrize("name", RULES)
def test_the_first_step_and_the_millionth_are_finite(name, gradient, t):
    """Every slot as a long run may leave it: at its first value, and at 1."""
    rule = RULES[name]
    values, timed = rule.values({}), {"t": t} if rule.timed else {}
    first = [1.0 if isinstance(one, slice) else one for one in rule.slot_starts(values)]
    for slots in (first, [1.0] * len(rule.slots)):
        returned = rule(np.ones(1), np.full(1, gradient), *(np.full(1, one) for one in slots), **timed, **values)
        assert np.isfinite(returned).all()


@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_of_a_constant_gradient_is_no_nan(centered):
    """Centered, the variance is 0 up to rounding, which may be negative: torch and optax return NaN there."""
    path = optlab.trajectory("rmsprop", np.full((5000, 3), 0.1), np.zeros(3), {"rho": 0.9, "centered": centered})
    assert np.isfinite(path).all()


def test_a_nan_gradient_is_seen_by_rprop_where_torch_hides_it():
    gradients = np.ones((4, 2))
    gradients[1, 0] = np.nan
    path = optlab.trajectory("rprop", gradients, np.zeros(2))
    assert np.isnan(path[1:, 0]).all() and np.isfinite(path[:, 1]).all()
