"""Requests for curvature and the rules that make them: against jax, scikit-learn, scipy, optax and recorded numbers."""

import functools
import json
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import least_squares
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression, PoissonRegressor

import optlab
from optlab.errors import OptlabError
from optlab.plugin import DONE, EVALUATE, GAUSS_NEWTON, HESSIAN_VECTOR, SAMPLED_GRADIENT, NonNegative, Positive, vector_rule
from optlab.stages import requests_of
from optlab.streams import Streams
from tests import naive
from tests.kernel.test_curvature import drawn

RECORDED = json.loads((Path(__file__).parent / "optimizers" / "published_sophia.json").read_text())
RULES = {name: rule for name, rule in optlab.catalogue()["optimizers"].items() if requests_of(rule) - {EVALUATE}}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(30, 3))
CASES = [
    ("squared_error", "tanh", "sigmoid", RANDOM.normal(size=(30, 2))),
    ("softmax_cross_entropy", "sigmoid", "identity", np.eye(3)[RANDOM.integers(3, size=30)]),
    ("binary_cross_entropy", "tanh", "identity", RANDOM.integers(2, size=(30, 2)).astype(float)),
]
L2 = 0.05
QUIET = {"batch_size": "full", "quiet": True}


@vector_rule(operations=1.0)
def hessian_column(w, g, before, slope, *, call, direction, answer, column: NonNegative = 0.0):
    """Makes w a column of the Hessian, or nan where w or g did not come back as they were."""
    if call == 0:
        before[:], slope[:] = w, g
        direction[:] = 0
        direction[int(column)] = 1
        return HESSIAN_VECTOR
    changed = np.sum(before != w) + np.sum(slope != g)
    for i in range(len(w)):
        w[i] = answer[i] if changed == 0 else np.nan
    return DONE


@vector_rule(operations=1.0)
def matrix_column(w, g, before, slope, *, call, matrix, column: NonNegative = 0.0):
    """The same of the Gauss-Newton matrix."""
    if call == 0:
        before[:], slope[:] = w, g
        return GAUSS_NEWTON
    changed = np.sum(before != w) + np.sum(slope != g)
    for i in range(len(w)):
        w[i] = matrix[i, int(column)] if changed == 0 else np.nan
    return DONE


def found(probe, case, w, dtype="float64"):
    """The whole matrix, column by column."""
    cost, hidden, output, Y = case
    given = {
        "layers": (4,),
        "activation": hidden,
        "output": output,
        "cost": cost,
        "task": "regression",
        "l2": L2,
        "initial": w,
        "epochs": 1,
    }
    columns = [optlab.train((X, Y), optimizer=probe, hyper={"column": j}, dtype=dtype, **given, **QUIET).parameters for j in range(len(w))]
    return np.array(columns).T


@functools.cache
def with_jax(which):
    """(w, Hessian, generalised Gauss-Newton matrix) of the objective of a case, by exact derivatives in float64."""
    jax = pytest.importorskip("jax", reason="jax is not installed (extra `peers`)")
    jnp = jax.numpy
    functions = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "identity": lambda z: z}
    costs = {
        "squared_error": lambda y, t: jnp.mean((y - t) ** 2),
        "softmax_cross_entropy": lambda y, t: -jnp.mean(jnp.sum(t * jax.nn.log_softmax(y), axis=1)),
        "binary_cross_entropy": lambda y, t: jnp.mean(jnp.logaddexp(0, y) - t * y),
    }
    cost, hidden, output, Y = CASES[which]
    sizes = (3, 4, Y.shape[1])
    w = np.random.default_rng(1).normal(size=16 + 5 * Y.shape[1])
    with jax.enable_x64(True):
        mask = naive.weights_mask(sizes)

        def outputs(w):
            (W1, b1), (W2, b2) = naive.unpack(w, sizes)
            return functions[output](functions[hidden](X @ W1 + b1) @ W2 + b2)

        def objective(w):
            return costs[cost](outputs(w), Y) + L2 / 2 * jnp.sum(jnp.where(mask, w, 0) ** 2)

        y = outputs(jnp.array(w))
        J = jax.jit(jax.jacobian(outputs))(w).reshape(y.size, -1)
        H_out = jax.jit(jax.hessian(lambda y: costs[cost](y, Y)))(y).reshape(y.size, y.size)
        return w, np.array(jax.jit(jax.hessian(objective))(w)), np.array(J.T @ H_out @ J) + L2 * np.diag(mask)


@pytest.mark.parametrize(("dtype", "near"), [("float64", 2e-9), ("float32", 1e-3)])
@pytest.mark.parametrize("which", range(3), ids=lambda which: CASES[which][0])
def test_curvature_of_networks_equals_jax(which, dtype, near):
    (w, hessian, matrix), case = with_jax(which), CASES[which]
    assert np.abs(found(hessian_column, case, w, dtype) - hessian).max() <= near * np.abs(hessian).max()
    assert np.abs(found(matrix_column, case, w, dtype) - matrix).max() <= near * np.abs(matrix).max()


def test_curvature_of_objectives():
    x, y = -1.2, 1.0
    columns = [optlab.minimise("rosenbrock", hessian_column, {"column": j}, start=(x, y), steps=1).parameters for j in range(2)]
    np.testing.assert_allclose(np.array(columns), [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200]], rtol=1e-8)
    quadratic = optlab.quadratic(np.geomspace(1, 100, 5), noise=0.1)
    columns = [optlab.minimise(quadratic, hessian_column, {"column": j}, steps=1).parameters for j in range(5)]
    np.testing.assert_allclose(np.array(columns), quadratic.matrix, atol=1e-8)


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


def sophia_in_python(gradients, samples, start, terms, hyper):
    """The author's function, called as the training loop calls it."""
    rule, w, m, h, path = RULES["sophia_g"], start.copy(), np.zeros(len(start)), np.zeros(len(start)), []
    values = rule.values(hyper)
    for t, (g, sample) in enumerate(zip(gradients, samples, strict=True), start=1):
        asked = rule(w, g, m, h, t=t, call=0, sampled=np.full(len(w), np.nan), terms=terms, **values)
        if asked == SAMPLED_GRADIENT:
            assert rule(w, g, m, h, t=t, call=1, sampled=sample, terms=terms, **values) == DONE
        path.append(w.copy())
    return np.array(path)


def tape():
    t, k = np.arange(1, 41)[:, None], np.arange(1, 12)
    return np.cos(0.7 * k * k * t), 0.1 * np.sin(0.3 * k * t * t + 1)


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: f"{case['hyper']['lr']}")
def test_sophia_equals_its_authors_code(case):
    """Theirs steps by lr clip(m / h, gamma), h the mean of squared sampled gradients: lr, gamma and decay were put in its terms."""
    path = sophia_in_python(*tape(), np.linspace(-1, 1, 11), RECORDED["terms"], case["hyper"])[np.array(RECORDED["steps"]) - 1]
    assert np.abs(path - case["w"]).max() <= 1e-11


@pytest.mark.parametrize("hyper", [{"lr": 0.01}, {"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "gamma": 2.0, "weight_decay": 0.01, "every": 3}])
def test_sophia_equals_optax(hyper):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    contrib = pytest.importorskip("optax.contrib")
    given = RULES["sophia_g"].values({**hyper, "dialect": "optax"})
    estimate = optax.GradientTransformationExtraArgs(lambda w: optax.EmptyState(), lambda g, state, w=None, *, sample, **_: (sample, state))
    with jax.enable_x64(True):
        keys = {"b1": "beta1", "b2": "beta2", "eps": "eps", "weight_decay": "weight_decay", "gamma": "gamma", "update_interval": "every"}
        theirs = contrib.sophia(given["lr"], hessian_diagonal_fn=estimate, **{name: given[own] for name, own in keys.items()})
        w, path = jax.numpy.linspace(-1, 1, 11), []
        state = theirs.init(w)
        for g, sample in zip(*tape(), strict=True):
            step, state = theirs.update(jax.numpy.array(g), state, w, sample=32 * jax.numpy.array(sample) ** 2)
            w = w + step
            path.append(np.array(w))
    np.testing.assert_allclose(sophia_in_python(*tape(), np.linspace(-1, 1, 11), 32, given), path, rtol=1e-10, atol=1e-13)


def test_sophia_trains_with_labels_drawn_from_the_trials_stream():
    """Mini-batches, softmax: the whole training against the plain twins of network, generator and rule."""
    labels = RANDOM.integers(3, size=30)
    orders = np.array([np.random.default_rng(k).permutation(30) for k in range(4)])
    start, sizes, hyper = RANDOM.normal(size=31), (3, 4, 3), {"lr": 0.1, "every": 3}
    given = {"layers": (4,), "activation": "tanh", "optimizer": "sophia_g", "hyper": hyper, "epochs": 4, "batch_size": 10, "quiet": True}
    ours = optlab.train((X, labels), initial=start, orders=orders, seed=7, **given).parameters
    rule, w, m, h = RULES["sophia_g"], start.copy(), np.zeros(31), np.zeros(31)
    key, layers = Streams(7).order_key(), ["tanh", "identity"]
    for t, rows in enumerate(orders.reshape(12, 10), start=1):
        g = naive.network_gradient(w, X[rows], np.eye(3)[labels[rows]], sizes, layers, "softmax_cross_entropy")[1] / 10
        said = drawn(naive.outputs(w, X[rows], sizes, layers), True, t, 0, key)
        sampled = naive.network_gradient(w, X[rows], said, sizes, layers, "softmax_cross_entropy")[1] / 10
        rule(w, g, m, h, t=t, call=1, sampled=sampled, terms=10, **rule.values(hyper))
    np.testing.assert_allclose(ours, w, rtol=1e-10, atol=1e-12)


def test_sampled_labels_are_the_same_in_any_thread():
    def trained(seed):
        return optlab.train("iris", layers=(4,), optimizer="sophia_g", seed=seed, epochs=5, quiet=True).parameters.tobytes()

    alone = [trained(seed) for seed in (0, 0, 1)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(trained, (0, 0, 1))) == alone
    assert alone[0] == alone[1] != alone[2]


TRAINED = {  # hyper-parameters, epochs, test accuracy; the lowest on seeds 11 to 15 was 0.92 of newton, 0.956 of the others
    "newton": ({}, 20, 0.91),
    "gauss_newton": ({}, 20, 0.95),
    "levenberg_marquardt": ({}, 20, 0.95),
    "sophia_g": ({"lr": 0.03}, 100, 0.95),
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_trains(name):
    hyper, epochs, accuracy = TRAINED[name]
    outcome = optlab.train("breast_cancer", layers=(3,), optimizer=name, hyper=hyper, epochs=epochs, l2=1e-3, seed=11, **QUIET)
    assert outcome.history["test_metric"].iloc[-1] >= accuracy


@pytest.mark.parametrize("name", ["newton", "gauss_newton", "levenberg_marquardt"])
def test_singular_and_overflowing_matrices_raise_nothing(name):
    damping = {} if name == "levenberg_marquardt" else {"damping": 0.0}
    dull = np.column_stack([X, np.zeros(30)])  # a column of zeros: the matrix is singular
    given = {"layers": (), "cost": "squared_error", "hyper": damping, "epochs": 2, "optimizer": name}
    assert optlab.train((dull, X[:, 0]), **given, **QUIET).status == "done"
    huge = optlab.train((X * 1e30, X[:, 0]), dtype="float32", **given | {"epochs": 1, "initial": np.full(4, 1e-20)}, **QUIET)
    assert huge.status in ("done", "diverged")


def test_what_nothing_serves_is_said():
    regression = (X, X[:, 0])
    softmax = "optimizer sophia_g asked for a sampled gradient in step 1, .* networks alone have one, with a softmax or sigmoid cost"
    outcome = optlab.train(regression, layers=(2,), optimizer="sophia_g", epochs=1, quiet=True)
    assert outcome.status == "error"
    with pytest.raises(AssertionError, match=softmax):
        raise AssertionError(outcome.sentence)
    assert "asked for a Gauss-Newton matrix in step 1" in optlab.minimise("rosenbrock", "gauss_newton", steps=1).sentence
    with pytest.raises(OptlabError, match="newton asked for a Hessian-vector product in step 1"):
        optlab.trajectory("newton", np.ones((2, 3)), np.ones(3))


def test_asking_too_often_ends_the_run():
    @vector_rule(operations=1.0)
    def endless(w, g, *, call, direction, answer, lr: Positive = 1.0):
        direction[:] = 1
        return HESSIAN_VECTOR

    assert "asked for more than 1000 answers in step 1" in optlab.minimise("rosenbrock", endless, steps=1).sentence


def test_declarations_that_do_not_fit_are_refused():
    with pytest.raises(OptlabError, match="matrix is filled in upon a request; a rule that makes requests names `call`"):

        @vector_rule(operations=1.0)
        def silent(w, g, *, matrix, lr: Positive = 1.0):
            w -= lr * matrix @ g

    with pytest.raises(OptlabError, match="direction and answer belong together"):

        @vector_rule(operations=1.0)
        def half(w, g, *, call, direction, lr: Positive = 1.0):
            return HESSIAN_VECTOR


def test_what_an_answer_costs_is_counted():
    given = {"layers": (4,), "epochs": 1, "hyper": {"column": 0}, "cost": "squared_error"}
    plain = optlab.train((X, X[:, :2]), optimizer="gd", **given | {"hyper": {}}, **QUIET).flops
    per_gradient = plain - 2 * 26  # gd's own
    assert optlab.train((X, X[:, :2]), optimizer=hessian_column, **given, **QUIET).flops == 3 * per_gradient + 26
    assert optlab.train((X, X[:, :2]), optimizer=matrix_column, **given, **QUIET).flops == (1 + 2) * per_gradient + 26


def test_every_reference_that_a_rule_names_is_compared_with():
    compared = {
        "newton": {"sklearn.linear_model.LogisticRegression 1.9"},
        "gauss_newton": {"sklearn.linear_model.LogisticRegression 1.9"},
        "levenberg_marquardt": {"scipy.optimize.least_squares 1.17"},
        "sophia_g": {"optax.contrib.sophia 0.2.8", *(case["source"] for case in RECORDED["cases"])},
    }
    assert {name: set(rule.verified) for name, rule in RULES.items()} == compared


@pytest.mark.parametrize(("package", "wanted"), [("scikit-learn", "1.9"), ("scipy", "1.17"), ("optax", "0.2.8")])
def test_the_versions_named_are_those_compared_with(package, wanted):
    pytest.importorskip({"scikit-learn": "sklearn"}.get(package, package))
    assert version(package).startswith(wanted)
