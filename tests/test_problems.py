"""Built-in problems, initializers and schedules, each against its published description or formula."""

import math

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from optlab import catalogue
from optlab.data import problem_dataset

# name: task, rows, features, columns of Y, rows of each class
PUBLISHED = {
    "digits": ("classification", 1797, 64, 10, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
    "breast_cancer": ("classification", 569, 30, 1, [212, 357]),
    "iris": ("classification", 150, 4, 3, [50, 50, 50]),
    "wine": ("classification", 178, 13, 3, [59, 71, 48]),
    "diabetes": ("regression", 442, 10, 1, None),
    "runge": ("regression", 400, 1, 1, None),
    "runge_2d": ("regression", 400, 2, 1, None),
    "franke": ("regression", 400, 2, 1, None),
    "second_order": ("regression", 200, 1, 1, None),
}
DRAWN = ("runge", "runge_2d", "franke", "second_order")
FETCHED = {"mnist": (70_000, 784, 10), "fashion_mnist": (70_000, 784, 10)}
"""Their loader has tests of its own: tests/study/test_course.py."""


def rng(seed=0):
    return np.random.default_rng(seed)


def dataset(name, hyper=None, seed=0):
    return problem_dataset(catalogue()["problems"][name], hyper or {}, rng(seed), rng(seed + 1))


# -- problems -----------------------------------------------------------------------------------------------------------------


def test_every_problem_is_described():
    assert set(catalogue()["problems"]) == {*PUBLISHED, *FETCHED}
    for name, problem in catalogue()["problems"].items():
        assert problem.doc
        assert problem.source
        assert problem.size == FETCHED.get(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_sizes_and_classes_are_the_published_ones(name):
    task, rows, features, columns, counts = PUBLISHED[name]
    data = dataset(name)
    parts = [data.train, data.validation, data.test]
    assert data.task == task
    assert sum(len(part) for part in parts) == rows
    assert {part.X.shape[1] for part in parts} == {features}
    assert {part.Y.shape[1] for part in parts} == {columns}
    if counts:
        Y = np.concatenate([part.Y for part in parts])
        found = Y.sum(axis=0) if columns > 1 else np.array([(Y == 0).sum(), (Y == 1).sum()])
        assert found.tolist() == counts


@pytest.mark.parametrize("name", PUBLISHED)
def test_features_reach_the_network_on_a_common_scale(name):
    X = dataset(name).train.X
    if catalogue()["problems"][name].scale == "standard":
        assert np.allclose(X.mean(axis=0), 0, atol=1e-12)
        assert np.allclose(X.std(axis=0), 1)
    else:
        assert X.min() >= -1
        assert X.max() <= 1


def test_real_data_is_the_same_for_every_replicate_and_drawn_data_is_not():
    problems = catalogue()["problems"]
    for name in PUBLISHED:
        problem = problems[name]
        one, other = problem.load(rng(1))[1], problem.load(rng(2))[1]
        assert np.array_equal(one, problem.load(rng(1))[1])
        assert np.array_equal(one, other) == (name not in DRAWN)


def test_runge_without_noise_is_the_function():
    X, y = catalogue()["problems"]["runge"].load(rng(), {"noise": 0.0, "samples": 5})
    assert X[:, 0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert np.allclose(y, [1 / 26, 1 / 7.25, 1, 1 / 7.25, 1 / 26])


def test_franke_has_its_published_features():
    from optlab_problems.franke import surface

    assert surface(0.0, 0.0) == pytest.approx(
        0.75 * math.exp(-2) + 0.75 * math.exp(-1 / 49 - 0.1) + 0.5 * math.exp(-49 / 4 - 9 / 4) - 0.2 * math.exp(-65)
    )
    x, y = np.meshgrid(*[np.linspace(0, 1, 201)] * 2, indexing="ij")
    top = np.unravel_index(surface(x, y).argmax(), x.shape)
    assert surface(x, y).max() == pytest.approx(1.22, abs=0.005)  # the higher of the two peaks, near (0.2, 0.2)
    assert (x[top], y[top]) == (pytest.approx(0.206, abs=0.01), pytest.approx(0.208, abs=0.01))


def test_runge_on_a_square_is_the_course_s_function_in_other_coordinates():
    X, y = catalogue()["problems"]["runge_2d"].load(rng(4), {"noise": 0.0})
    u, v = ((X + 1) / 2).T
    assert np.allclose(y, 1 / ((10 * u - 5) ** 2 + (10 * v - 5) ** 2 + 1), rtol=1e-12)
    assert abs(X).max() <= 1 and X.min() < -0.95 and X.max() > 0.95


def test_second_order_has_the_coefficients_that_it_is_given():
    hyper = {"a0": 0.5, "a1": 3.0, "a2": -4.0, "noise": 0.0, "degree": 2}
    X, y = catalogue()["problems"]["second_order"].load(rng(), hyper)
    found = LinearRegression().fit(X, y)
    assert found.intercept_ == pytest.approx(0.5, abs=1e-12)
    assert found.coef_ == pytest.approx([3.0, -4.0], abs=1e-12)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("degree", [2, 5])
def test_degree_gives_the_monomials_of_scikit_learn_in_its_order(name, degree):
    problem = catalogue()["problems"][name]
    plain, y = problem.load(rng(6))
    X, same = problem.load(rng(6), {"degree": degree})
    assert np.allclose(X, PolynomialFeatures(degree, include_bias=False).fit_transform(plain), rtol=1e-13)
    assert np.array_equal(y, same)  # the same points and noise: degrees can be compared


@pytest.mark.parametrize("name", DRAWN)
def test_noise_is_its_standard_deviation(name):
    problem = catalogue()["problems"][name]
    clean, noisy = (problem.load(rng(3), {"samples": 20000, "noise": noise})[1] for noise in (0.0, 0.25))
    assert (noisy - clean).std() == pytest.approx(0.25, rel=0.03)


# -- initializers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hyper", "deviation"),
    [
        ("glorot_uniform", {}, math.sqrt(2 / 500)),
        ("glorot_normal", {}, math.sqrt(2 / 500)),
        ("he_normal", {}, math.sqrt(2 / 300)),
        ("normal", {"scale": 0.3}, 0.3),
        ("zeros", {}, 0.0),
    ],
)
def test_initializers_have_the_published_variance(name, hyper, deviation):
    W = catalogue()["initializers"][name].function(rng(5), 300, 200, **hyper)
    assert W.shape == (300, 200)
    assert W.std() == pytest.approx(deviation, rel=0.02)
    assert abs(W.mean()) <= 4 * deviation / math.sqrt(W.size)


def test_glorot_uniform_stays_within_its_bound():
    W = catalogue()["initializers"]["glorot_uniform"].function(rng(5), 30, 20)
    assert math.sqrt(6 / 50) * 0.98 < abs(W).max() <= math.sqrt(6 / 50)


# -- schedules -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hyper", "factors"),
    [
        ("constant", {}, [1, 1, 1, 1]),
        ("inverse_scaling", {"power": 0.5}, [1, 1 / math.sqrt(2), 1 / math.sqrt(3), 0.5]),
        ("step", {"every": 2, "factor": 0.1}, [1, 1, 0.1, 0.1]),
        ("cosine", {}, [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2]),
        ("cosine", {"final": 0.2}, [1, 0.2 + 0.4 * (1 + math.sqrt(0.5)), 0.6, 0.2 + 0.4 * (1 - math.sqrt(0.5))]),
        ("hyperbolic", {"t0": 5.0, "t1": 50.0}, [5 / 50, 5 / 51, 5 / 52, 5 / 53]),
        ("hyperbolic", {"t0": 2.0, "t1": 2.0}, [1, 2 / 3, 2 / 4, 2 / 5]),
    ],
)
def test_schedules_follow_their_formula(name, hyper, factors):
    assert catalogue()["schedules"][name].factors(4, hyper) == pytest.approx(factors, rel=1e-14)
