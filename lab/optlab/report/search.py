"""Every cell over each axis that was tuned, for what no heat map shows whole: searches, and grids of three axes or more."""

import numpy as np
import pandas as pd

from optlab.evidence import Evidence, edges, select, words
from optlab.report.labels import AXIS, network, short
from optlab.report.lines import shared
from optlab.report.panels import Panel, Panels, Series

MOST = 9
"""Axes that get a panel; of more, the first: learning rate, penalties, hyper-parameters."""
FEW = 6
"""Values up to which each gets a place of its own, the contenders side by side."""
WIDE = 30
"""Largest over smallest value from which an axis is drawn in its logarithm."""


def search(evidence: Evidence, problem: str) -> Panels:
    """Return one panel per axis with a point per cell: the median on the data that chose; no panels where heat maps show all there is.

    A line joins the best cells of each value, the other axes left free, where an axis has few values.
    """
    cells = evidence.cells[evidence.cells["problem"].eq(problem)]
    own = {name: cells[cells["contender"].eq(name)] for name in evidence.contenders if cells["contender"].eq(name).any()}
    axes = {name: select.axes(part) for name, part in own.items()}
    if not any(edges.searched(part) or len(axes[name]) > 2 for name, part in own.items()):
        return Panels("", "", ())
    varied = [name for name in select.settings(cells) if any(name in found for found in axes.values())][:MOST]
    chosen = evidence.chosen["cell"].to_dict()
    made = tuple(_panel(name, {who: part for who, part in own.items() if name in axes[who]}, problem, chosen) for name in varied)
    quantity = f"{cells['chosen_on'].iloc[0]} {words.METRICS.get(evidence.metric.get(problem, ''), 'metric')}"
    most = words.plural(int(cells.groupby("contender")["cell"].nunique().max()), "cell")
    note = " · ".join(
        [
            *shared(evidence, problem),
            f"{most} each, median of {words.plural(int(cells['n'].max()), 'replicate')}",
            "ring: chosen",
            "cross: diverged",
            "line: best at that value, everything else free",
        ]
    )
    return Panels(f"{quantity} of every cell over each axis: {problem}", note, made, quantity, shared=True)


def _panel(axis: str, own: dict[str, pd.DataFrame], problem: str, chosen: dict[object, object]) -> Panel:
    own = {name: has for name, part in own.items() if len(has := part[part[axis].notna()])}  # some cells may have no such setting
    every = pd.concat([part[axis] for part in own.values()])
    numeric = all(edges.is_number(value) for value in every)
    numbers = sorted(float(value) for value in every.unique()) if numeric else []
    log = numeric and numbers[0] > 0 and numbers[-1] / numbers[0] >= WIDE
    zero = len(numbers) > 2 and numbers[0] == 0 and numbers[-1] / numbers[1] >= WIDE  # 0 beside decades has no place on a line
    few = zero or (len(numbers) <= FEW and len(numbers) < min(map(len, own.values())))
    ticks = [] if numeric and not few else [words.setting(value) for value in numbers] or sorted({_word(value) for value in every})
    aside = min(0.16, 0.8 / len(own)) * (np.arange(len(own)) - (len(own) - 1) / 2) if ticks else np.zeros(len(own))
    series = tuple(
        _series(name, part, axis, ticks, numeric, chosen.get((problem, name)), shift)
        for (name, part), shift in zip(own.items(), aside, strict=True)
    )
    return Panel(AXIS.get(axis, short(axis)), "", series, log_x=log and not ticks, ticks=tuple(ticks))


def _word(value: object) -> str:
    return network(value) or str(value)


def _series(name: str, own: pd.DataFrame, axis: str, ticks: list[str], numeric: bool, chosen: object, shift: float) -> Series:
    said = [words.setting(float(value)) if numeric else _word(value) for value in own[axis]] if ticks else []
    x = np.array([float(ticks.index(word)) for word in said] if ticks else own[axis].to_numpy(dtype="float64")) + shift
    y = own["median"].to_numpy(dtype="float64")
    cells = own["cell"].tolist()
    best = None
    if len(np.unique(x)) < len(x) and axis not in edges.searched(own):
        at = np.unique(x)
        top = np.array([np.nanmax(np.where(x == value, y, -np.inf)) for value in at])
        best = (at, np.where(np.isfinite(top), top, np.nan))
    return Series(name, x, y, chosen=cells.index(chosen) if chosen in cells else None, best=best)
