"""Chosen cells at the edge of their grid: a better one may lie beyond."""

import numpy as np
import pandas as pd

from optlab.evidence import select

COLUMNS = [*select.KEY, "axis", "value", "side"]


def edges(cells: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return where a chosen cell has the smallest or largest value of a numeric axis: problem, contender, axis, value, side.

    ``side``: ``low`` or ``high``. A penalty of 0 is no edge: there is nothing below it. Axes of text, such as networks, have no edges,
    nor have switches.
    """
    rows = []
    for place, (problem, contender) in enumerate(chosen.index):
        own = cells[cells["problem"].eq(problem) & cells["contender"].eq(contender)]
        for axis in select.axes(own):
            values = [value for value in own[axis].dropna().unique() if _is_number(value)]
            value = chosen[axis].iloc[place]
            if len(values) < 2 or not _is_number(value) or (axis in ("l1", "l2") and value == 0):
                continue
            side = "low" if value == min(values) else "high" if value == max(values) else None
            if side is not None:
                rows.append((problem, contender, axis, float(value), side))
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and bool(np.isfinite(float(value)))
