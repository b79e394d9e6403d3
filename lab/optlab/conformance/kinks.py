"""Where a function of one variable bends or jumps: found from its values alone, by left and right difference quotients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

REACH, SPACING = 12.0, 1.0 / 64.0
_HALVINGS = 15  # of the bracket, to 1/64 / 2^15 = 5e-7: below, rounding of the values hides what is left of a smooth bend
_MOST = 24


class Kink(NamedTuple):
    """A bend at `at`: slopes from the left and from the right, and the jump of the value (0 where it is continuous)."""

    at: float
    left: float
    right: float
    jump: float


def find(function: Callable[[Array], Array]) -> list[Kink]:
    """The kinks of an elementwise function on [-12, 12], from the left to the right."""
    x = np.arange(-REACH, REACH + SPACING, SPACING) + SPACING * 0.381966  # no grid point on a round number
    with np.errstate(all="ignore"):
        quotients = np.diff(function(x)) / SPACING
        bends = np.abs(np.diff(quotients))
        bends[~np.isfinite(bends)] = 0.0
        scale = float(np.abs(quotients[np.isfinite(quotients)]).max(initial=0.0))
        if scale == 0.0:
            return []
        padded = np.concatenate([[0.0], bends, [0.0]])
        tops = np.flatnonzero((bends > 1e-6 * scale) & (bends >= padded[:-2]) & (bends >= padded[2:]))
        tops = tops[np.argsort(bends[tops])[::-1][:_MOST]]
        found: list[Kink] = []
        for k in tops:
            at, bend = _closer(function, float(x[k]), float(x[k + 2]))
            if bend > 1e-3 * max(1e-3 * scale, float(np.abs(quotients[max(0, k - 8) : k + 9]).max())):
                kink = _describe(function, at)
                if kink is not None and all(abs(kink.at - other.at) > 1e-4 for other in found):
                    found.append(kink)
    return sorted(found)


def _closer(function: Callable[[Array], Array], low: float, high: float) -> tuple[float, float]:
    """(place, change of the quotient there) after halving the bracket around its sharpest bend."""
    bend = 0.0
    for _ in range(_HALVINGS):
        points = np.linspace(low, high, 5)
        bends = np.abs(np.diff(np.diff(function(points)) / np.diff(points)))
        sharpest = int(np.argmax(np.nan_to_num(bends)))
        bend, low, high = float(bends[sharpest]), points[sharpest], points[sharpest + 2]
    return 0.5 * (low + high), bend


def _describe(function: Callable[[Array], Array], at: float) -> Kink | None:
    at = round(at, 3) if abs(at - round(at, 3)) < 2e-6 else at
    at = at or 0.0  # not -0.0
    h = 1e-5 * max(1.0, abs(at))
    right, left = function(at + h * np.array([1.0, 2.0, 3.0])), function(at - h * np.array([1.0, 2.0, 3.0]))
    slopes = [float(s @ np.array([-2.5, 4.0, -1.5])) / h for s in (-left, right)]  # to second order, from one side
    ends = [float(s @ np.array([3.0, -3.0, 1.0])) for s in (left, right)]
    jump = ends[1] - ends[0]
    jump = jump if abs(jump) > 1e-6 * max(1.0, abs(ends[0]), abs(ends[1])) else 0.0
    bent = abs(slopes[1] - slopes[0]) > 1e-4 * max(abs(slopes[0]), abs(slopes[1]))
    if not all(np.isfinite([*slopes, jump])) or not (bent or jump):
        return None
    return Kink(at, slopes[0], slopes[1], jump)
