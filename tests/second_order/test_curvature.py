"""Answers to requests for curvature: those of jax and of derivatives by hand; and what cannot be asked for."""

import functools

import numpy as np
import pytest

import optlab
from optlab.errors import OptlabError
from optlab.plugin import HESSIAN_VECTOR, Positive, vector_rule
from tests import naive
from tests.second_order.cases import QUIET, RANDOM, X, hessian_column, matrix_column

CASES = [
    ("squared_error", "tanh", "sigmoid", RANDOM.normal(size=(30, 2))),
    ("softmax_cross_entropy", "sigmoid", "identity", np.eye(3)[RANDOM.integers(3, size=30)]),
    ("binary_cross_entropy", "tanh", "identity", RANDOM.integers(2, size=(30, 2)).astype(float)),
]
L2 = 0.05


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
