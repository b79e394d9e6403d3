"""Does it arrive: on a convex quadratic, in Rosenbrock's valley, under noise, in logistic regression; at the best of a few rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance.record import Check
from optlab.conformance.update.paths import rate_name
from optlab.hyper import Value
from optlab.objectives.descent import minimise
from optlab.objectives.quadratics import quadratic
from optlab.requests import GAUSS_NEWTON, SAMPLED_GRADIENT
from optlab.rules import Rule
from optlab.stages import requests_of
from optlab.training import train

Array = npt.NDArray[Any]

SECTION = "Properties"
RATES = tuple(float(f"{10.0**k:.2g}") for k in np.arange(-4, 1.51, 0.5))
STEPS = 2000
CONVERGED = 1e-2
"""Of the first value above the minimum: what any rule reaches that descends at all."""


@dataclass(frozen=True)
class Course:
    """One thing to minimise. gap: hyper-parameters -> last value above the minimum over the first; judged: whether it must fall.

    network: it is one, and serves what networks alone have.
    """

    name: str
    gap: Callable[[Rule, dict[str, Value]], float]
    judged: bool
    network: bool = False


def check(rule: Rule) -> Iterator[Check]:
    """Each course, at the best learning rate."""
    for course in COURSES:
        yield _course(rule, course)


def _course(rule: Rule, course: Course) -> Check:
    if requests_of(rule) & {GAUSS_NEWTON, SAMPLED_GRADIENT} and not course.network:
        return Check(SECTION, course.name, None, "it asks for what networks alone have")
    name = rate_name(rule)
    domain = rule.hyper[name].domain if name else None
    rates = [rate for rate in RATES if domain is not None and rate in domain]
    tried = [(course.gap(rule, {name: rate}), rate) for rate in rates] if rates else [(course.gap(rule, {}), math.nan)]
    best, rate = min(tried, key=lambda pair: pair[0] if math.isfinite(pair[0]) else math.inf)
    where = f" at {name} = {rate:g}, the best of {len(rates)}" if rates else ", without a learning rate to choose"
    if not math.isfinite(best):
        return Check(SECTION, course.name, False if course.judged else None, f"diverges{where}", {"rates": len(rates)})
    fell = best <= CONVERGED
    sentence = f"{STEPS} steps leave {best:.2g} of the first gap{where}"
    return Check(SECTION, course.name, True if fell else False if course.judged else None, sentence, {"left": best, "rate": rate})


def _quadratic(noise: float) -> Callable[[Rule, dict[str, Value]], float]:
    objective = quadratic(np.geomspace(1.0, 100.0, 10), noise=noise)

    def gap(rule: Rule, hyper: dict[str, Value]) -> float:
        ran = minimise(objective, rule, hyper, steps=STEPS, keep_path=False, every_step=False)
        return ran.value / float(ran.values[0])

    return gap


def _rosenbrock(rule: Rule, hyper: dict[str, Value]) -> float:
    ran = minimise("rosenbrock", rule, hyper, start=(-1.2, 1.0), steps=STEPS, keep_path=False, every_step=False)
    return ran.value / float(ran.values[0])


def logistic() -> tuple[Array, Array, float, float]:
    """(X, y, mean cross-entropy at 0, at its optimum): 80 points of two classes that overlap, 3 features of unequal scale."""
    rng = np.random.default_rng(9)
    X = rng.normal(size=(80, 3)) * np.array([1.0, 0.5, 2.0])
    y = (X @ np.array([1.0, -2.0, 0.5]) + 0.3 + 1.5 * rng.logistic(size=80) > 0).astype(float)
    full, w = np.column_stack([X, np.ones(80)]), np.zeros(4)
    for _ in range(30):  # Newton's method: to rounding after eight
        p = 1.0 / (1.0 + np.exp(-full @ w))
        w = w - np.linalg.solve((full * (p * (1 - p))[:, None]).T @ full, full.T @ (p - y))

    def value(at: Array) -> float:
        z = full @ at
        return float(np.mean(np.logaddexp(0.0, z) - y * z))

    return X, y, value(np.zeros(4)), value(w)


def _logistic(rule: Rule, hyper: dict[str, Value]) -> float:
    X, y, first, optimum = logistic()
    ran = train(
        (X, y), (), optimizer=rule, cost="binary_cross_entropy", output="identity", hyper=hyper, epochs=STEPS, batch_size="full",
        evaluate_every=0, initial=np.zeros(4), task="classification", order="fixed", quiet=True,
    )  # fmt: skip
    if ran.status != "done":
        return math.inf
    return max(0.0, float(ran.history["train_cost"].iloc[-1]) - optimum) / (first - optimum)


COURSES = (
    Course("convex quadratic, condition 100", _quadratic(0.0), judged=True),
    Course("Rosenbrock's valley", _rosenbrock, judged=False),
    Course("quadratic with noise 0.1", _quadratic(0.1), judged=False),
    Course("logistic regression", _logistic, judged=False, network=True),
)
