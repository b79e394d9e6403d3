"""`optlab.minimise`: paths against the rule alone and by hand; quadratics with their spectrum and their noise."""

import math

import numpy as np
import pytest

import optlab
from optlab.objectives.models import model_of
from optlab.rules import Optimizer
from optlab.streams import Streams
from tests import naive

OPTIMIZERS = optlab.catalogue()["optimizers"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", sorted(name for name, rule in OPTIMIZERS.items() if isinstance(rule, Optimizer)))
def test_the_path_is_the_rule_on_the_gradients_it_met(optimizer, dtype):
    """The loop, its recorder and its gradients against the same rule on a tape of gradients taken at the points of the path."""
    hyper = {"lr": 1e-3} if "lr" in OPTIMIZERS[optimizer].hyper else {}
    run = optlab.minimise("beale", optimizer, hyper, steps=60, dtype=dtype)
    found = model_of(optlab.catalogue().objective("beale"), {}, dtype, Streams(0))
    assert run.status == "done" and run.path.shape == (61, 2)
    tape = np.array([found.at(w)[1] for w in run.path[:-1]])
    np.testing.assert_array_equal(optlab.trajectory(optimizer, tape, run.path[0], hyper, dtype), run.path[1:])
    np.testing.assert_array_equal(run.parameters, run.path[-1])
    if optlab.catalogue().optimizer(optimizer).evaluate is None:  # else the values are those of an average
        np.testing.assert_allclose(run.values, [found.at(w)[0] for w in run.path], rtol=1e-5 if dtype == "float32" else 1e-13)


def test_gradient_descent_by_hand():
    run = optlab.minimise("booth", "gd", {"lr": 0.05}, start=(4.0, -7.0), steps=30)
    x, y = 4.0, -7.0
    for k in range(30):
        assert run.path[k] == pytest.approx([x, y], rel=1e-12)
        assert run.values[k] == pytest.approx((x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2, rel=1e-12)
        x, y = x - 0.05 * (10 * x + 8 * y - 34), y - 0.05 * (8 * x + 10 * y - 38)
    assert run.value == run.values[-1] and run.minimum == 0.0


def test_an_objective_of_ones_own_is_found_and_left():
    from optlab.plugin import objective

    @objective
    def mine(x, y, *, k=2.0):
        return (x - k) ** 2 + (y + 1) ** 2

    run = optlab.minimise(mine, "gd", {"lr": 0.1}, steps=200, options={"k": 3.0})
    assert run.parameters == pytest.approx([3.0, -1.0], abs=1e-12)
    assert run.minimum is None and "mine" not in optlab.catalogue()["objectives"]


def test_divergence_is_said_and_counts_as_infinite():
    run = optlab.minimise("rosenbrock", "gd", {"lr": 1.0}, steps=50)
    assert run.status == "diverged" and "not finite" in run.sentence and run.value == math.inf
    assert len(run.values) == len(run.path) == run.steps + 1 < 51
    assert np.isfinite(run.values[:-1]).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"objective": "rosenbrok"}, "no objective called 'rosenbrok'"),
        ({"start": (1.0,)}, "takes 2 finite numbers"),
        ({"start": (1.0, math.nan)}, "finite numbers"),
        ({"steps": -1}, "steps = -1"),
        ({"dtype": "float16"}, "float16"),
        ({"hyper": {"lrr": 1.0}}, "no hyper-parameter 'lrr'"),
        ({"options": {"dimension": 2.5}}, r"dimension = 2\.5"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words):
    with pytest.raises(optlab.OptlabError, match=words):
        optlab.minimise(**{"objective": "rosenbrock", **arguments})


def test_a_quadratic_has_its_spectrum():
    spectrum = np.geomspace(0.5, 80, 12)
    made = optlab.quadratic(spectrum, seed=3)
    np.testing.assert_allclose(np.linalg.eigvalsh(made.matrix), spectrum, rtol=1e-12)
    assert np.abs(made.matrix - np.diag(np.diag(made.matrix))).max() > 1
    np.testing.assert_array_equal(optlab.quadratic(spectrum, rotated=False).matrix, np.diag(spectrum))
    w = np.random.default_rng(0).normal(size=12)
    value, slopes = model_of(made, {}, "float64", Streams(0)).at(w)
    assert value == pytest.approx(w @ made.matrix @ w / 2, rel=1e-13) and made(*w) == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(slopes, made.matrix @ w, rtol=1e-12)


def xi(key, row, n):
    """The plain twin of the kernel's normal numbers."""
    words = [word for block in range(-(-n // 4)) for word in naive.philox((block, row & 0xFFFFFFFF, 1, row >> 32), key)]
    u = (np.array(words, float) + 0.5) / 2**32
    radius, angle = np.sqrt(-2 * np.log(u[::2])), 2 * np.pi * u[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:n]


def test_noise_is_a_function_of_seed_and_step():
    made = optlab.quadratic([1.0, 3.0, 10.0, 30.0, 50.0], noise=0.5)
    run = optlab.minimise(made, "gd", {"lr": 0.01}, steps=40, seed=7)
    w = np.ones(5)
    for k in range(40):
        np.testing.assert_allclose(run.path[k], w, rtol=1e-10, atol=1e-12)
        assert run.values[k] == pytest.approx(w @ made.matrix @ w / 2, rel=1e-10)  # shown without noise
        w = w - 0.01 * made.matrix @ (w - 0.5 * xi(Streams(7).noise_key(), k, 5))
    again, other = (optlab.minimise(made, "gd", {"lr": 0.01}, steps=40, seed=seed) for seed in (7, 8))
    np.testing.assert_array_equal(again.path, run.path)
    assert not np.allclose(other.path, run.path)


def test_noise_is_standard_normal():
    drawn = np.concatenate([xi((1, 2), row, 50) for row in range(400)])
    assert abs(drawn.mean()) < 4 / math.sqrt(drawn.size) and abs(drawn.var() - 1) < 4 * math.sqrt(2 / drawn.size)
    assert abs((drawn**4).mean() - 3) < 0.3


@pytest.mark.parametrize(("spectrum", "noise", "words"), [([], 0.0, "spectrum"), ([1.0, -1.0], 0.0, "spectrum"), ([1.0], -1.0, "noise")])
def test_a_quadratic_refuses_what_is_none(spectrum, noise, words):
    with pytest.raises(optlab.OptlabError, match=words):
        optlab.quadratic(spectrum, noise=noise)
