"""Axes of a study: lists of values, grids that are even in the logarithm or in the number itself, and ranges to search.

In a study file a grid is a table, ``{log = [1e-4, 10], points = 11}``; in Python it is ``optlab.log(1e-4, 10, 11)``. Without points it
is a `Range`, from which a search draws.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SPACINGS = ("log", "linear")


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, drawn evenly in the logarithm ("log") or in the number itself ("linear")."""

    spacing: str
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}, even in the {'logarithm' if self.spacing == 'log' else 'number'}"

    def at(self, share: float) -> float:
        """The value at a share in [0, 1] of the way, rounded to 12 significant digits as grids are."""
        if self.spacing == "linear":
            return _rounded(self.low + (self.high - self.low) * share)
        low, high = math.log10(self.low), math.log10(self.high)
        return _rounded(10.0 ** (low + (high - low) * share))


Values = tuple[Any, ...] | Range
"""An axis as it is read: values to multiply out, or a range to draw from."""


def listed(values: Values) -> tuple[Any, ...]:
    """The values of an axis that is no range; none of a range."""
    return () if isinstance(values, Range) else values


def even(numbers: Sequence[float]) -> str | None:
    """How rising numbers are spaced: "log", "linear", or None where they are not even or fewer than three."""
    if len(numbers) < 3:
        return None
    for spacing in SPACINGS:
        if spacing == "log" and numbers[0] <= 0:
            continue
        scaled = [math.log10(one) for one in numbers] if spacing == "log" else numbers
        step = (scaled[-1] - scaled[0]) / (len(scaled) - 1)
        if all(abs(b - a - step) <= 1e-6 * abs(step) for a, b in itertools.pairwise(scaled)):
            return spacing
    return None


def words(values: Values) -> str:
    """An axis as one reads it: ``11 values from 0.0001 to 10, even in the logarithm``, or the values themselves."""
    if isinstance(values, Range):
        return str(values)
    numbers = [one for one in values if _is_number(one)]
    spacing = even(numbers) if len(numbers) == len(values) > 4 else None
    if spacing is None:
        return ", ".join(f"{one:g}" if isinstance(one, float) else _word(one) for one in values)
    number = "logarithm" if spacing == "log" else "number"
    return f"{len(values)} values from {numbers[0]:g} to {numbers[-1]:g}, even in the {number}"


def _word(value: Any) -> str:
    return "-".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def log(start: float, stop: float, points: int | None = None) -> dict[str, Any]:
    """A grid of `points` values from `start` to `stop`, both included, evenly spaced in the logarithm; a range without `points`.

    Returns the table that a study file would hold. ``log(1e-4, 10, 11)`` has two points per decade.
    """
    return _checked({"log": [start, stop]} | ({} if points is None else {"points": points}))


def linear(start: float, stop: float, points: int | None = None) -> dict[str, Any]:
    """A grid of `points` values from `start` to `stop`, both included, evenly spaced; a range without `points`."""
    return _checked({"linear": [start, stop]} | ({} if points is None else {"points": points}))


def is_grid(value: Any) -> bool:
    """Whether a value of a study file is meant as a grid."""
    return isinstance(value, Mapping) and any(spacing in value for spacing in SPACINGS)


def is_range(value: Any) -> bool:
    """Whether a value of a study file is meant as a range to draw from."""
    return is_grid(value) and "points" not in value


def searched(table: Mapping[str, Any]) -> Range:
    """The range of a table without points.

    Raises:
        ValueError: what is wrong with the table, as the rest of a sentence.
    """
    spacing, low, high = _ends(table)
    if not low < high:
        raise ValueError(f"a range must rise; write {{{spacing} = [lowest, highest]}}")
    return Range(spacing, low, high)


def needs_points(found: Range) -> str:
    """Why a range is no axis of a grid."""
    return (
        "points must be a whole number from 2 to 10000; without points this is a range to draw from, "
        f'which needs search = "random", "sobol" or "halton" (here: {found.spacing} = [{found.low:g}, {found.high:g}])'
    )


def grid(table: Mapping[str, Any]) -> list[float]:
    """The values of a grid table.

    They are rounded to 12 significant digits: then 1e-3 on the grid is the float 0.001 and not 0.0010000000000000002, so the
    same learning rate written by hand is the same trial, and figures print it as one writes it.

    Raises:
        ValueError: what is wrong with the table, as the rest of a sentence.
    """
    spacing, low, high = _ends(table)
    points = table.get("points")
    if not isinstance(points, int) or isinstance(points, bool) or not 2 <= points <= 10_000:
        raise ValueError("points must be a whole number from 2 to 10000")
    if spacing == "log":
        low, high = math.log10(low), math.log10(high)
    steps = [low + (high - low) * k / (points - 1) for k in range(points)]
    return [_rounded(10.0**step if spacing == "log" else step) for step in steps]


def _ends(table: Mapping[str, Any]) -> tuple[str, float, float]:
    """(spacing, first, last) of a grid or a range."""
    spacing = next(name for name in SPACINGS if name in table)
    extra = [name for name in table if name not in (spacing, "points")]
    ends = table[spacing]
    if extra:
        raise ValueError(f"a grid has no key {extra[0]!r}; write {{{spacing} = [first, last], points = n}}")
    if not isinstance(ends, list | tuple) or len(ends) != 2 or not all(_is_number(end) for end in ends):
        raise ValueError(f"{spacing} must hold two finite numbers; write {{{spacing} = [first, last], points = n}}")
    if spacing == "log" and min(ends) <= 0:
        raise ValueError("a logarithmic grid must begin and end above 0")
    return spacing, float(ends[0]), float(ends[1])


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


def as_list(given: Any) -> list[Any]:
    """One value, a list of values or a grid, as a list."""
    if is_grid(given):
        return grid(given)
    return list(given) if isinstance(given, list | tuple) else [given]


def values(given: Any) -> list[Any]:
    """One value, a list of values or a grid, as the values of an axis.

    Raises:
        ValueError: an empty list, a value twice, a malformed grid.
    """
    found = as_list(given)
    if not found:
        raise ValueError("an axis needs at least one value")
    seen: set[tuple[type, Any]] = set()
    for k, value in enumerate(found):
        try:
            twice = (type(value), value) in seen
            seen.add((type(value), value))
        except TypeError:  # a network's layers: a list
            twice = any(type(value) is type(other) and value == other for other in found[:k])
        if twice:
            raise ValueError(f"{value!r} is listed twice")
    return found


def _checked(table: dict[str, Any]) -> dict[str, Any]:
    from optlab.errors import OptlabError

    try:
        searched(table) if is_range(table) else grid(table)
    except ValueError as error:
        raise OptlabError(f"grid {table}: {error}") from error
    return table


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
