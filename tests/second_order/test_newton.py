"""Newton's, Gauss and Newton's, Levenberg and Marquardt's: the minima that scikit-learn and scipy find, and the lecture notes' update."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression, PoissonRegressor

import optlab
from tests import naive
from tests.second_order.cases import QUIET, RANDOM, X


def test_newton_finds_the_minimum_of_a_quadratic_in_one_step():
    descent = optlab.minimise(optlab.quadratic(np.geomspace(1, 100, 20)), "newton", {"damping": 0.0}, steps=1)
    assert descent.value <= 1e-18 * descent.values[0]
    assert descent.evaluations.tolist() == [0, 41]  # a gradient, and two a column


def test_newton_follows_the_update_of_the_lecture_notes():
    """Theta <- Theta - M dC/dTheta on Rosenbrock's function, its derivatives by hand."""
    w = np.array([-1.2, 1.0])
    path = optlab.minimise("rosenbrock", "newton", {"damping": 0.5, "lr": 0.7}, start=w, steps=10).path
    for step in path[1:]:
        x, y = w
        H = np.array([[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200]])
        w = w - 0.7 * np.linalg.solve(H + 0.5 * np.eye(2), [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
        np.testing.assert_allclose(step, w, rtol=1e-6)


@pytest.mark.parametrize("name", ["newton", "gauss_newton"])
def test_logistic_regression_ends_at_scikit_learns_optimum(name):
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    given = {"layers": (), "initial": np.zeros(31), "l2": 0.01, "optimizer": name, "hyper": {"damping": 0.0}}
    ours = optlab.train((features, labels), epochs=8, **given, **QUIET).parameters
    theirs = LogisticRegression(C=1 / (0.01 * len(labels)), tol=1e-12, max_iter=10000, solver="newton-cholesky").fit(features, labels)
    np.testing.assert_allclose(ours, [*theirs.coef_[0], theirs.intercept_[0]], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["newton", "gauss_newton"])
def test_multinomial_regression_ends_at_scikit_learns_optimum(name):
    """Adding a number to all biases changes nothing: a little damping makes the matrix regular."""
    features, labels = load_iris(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    given = {"layers": (), "initial": np.zeros(15), "l2": 0.01, "optimizer": name, "hyper": {"damping": 1e-9}}
    ours = optlab.train((features, labels), epochs=12, **given, **QUIET).parameters
    theirs = LogisticRegression(C=1 / (0.01 * len(labels)), tol=1e-12, max_iter=10000, solver="newton-cg").fit(features, labels)
    np.testing.assert_allclose(ours[:12].reshape(4, 3), theirs.coef_.T, rtol=1e-6)
    np.testing.assert_allclose(ours[12:] - ours[12:].mean(), theirs.intercept_ - theirs.intercept_.mean(), rtol=1e-6, atol=1e-7)


def test_gauss_newton_is_newton_for_linear_least_squares():
    targets = RANDOM.normal(size=(30, 2))
    given = {"layers": (), "cost": "squared_error", "epochs": 1, "hyper": {"damping": 0.0}}
    ours = [optlab.train((X, targets), optimizer=name, **given, **QUIET).parameters for name in ("newton", "gauss_newton")]
    best = np.linalg.lstsq(np.column_stack([X, np.ones(30)]), targets)[0].ravel()
    for parameters in ours:
        np.testing.assert_allclose(parameters, best, atol=1e-8)


@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("seed", [1, 3, 6])
def test_levenberg_marquardt_finds_the_minimum_that_scipy_finds(seed, l2):
    """A curve of such a network with noise, from starts whence both go down into the same valley; it is not so from every start."""
    rng, sizes = np.random.default_rng(seed), (1, 3, 1)
    x, truth, mask = np.linspace(-2, 2, 40)[:, None], 1.5 * rng.normal(size=10), naive.weights_mask(sizes)
    y = naive.outputs(truth, x, sizes, ["tanh", "identity"]) + 0.05 * rng.normal(size=x.shape)
    first = truth + 0.3 * rng.normal(size=10)

    def residuals(w):
        misfit = naive.outputs(w, x, sizes, ["tanh", "identity"]) - y
        return np.concatenate([misfit[:, 0] / np.sqrt(40), np.sqrt(l2 / 2) * w[mask]])

    given = {"layers": (3,), "activation": "tanh", "initial": first, "l2": l2, "optimizer": "levenberg_marquardt", "running": True}
    ours = optlab.train((x, y), epochs=200, **given, **QUIET)
    theirs = least_squares(residuals, first, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert np.sum(residuals(ours.parameters) ** 2) == pytest.approx(2 * theirs.cost, rel=1e-6)
    assert (np.diff(ours.running) <= 0).all()


def test_levenberg_marquardt_survives_trial_points_that_are_not_finite():
    """Where the logarithm of a rate starts far too low, the first undamped step overshoots until exp overflows."""
    counts = np.round(np.exp(X[:, :1] + 2))
    given = {"layers": (), "cost": "poisson", "initial": [0.0, 0.0, 0.0, -8.0], "task": "regression", "hyper": {"damping": 1e-12}}
    ours = optlab.train((X, counts), optimizer="levenberg_marquardt", epochs=40, **given, **QUIET)
    theirs = PoissonRegressor(alpha=0, tol=1e-12, max_iter=1000).fit(X, counts[:, 0])
    assert ours.status == "done"
    np.testing.assert_allclose(ours.parameters, [*theirs.coef_, theirs.intercept_], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["newton", "gauss_newton", "levenberg_marquardt"])
def test_singular_and_overflowing_matrices_raise_nothing(name):
    damping = {} if name == "levenberg_marquardt" else {"damping": 0.0}
    dull = np.column_stack([X, np.zeros(30)])  # a column of zeros: the matrix is singular
    given = {"layers": (), "cost": "squared_error", "hyper": damping, "epochs": 2, "optimizer": name}
    assert optlab.train((dull, X[:, 0]), **given, **QUIET).status == "done"
    huge = optlab.train((X * 1e30, X[:, 0]), dtype="float32", **given | {"epochs": 1, "initial": np.full(4, 1e-20)}, **QUIET)
    assert huge.status in ("done", "diverged")
