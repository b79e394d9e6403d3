"""A hand-written cost against the one it is named after: what it takes, by what factor it differs, thresholds, saturated outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import native, ratio
from optlab.conformance.calling import Function, one_number
from optlab.kinds import Cost, RowCost

Array = npt.NDArray[np.float64]

ROWS, DRAWS = 12, 6
LOGITS, PROBABILITIES = "logits", "probabilities"


@dataclass(frozen=True)
class Draw:
    """Outputs (rows, columns), targets, and the mean cost that is right."""

    y: Array
    t: Array
    right: float


class Stated:
    """The cost as it is meant, and data for it."""

    def __init__(self, cost: Cost | RowCost) -> None:
        self.cost = cost
        self.columns = 1 if cost.link == "sigmoid" else 4
        self.forms = (LOGITS, PROBABILITIES) if cost.link in ("sigmoid", "softmax") else ("",)

    def given(self, y: Array, form: str) -> Array:
        """The outputs in the form that somebody's function takes."""
        if form != PROBABILITIES:
            return y
        with np.errstate(over="ignore"):
            if self.cost.link == "sigmoid":
                return np.asarray(1.0 / (1.0 + np.exp(-y)))
            e = np.exp(y - y.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def draws(self, rows: int, seed: int) -> list[Draw]:
        rng, out = np.random.default_rng(seed), []
        for _ in range(DRAWS):
            y = rng.normal(scale=1.5, size=(rows, self.columns))
            t = self._targets(rng, rows)
            out.append(Draw(y, t, self.value(y, t)))
        return out

    def value(self, y: Array, t: Array) -> float:
        """The mean cost, by the compiled code."""
        return native.cost(self.cost, self.cost.values({}), y, t, "float64") / (len(y) * self.cost.terms(y.shape[1]))

    def _targets(self, rng: np.random.Generator, rows: int) -> Array:
        if self.cost.link == "softmax":
            return np.eye(self.columns)[rng.integers(0, self.columns, rows)]
        if self.cost.link == "identity":
            return rng.normal(size=(rows, self.columns))
        return rng.integers(0, 2, (rows, self.columns)).astype(float)


def cost_defects(f: Function, cost: Cost | RowCost) -> list[str]:
    """What is wrong with f as this cost."""
    stated = Stated(cost)
    draws = stated.draws(ROWS, 4)
    for form in stated.forms:
        fitted = _fit(f, stated, form, draws)
        if fitted.constant():
            out = [] if fitted.right() else [f"it is {ratio.words(fitted.factor)}{_meaning(f, stated, form, fitted.factor)}"]
            return out + _saturated(f, stated, form)
    if all(_thresholded(f, stated, form, draws) for form in stated.forms):
        return ["it is computed from thresholded outputs: it does not change when an output does a little, so no gradient belongs to it"]
    first = draws[0]
    found = one_number(f, stated.given(first.y, stated.forms[-1]), first.t)
    return [f"it is not {cost.name}, by no constant factor: it gives {found:.6g} where {first.right:.6g} is right"]


def _fit(f: Function, stated: Stated, form: str, draws: Sequence[Draw]) -> ratio.Fit:
    return ratio.fit([one_number(f, stated.given(draw.y, form), draw.t) for draw in draws], [draw.right for draw in draws])


def _thresholded(f: Function, stated: Stated, form: str, draws: Sequence[Draw]) -> bool:
    """Whether small changes of the outputs change nothing."""
    return all(
        one_number(f, stated.given(draw.y + change, form), draw.t) == one_number(f, stated.given(draw.y, form), draw.t)
        for draw in draws
        for change in (1e-9, 1e-7 * draw.y)
    )


def _meaning(f: Function, stated: Stated, form: str, factor: float) -> str:
    """What the factor is; half the rows show whether it counts them."""
    other = _fit(f, stated, form, stated.draws(ROWS // 2, 5)).factor
    if abs(factor / other - 2.0) < 1e-9:
        return f" with {ROWS} rows: a sum where a mean is meant"
    if abs(factor - 0.5) < 1e-9 or abs(factor - 2.0) < 1e-9:
        return " (the factor 1/2)"
    k = stated.columns
    meanings: tuple[tuple[float, Any], ...] = (
        (float(k), "a sum over outputs where their mean is meant"),
        (1.0 / k, "a mean over outputs where their sum is meant"),
    )
    return next((f" with {k} outputs: {words}" for value, words in meanings if k > 1 and abs(factor - value) < 1e-9), "")


def _saturated(f: Function, stated: Stated, form: str) -> list[str]:
    """Outputs so sure that exp overflows, or that a probability is exactly 0 or 1."""
    if not form:
        return []
    t = np.eye(stated.columns)[:1]
    for right, y in ((True, 2000.0 * t - 1000.0), (False, 1000.0 - 2000.0 * t)):
        expected, found = stated.value(y, t), one_number(f, stated.given(y, form), t)
        if form == PROBABILITIES and not right:
            bad = np.isnan(found)  # the probability has lost what the logit knew: any large number will do, inf too
        else:
            bad = not np.isclose(found, expected, atol=1e-6)
        if bad:
            words = "logits of 1000 and -1000" if form == LOGITS else "probabilities of exactly 0 and 1"
            sure = "surely right" if right else "surely wrong"
            return [f"it overflows, or takes log(0): {words}, {sure}, give {found:g} where {expected:.6g} is right"]
    return []
