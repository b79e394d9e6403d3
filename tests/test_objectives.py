"""Objectives: values, gradients and minima against formulas written again."""

import importlib
import itertools

import mpmath
import numpy as np
import pytest

import optlab
from optlab.objectives.models import model_of
from optlab.streams import Streams

FOUND = optlab.catalogue()["objectives"]
SEVERAL = [name for name, each in FOUND.items() if each.any_dimension]

# Written again from the sources; `m` is mpmath, jax.numpy or autograd.numpy.
PLAIN = {
    "ackley": lambda m, x: (
        -20 * m.exp(-0.2 * m.sqrt(sum(a * a for a in x) / len(x))) - m.exp(sum(m.cos(2 * m.pi * a) for a in x) / len(x)) + 20 + m.exp(1)
    ),
    "beale": lambda m, x: sum((c - x[0] * (1 - x[1] ** k)) ** 2 for c, k in ((1.5, 1), (2.25, 2), (2.625, 3))),
    "booth": lambda m, x: 5 * x[0] ** 2 + 8 * x[0] * x[1] + 5 * x[1] ** 2 - 34 * x[0] - 38 * x[1] + 74,
    "branin": lambda m, x: (
        (x[1] - 5.1 * x[0] ** 2 / (4 * m.pi * m.pi) + 5 * x[0] / m.pi - 6) ** 2 + 10 * m.cos(x[0]) - 10 * m.cos(x[0]) / (8 * m.pi) + 10
    ),
    "himmelblau": lambda m, x: (x[0] * x[0] + x[1] - 11) ** 2 + (x[0] + x[1] * x[1] - 7) ** 2,
    "ill_conditioned_bowl": lambda m, x: sum(100.0 ** (k / (len(x) - 1)) * a * a / 2 for k, a in enumerate(x)),
    "plateau": lambda m, x: 1 - 1 / (1 + sum(a * a for a in x)),
    "rastrigin": lambda m, x: sum(10 + a * a - 10 * m.cos(2 * m.pi * a) for a in x),
    "rosenbrock": lambda m, x: sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x)),
    "saddle": lambda m, x: x[0] * x[0] / 2 + x[1] ** 4 / 4 - x[1] * x[1] / 2,
    "styblinski_tang": lambda m, x: sum(a**4 / 2 - 8 * a * a + 2.5 * a for a in x),
    "three_hump_camel": lambda m, x: 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2,
}


def options(name, dimension):
    return {"dimension": dimension} if name in SEVERAL else {}


def model(name, dimension=2, dtype="float64"):
    return model_of(FOUND[name], options(name, dimension), dtype, Streams(0))


def points(found, count=20):
    box = np.array(found.known.box)
    return np.random.default_rng(5).uniform(box[:, 0], box[:, 1], (count, len(box)))


def exact(name, x):
    """(value, gradient) to 40 digits."""
    with mpmath.workdps(40):
        n, at = len(x), [mpmath.mpf(float(each)) for each in x]
        units = [tuple(int(k == i) for i in range(n)) for k in range(n)]
        return float(PLAIN[name](mpmath, at)), [float(mpmath.diff(lambda *a: PLAIN[name](mpmath, a), tuple(at), unit)) for unit in units]


def test_all_are_tested():
    assert {name for name, each in FOUND.items() if each.distribution.startswith("optlab ")} == set(PLAIN)


@pytest.mark.parametrize(("name", "dimension"), [(name, 2) for name in PLAIN] + [(name, 5) for name in SEVERAL])
def test_value_and_gradient_to_40_digits(name, dimension):
    found = model(name, dimension)
    for x in points(found, 20 if dimension == 2 else 4):
        value, slopes = found.at(x)
        expected, gradient = exact(name, x)
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-12, atol=1e-12 * max(1.0, *map(abs, gradient)))


@pytest.mark.parametrize("library", ["autograd", "jax"])
@pytest.mark.parametrize("name", PLAIN)
def test_gradient_is_that_of_other_libraries(name, library):
    made = pytest.importorskip(library, reason=f"{library} is not installed (extra `peers`)")
    if library == "jax":
        made.config.update("jax_enable_x64", True)
    gradient = made.grad(lambda x: PLAIN[name](importlib.import_module(f"{library}.numpy"), [x[0], x[1]]))
    found = model(name)
    for x in points(found):
        expected = np.asarray(gradient(x))
        np.testing.assert_allclose(found.at(x)[1], expected, rtol=1e-12, atol=1e-12 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize(("name", "dimension"), [(name, 2) for name in PLAIN] + [(name, 7) for name in SEVERAL])
def test_the_stated_minimum_is_one(name, dimension):
    found = model(name, dimension)
    assert found.known.at and found.known.minimum is not None
    for lowest in found.known.at:
        value, gradient = exact(name, lowest) if name != "ackley" else (exact(name, np.full(dimension, 1e-30))[0], [0.0])
        assert value == pytest.approx(found.known.minimum, rel=1e-12, abs=1e-12)
        assert np.abs(gradient).max() < 1e-10  # the tip of ackley's cone has none
        assert found.at(lowest)[0] == pytest.approx(found.known.minimum, rel=1e-12, abs=1e-12)
        near = np.random.default_rng(1).normal(0, 1e-3, (50, dimension)) + lowest
        assert min(found.at(x)[0] for x in near) >= found.known.minimum
    assert min(found.at(x)[0] for x in points(found, 2000)) >= found.known.minimum
    box = np.array(found.known.box)
    assert all(((box[:, 0] <= x) & (x <= box[:, 1])).all() for x in (*found.known.at, found.known.start))


def test_what_is_known_depends_on_the_hyper_parameters():
    rosenbrock = FOUND["rosenbrock"]
    assert rosenbrock.known({"a": 3.0}).at == ((3.0, 9.0),)
    assert rosenbrock.known({"dimension": 3}).at == ((1.0, 1.0, 1.0),)
    assert rosenbrock.known({"dimension": 3}).start == (-1.2, 1.0, -1.2)
    assert rosenbrock.known({"dimension": 3, "a": 3.0}).minimum is None
    with pytest.raises(optlab.OptlabError, match="dimension = 1"):
        rosenbrock.known({"dimension": 1})


def test_a_formula_of_any_dimension_needs_its_dimension():
    from optlab.plugin import Count, objective

    with pytest.raises(optlab.OptlabError, match="dimension: Count"):
        objective(lambda *x: x[0])
    with pytest.raises(optlab.OptlabError, match="no other variable"):

        @objective
        def both(y, *x, dimension: Count = 2):
            return y + x[0]
