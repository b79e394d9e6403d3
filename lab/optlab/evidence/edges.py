"""Chosen cells at the edge of what was tried: a better one may lie beyond.

On a grid the edge is its first and its last value. Of what a search drew, some draw is always the largest, and a cell chosen there says
little: an axis has an edge where the best cells crowd, all ``CROWD`` of them in the outer ``OUTER`` of the draws. Of an axis that does not
matter that happens by chance in 2 * OUTER ** CROWD of the studies, 1.6 %; calling the largest draw an edge would be wrong in 2 / draws.
"""

from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import select

COLUMNS = [*select.KEY, "axis", "value", "side"]
CROWD = 3
OUTER = 0.2
FEWEST = 3
"""Values of an axis from which one of them can lie inside."""


def edges(cells: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return where a chosen cell has the smallest or largest value of a numeric axis: problem, contender, axis, value, side.

    ``side``: ``low`` or ``high``. A penalty of 0 is no edge: there is nothing below it. Axes of text, such as networks, have no edges, nor
    have switches, nor axes of two values, which have no inside.
    """
    rows = []
    for place, (problem, contender) in enumerate(chosen.index):
        own = cells[cells["problem"].eq(problem) & cells["contender"].eq(contender)]
        drawn = bool(searched(own))
        for axis in bounded(own):
            value = float(chosen[axis].iloc[place]) if is_number(chosen[axis].iloc[place]) else np.nan
            if np.isnan(value) or (axis in ("l1", "l2") and value == 0):
                continue
            side = _crowded(own, axis) if drawn else _last(own[axis], value)
            if side is not None:
                rows.append((problem, contender, axis, value, side))
    return pd.DataFrame(rows, columns=COLUMNS)


def bounded(own: pd.DataFrame) -> list[str]:
    """Return the axes of one contender's cells that have an edge and an inside: numbers, three values or more."""
    return [axis for axis in select.axes(own) if len(_numbers(own[axis])) >= FEWEST]


def searched(own: pd.DataFrame) -> list[str]:
    """Return the axes of one contender's cells that were drawn from, none of a grid: several vary, and no two cells share a value."""
    axes = select.axes(own)
    return [axis for axis in axes if len(axes) > 1 and len(_numbers(own[axis])) == len(own)]


def is_number(value: object) -> bool:
    """Whether this is a finite number and no switch."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def _numbers(column: "pd.Series[Any]") -> list[float]:
    return sorted(float(value) for value in column.dropna().unique() if is_number(value))


def _last(column: "pd.Series[Any]", value: float) -> str | None:
    values = _numbers(column)
    return "low" if value == values[0] else "high" if value == values[-1] else None


def _crowded(own: pd.DataFrame, axis: str) -> str | None:
    """Return the side on which the best cells crowd."""
    order = own[own["eligible"].astype(bool)].sort_values("median", ascending=False, kind="stable")
    place = own[axis].astype("float64").rank(pct=True)
    best = place[order.index[:CROWD]]
    if len(best) < CROWD or len(own) * OUTER < CROWD:
        return None
    return "low" if (best <= OUTER).all() else "high" if (best > 1 - OUTER).all() else None
