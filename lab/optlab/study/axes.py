"""Axes of a study: lists of values, and grids that are even in the logarithm or in the number itself.

In a study file a grid is a table, ``{log = [1e-4, 10], points = 11}``; in Python it is ``optlab.log(1e-4, 10, 11)``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

SPACINGS = ("log", "linear")


def log(start: float, stop: float, points: int) -> dict[str, Any]:
    """A grid of `points` values from `start` to `stop`, both included, evenly spaced in the logarithm.

    Returns the table that a study file would hold. ``log(1e-4, 10, 11)`` has two points per decade.
    """
    return _checked({"log": [start, stop], "points": points})


def linear(start: float, stop: float, points: int) -> dict[str, Any]:
    """A grid of `points` values from `start` to `stop`, both included, evenly spaced."""
    return _checked({"linear": [start, stop], "points": points})


def is_grid(value: Any) -> bool:
    """Whether a value of a study file is meant as a grid."""
    return isinstance(value, Mapping) and any(spacing in value for spacing in SPACINGS)


def grid(table: Mapping[str, Any]) -> list[float]:
    """The values of a grid table.

    They are rounded to 12 significant digits: then 1e-3 on the grid is the float 0.001 and not 0.0010000000000000002, so the
    same learning rate written by hand is the same trial, and figures print it as one writes it.

    Raises:
        ValueError: what is wrong with the table, as the rest of a sentence.
    """
    spacing = next(name for name in SPACINGS if name in table)
    extra = [name for name in table if name not in (spacing, "points")]
    ends, points = table[spacing], table.get("points")
    if extra:
        raise ValueError(f"a grid has no key {extra[0]!r}; write {{{spacing} = [first, last], points = n}}")
    if not isinstance(ends, list | tuple) or len(ends) != 2 or not all(_is_number(end) for end in ends):
        raise ValueError(f"{spacing} must hold two finite numbers; write {{{spacing} = [first, last], points = n}}")
    if not isinstance(points, int) or isinstance(points, bool) or not 2 <= points <= 10_000:
        raise ValueError("points must be a whole number from 2 to 10000")
    low, high = float(ends[0]), float(ends[1])
    if spacing == "log":
        if low <= 0 or high <= 0:
            raise ValueError("a logarithmic grid must begin and end above 0")
        low, high = math.log10(low), math.log10(high)
    steps = [low + (high - low) * k / (points - 1) for k in range(points)]
    return [float(f"{10.0**step if spacing == 'log' else step:.12g}") for step in steps]


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
    for k, value in enumerate(found):
        if any(type(value) is type(other) and value == other for other in found[:k]):
            raise ValueError(f"{value!r} is listed twice")
    return found


def _checked(table: dict[str, Any]) -> dict[str, Any]:
    from optlab.errors import OptlabError

    try:
        grid(table)
    except ValueError as error:
        raise OptlabError(f"grid {table}: {error}") from error
    return table


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
