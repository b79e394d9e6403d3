"""Where the answer is known in closed form: least squares, ridge, lasso, steps on quadratics, the smallest network, a derivative.

Costs here are mean squared errors, so the normal equations have X'X / n, and the penalties are l2 sum(w^2) / 2 and l1 sum|w|; the
intercept is not penalised. Each line gives how far training ends from the formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.formula.worked import autodiff
from optlab.gradients import gradient
from optlab.objectives.descent import Descent, minimise
from optlab.objectives.quadratics import quadratic
from optlab.plugin import cost
from optlab.selftest.record import Number, at_most, equal, relative
from optlab.training import train

Array = npt.NDArray[Any]

NAME, TITLE = "closed-forms", "closed forms"
REMARK = ""
NOTES = "M. Hjorth-Jensen, lecture notes FYS-STK4155"
ELEMENTS = "Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009)"
DEGREE, POINTS = 5, 100
LEARNING_RATE, EPOCHS = 0.15, 50_000
L2, L1 = 0.1, 0.02
ROUNDING = 1e-9


@cost
def halved_square(y, t):  # type: ignore[no-untyped-def]  # a formula, traced
    """The notes' C, half the square of what the network misses."""
    return (t - y) ** 2 / 2


def runge() -> tuple[Array, Array]:
    """Polynomial features of degree 5, standardised, and the Runge function 1 / (1 + 25 x^2) with noise, at 100 points."""
    stream = np.random.RandomState(0)
    x = stream.uniform(-1, 1, POINTS)
    X = x[:, None] ** np.arange(1, DEGREE + 1)
    return (X - X.mean(0)) / X.std(0), 1 / (1 + 25 * x**2) + stream.normal(0, 0.1, POINTS)


def fit(epochs: int, **penalty: Any) -> tuple[Array, float]:
    """(coefficients, intercept) of full-batch gradient descent with a fixed step."""
    X, y = runge()
    outcome = train(
        (X, y), layers=(), output="identity", cost="squared_error", optimizer="gd", hyper={"lr": LEARNING_RATE}, epochs=epochs,
        batch_size="full", initial=np.zeros(DEGREE + 1), evaluate_every=0, quiet=True, **penalty,
    )  # fmt: skip
    return outcome.parameters[:-1], float(outcome.parameters[-1])


def regressions(epochs: int = EPOCHS) -> Iterator[Number]:
    """OLS, Ridge and Lasso of the Runge function."""
    from sklearn.linear_model import Lasso

    X, y = runge()
    centred, gram = y - y.mean(), X.T @ X / POINTS
    for name, l2, where in (("OLS", 0.0, "eq. 3.6"), ("Ridge", L2, "eq. 3.44")):
        closed = np.linalg.solve(2 * gram + l2 * np.eye(DEGREE), 2 * X.T @ centred / POINTS)
        w, b = fit(epochs, l2=l2)
        gap = max(float(np.abs(w - closed).max()), abs(b - y.mean()))
        yield at_most(f"{name} on the Runge function: largest gap of a coefficient", gap, ROUNDING, f"{ELEMENTS}, {where}")
    w, _ = fit(epochs, l1=L1, l1_mode="proximal")
    slope, used = 2 * X.T @ (centred - X @ w) / POINTS, w != 0
    source = "Buhlmann and van de Geer, Statistics for High-Dimensional Data (2011), lemma 2.1"
    yield at_most("Lasso: |slope - l1 sign(w)| where w is not 0", np.abs(slope - L1 * np.sign(w))[used].max(), ROUNDING, source)
    yield at_most("Lasso: largest |slope| where w is 0, against l1", np.abs(slope[~used]).max(), L1, source, ".4g")
    peer = Lasso(alpha=L1 / 2, tol=1e-14, max_iter=1_000_000).fit(X, y)
    yield equal("Lasso: coefficients that are exactly 0", int((~used).sum()), float((peer.coef_ == 0).sum()), "sklearn.linear_model.Lasso")
    yield at_most("Lasso: largest gap of a coefficient", np.abs(w - peer.coef_).max(), 1e-7, "sklearn.linear_model.Lasso")


def contraction() -> Iterator[Number]:
    """How fast the distance to the minimum of a quadratic shrinks: eigenvalues 1 to 100, turned by a random rotation."""
    low, high, steps = 1.0, 100.0, 100
    bowl = quadratic([low, high], seed=1)
    _, axes = np.linalg.eigh(bowl.matrix)
    start = axes.sum(axis=1)

    def along(found: Descent, axis: int) -> Array:
        assert found.path is not None
        return np.asarray(found.path @ axes[:, axis])

    found = minimise(bowl, "gd", {"lr": 2 / (low + high)}, start, steps)
    assert found.path is not None
    norms = np.linalg.norm(found.path, axis=1)
    source = "Nesterov, Introductory Lectures on Convex Optimization (2004), theorem 2.1.15"
    rate = (high - low) / (high + low)
    yield relative("gd with lr = 2 / (m + L): distance after a step, times", norms[-1] / norms[-2], rate, source, 1e-12, ".10f")
    found = minimise(bowl, "gd", {"lr": 2.02 / high}, start, steps)
    grown = along(found, 1)
    yield relative("gd with lr = 2.02 / L: the steepest direction, times", grown[-1] / grown[-2], -1.02, source, 1e-12, ".10f")
    root_low, root_high = math.sqrt(low), math.sqrt(high)
    lr, root = (2 / (root_low + root_high)) ** 2, (root_high - root_low) / (root_high + root_low)
    found = minimise(bowl, "momentum", {"lr": lr, "mu": root**2}, start, steps)
    source = "Polyak, USSR Comput. Math. 4 (1964) 1, theorem 9"
    closed = (1 + steps * ((1 - lr * low) / root - 1)) * root**steps  # a double root: (1 + k b) root^k
    yield relative(f"momentum at its best: the flattest direction after {steps} steps", along(found, 0)[-1], closed, source, 1e-10, ".10g")


def smallest_network() -> Iterator[Number]:
    """a1 = w1 x, y = w2 a1, C = (t - y)^2 / 2: two gradients and one update each."""
    x, t, w1, w2, lr = 2.0, 1.0, 0.5, -1.5, 0.01
    initial = np.array([w1, 0.0, w2, 0.0])  # the notes' network has no biases: they are 0 and their gradients not looked at
    off, a1 = w2 * w1 * x - t, w1 * x
    closed = {"w1": off * w2 * x, "w2": off * a1}
    _, slopes = gradient(initial, [[x]], [[t]], (1, 1, 1), ["identity", "identity"], halved_square)
    moved = train(
        ([[x]], [[t]]), layers=(1,), activation="identity", output="identity", task="regression", optimizer="gd", hyper={"lr": lr},
        epochs=1, batch_size=1, initial=initial, cost=halved_square, quiet=True,
    )  # fmt: skip
    source = f"{NOTES}, the simplest neural network"
    for k, name in ((0, "w1"), (2, "w2")):
        yield relative(f"smallest network: dC/d{name}", slopes[k], closed[name], source, 1e-15)
        yield relative(f"smallest network: {name} after a step", moved.parameters[k], initial[k] - lr * closed[name], source, 1e-15)


def derivative() -> Iterator[Number]:
    """f(x) = sqrt(x^2 + exp(x^2)) of the notes on automatic differentiation."""
    formula, x, source = autodiff("sqrt(x**2 + exp(x**2))"), 1.5, f"{NOTES}, automatic differentiation"
    closed = x * (1 + math.exp(x * x)) / math.sqrt(x * x + math.exp(x * x))
    yield relative("sqrt(x^2 + exp(x^2)): forward derivative at 1.5", formula.forward(x=x)["x"], closed, source, 1e-15, ".15g")
    yield relative("sqrt(x^2 + exp(x^2)): reverse derivative at 1.5", formula.reverse(x=x)["x"], closed, source, 1e-15, ".15g")
    yield equal("sqrt(x^2 + exp(x^2)): operations as written", formula.flops, 5, source)


def numbers(progress: Callable[[str], None], epochs: int = EPOCHS) -> Iterator[Number]:
    """All of them."""
    progress("least squares, ridge and lasso")
    yield from regressions(epochs)
    progress("quadratics")
    yield from contraction()
    progress("the smallest network")
    yield from smallest_network()
    yield from derivative()
