"""Derivatives by every way side by side: forward, reverse, by hand, finite differences, with their errors and what each costs.

Errors are differences from reverse accumulation, whose own error is a few units in the last place. Costs count operations as
the lecture notes do, each elementary function 1, from the graphs themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optlab.errors import OptlabError
from optlab.formula.worked import Formula

FORWARD, CENTRAL = "forward difference", "central difference"
_ROUND = {FORWARD: 1 / 2, CENTRAL: 1 / 3}  # truncation h and h**2 against rounding eps / h: the best step is near eps to this power
_AROUND = 3  # steps to either side in a sweep of 8 per decade
_PER_VARIABLE = {FORWARD: 3, CENTRAL: 4}  # x + h, -, / h; and x + h, x - h, -, / (2h)


class Way(NamedTuple):
    """One way to the derivatives.

    Attributes:
        name: forward accumulation, reverse accumulation, by hand, forward difference, central difference.
        derivative: by the variable's name.
        error: its distance from reverse accumulation, likewise.
        step: of a finite difference, likewise; empty for the others.
        flops: operations for all derivatives, each formula as written; the value itself is counted where the way computes it.
        flops_shared: the same when equal intermediates are computed once; None where nothing can be shared.
    """

    name: str
    derivative: dict[str, float]
    error: dict[str, float]
    step: dict[str, float]
    flops: int
    flops_shared: int | None


def ways(formula: Formula, at: Mapping[str, Any], by_hand: Mapping[str, Formula] | None = None) -> list[Way]:
    """All ways at one point; `by_hand` gives hand-written derivatives by the variable's name."""
    exact = formula.reverse(**at)

    def way(name: str, derivative: dict[str, float], step: dict[str, float], flops: int, flops_shared: int | None) -> Way:
        error = {each: _distance(derivative[each], exact[each]) for each in derivative}
        return Way(name, derivative, error, step, flops, flops_shared)

    found = [
        way("forward accumulation", formula.forward(**at), {}, formula.tangents.flops, formula.tangents.flops_shared),
        way("reverse accumulation", exact, {}, formula.adjoints.flops, formula.adjoints.flops_shared),
    ]
    if by_hand:
        written = {name: hand.value(**_known(formula, hand, at)) for name, hand in by_hand.items()}
        found.append(
            way("by hand", written, {}, sum(h.flops for h in by_hand.values()), sum(h.flops_shared for h in by_hand.values())),
        )
    for kind in (FORWARD, CENTRAL):
        step = {name: usual_step(kind, float(at[name])) for name in formula.variables}
        derivative = {name: float(difference(formula, at, name, kind, np.array([step[name]]))[0]) for name in formula.variables}
        found.append(way(kind, derivative, step, difference_flops(formula, kind), None))
    return found


def _known(formula: Formula, hand: Formula, at: Mapping[str, Any]) -> dict[str, Any]:
    point = formula.point(dict(at))
    unknown = [name for name in hand.variables if name not in point]
    if unknown:
        raise OptlabError(f"the derivative {hand.text[:60]!r} uses {', '.join(unknown)}, which the formula does not have")
    return {name: point[name] for name in hand.variables}


def _distance(found: float, exact: float) -> float:
    return 0.0 if found == exact else abs(found - exact)


def usual_step(kind: str, x: float) -> float:
    """The step that balances truncation and rounding for a function of order one: eps**(1/2) or eps**(1/3), times max(1, |x|)."""
    size = max(1.0, abs(x)) if np.isfinite(x) else 1.0
    return float(np.finfo(float).eps ** _ROUND[kind] * size)


def difference(formula: Formula, at: Mapping[str, Any], variable: str, kind: str, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Finite differences by one variable, one for each step."""
    x = float(at[variable])
    lower = np.full_like(steps, x) if kind == FORWARD else x - steps
    with np.errstate(all="ignore"):
        upper_value, lower_value = (formula.value(**{**at, variable: place}) for place in (x + steps, lower))
        made: NDArray[np.float64] = (upper_value - lower_value) / (steps if kind == FORWARD else 2 * steps)
    return made


def difference_flops(formula: Formula, kind: str) -> int:
    """Operations of all finite differences: the value once more per variable (forward), or twice per variable (central)."""
    count, own = len(formula.variables), formula.flops
    return own + count * (own + _PER_VARIABLE[kind]) if kind == FORWARD else count * (2 * own + _PER_VARIABLE[kind])


class Sweep(NamedTuple):
    """Errors of the finite differences of one kind against the step.

    `best` is the place of the smallest error where the errors around it (a third of a decade to either side) are smallest at
    their worst: an error that passes through 0 by accident is no good step.
    """

    kind: str
    steps: NDArray[np.float64]
    errors: NDArray[np.float64]

    @property
    def best(self) -> int | None:
        errors = np.where(np.isfinite(self.errors), self.errors, np.inf)
        around = np.max([np.roll(errors, shift) for shift in range(-_AROUND, _AROUND + 1)], axis=0)[_AROUND:-_AROUND]
        if not np.isfinite(around).any():
            return None
        first = int(np.argmin(around))
        return first + int(np.argmin(errors[first : first + 2 * _AROUND + 1]))


def sweeps(formula: Formula, at: Mapping[str, Any], variable: str, per_decade: int = 8) -> list[Sweep]:
    """Errors for steps from 1e-16 to 1, times max(1, |x|)."""
    exact, x = formula.reverse(**at)[variable], float(at[variable])
    steps = 10.0 ** np.linspace(-16, 0, 16 * per_decade + 1) * max(1.0, abs(x))
    return [Sweep(kind, steps, np.abs(difference(formula, at, variable, kind, steps) - exact)) for kind in (FORWARD, CENTRAL)]
