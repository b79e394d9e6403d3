"""The data of the heat maps: one map per contender, problem and data set, all of a problem on one colour scale.

Colour and number are the median over the tuning replicates, a bar below the number their range. Two hatchings mark cells where trials
diverged or got stuck. A cell whose median is "diverged" has no colour and says so. The map of the data that chose the cells outlines the
chosen one and those that cannot be told from it; the maps of the other data sets outline the chosen one alone, so that it can be found.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optlab.evidence import Evidence, edges, select, words
from optlab.report.labels import AXIS, batch, short

DENSE = 40
"""Rows or columns beyond which a map has colours and hatchings alone: a number would be smaller than 2 points."""


@dataclass(frozen=True)
class HeatMap:
    """The data behind one heat map. Arrays have one row per ``y`` and one column per ``x``; NaN where the study has no such cell."""

    problem: str
    contender: str
    data: str
    """The data set that is shown: ``validation``, ``test`` or ``train``."""
    chosen_on: str
    x_name: str
    x: tuple[object, ...]
    y_name: str | None
    y: tuple[object, ...]
    median: NDArray[np.float64]
    """-inf where at least half of the replicates diverged."""
    diverged: NDArray[np.float64]
    stuck: NDArray[np.float64]
    n: NDArray[np.float64]
    """Tuning replicates."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Lowest and highest replicate; ``low`` is -inf where one diverged."""
    cell: NDArray[np.object_]
    """The cell's name in the frame, None where there is none."""
    chosen: tuple[int, int] | None
    """(row, column) of the chosen cell."""
    best: tuple[tuple[int, int], ...]
    """Cells of this map that cannot be told from the chosen one, itself left out; none on data that chose nothing."""
    chosen_text: str
    """``chosen: lr 0.1, L2 0``, ``no cell trained``, or on data that chose nothing, where the outline comes from."""
    settings: str
    """What is the same in all cells shown, and at which value the axes not shown stand."""
    quantity: str
    edges: tuple[tuple[str, str], ...]
    """Settings whose chosen value is the last of its grid, with the side: ("lr", "high"); none on data that chose nothing."""

    @property
    def dense(self) -> bool:
        """Whether its cells are too small for anything but a colour."""
        return max(len(self.x), len(self.y)) > DENSE

    @property
    def subtitle(self) -> str:
        """The line below the contender's name: which data are shown, and what was chosen."""
        return " · ".join(part for part in (f"on {self.data}", self.chosen_text) if part)

    @property
    def warning(self) -> str:
        """A sentence where the chosen cell lies at an edge of the grid, else empty."""
        sides = {"low": "lowest", "high": "highest"}
        parts = [f"{AXIS.get(name, short(name))} ({sides.get(side, side)} of the grid)" for name, side in self.edges]
        return f"Chosen at the edge: {words.listed(parts)}. A better cell may lie beyond." if parts else ""


def data_sets(evidence: Evidence, problem: str) -> list[str]:
    """Return the data sets of a problem that maps can show, the one that chose the cells first, then test, then train."""
    own = evidence.cells[evidence.cells["problem"].eq(problem)]
    first = [str(own["chosen_on"].iloc[0])] if len(own) else []
    seen = [name for name in ("test", "train") if name not in first and np.isfinite(own[f"median_{name}"].astype("float64")).any()]
    return first + seen


def heat_map(evidence: Evidence, problem: str, contender: str, data: str | None = None) -> HeatMap:
    """Return the map of one contender: learning rate across, L2 (or L1, or the next axis that varies) down.

    ``data``: which of ``data_sets`` is shown; the first without it. Where more than two settings vary, the map is the slice through the
    chosen cell, and ``settings`` says at which values.
    """
    cells = evidence.cells
    own = cells[cells["problem"].eq(problem) & cells["contender"].eq(contender)]
    varying = select.axes(own)
    x_name = varying[0] if varying else "lr"
    y_name = varying[1] if len(varying) > 1 else None
    key = (problem, contender)
    trained = key in evidence.chosen.index
    ordered = own.sort_values("median", ascending=False, kind="stable", na_position="last")
    through = ordered[ordered["cell"].eq(evidence.chosen["cell"].to_dict()[key])].iloc[0] if trained else ordered.iloc[0]
    slice_ = own[select.same(own, through, varying[2:])]
    x, y = _values(slice_[x_name]), _values(slice_[y_name]) if y_name else (None,)
    shape = (len(y), len(x))
    chosen_on = str(own["chosen_on"].iloc[0])
    data = data or chosen_on
    ending = "" if data == chosen_on else f"_{data}"
    columns = {name: f"{name}{ending}" for name in ("median", "low", "high")} | {
        name: name for name in ("share_diverged", "share_stuck", "n")
    }
    arrays = {name: np.full(shape, np.nan) for name in columns}
    names = np.full(shape, None, dtype=object)
    alike = set(_of(evidence.best_cells, key)["cell"])
    chosen = None
    best: list[tuple[int, int]] = []
    for cell in slice_[[x_name, *([y_name] if y_name else []), "cell", *columns.values()]].to_dict("records"):
        place = (_index(y, cell[y_name]) if y_name else 0, _index(x, cell[x_name]))
        for name, array in arrays.items():
            array[place] = cell[columns[name]]
        names[place] = cell["cell"]
        if trained and not ending and cell["cell"] != through["cell"] and cell["cell"] in alike:
            best.append(place)
        chosen = place if trained and cell["cell"] == through["cell"] else chosen
    quantity = f"{data} {words.METRICS.get(evidence.metric.get(problem, ''), 'metric')}"
    replicates = words.plural(int(slice_["n"].max()), "replicate")
    on_axes = [name for name in (x_name, y_name) if name]
    described = ", ".join(f"{short(name)} {words.setting(through[name])}" for name in on_axes if name in varying)
    return HeatMap(
        problem=problem,
        contender=contender,
        data=data,
        chosen_on=chosen_on,
        x_name=x_name,
        x=x,
        y_name=y_name,
        y=y,
        median=arrays["median"],
        diverged=arrays["share_diverged"],
        stuck=arrays["share_stuck"],
        n=arrays["n"],
        low=arrays["low"],
        high=arrays["high"],
        cell=names,
        chosen=chosen,
        best=tuple(best),
        chosen_text=_said(trained, described, chosen_on if ending else ""),
        settings=" · ".join([*_settings(own, through, varying, on_axes), f"median of {replicates}"]),
        quantity=quantity,
        edges=() if ending else tuple((str(row.axis), str(row.side)) for row in _of(evidence.edges, key).itertuples()),
    )


def _said(trained: bool, described: str, elsewhere: str) -> str:
    """Return a map's ``chosen_text``; ``elsewhere``: the data set that chose, where another one is shown."""
    if not trained:
        return "no cell trained"
    if elsewhere:
        return f"outlined: chosen on {elsewhere}"
    return f"chosen: {described}" if described else ""


def _of(table: pd.DataFrame, key: tuple[str, str]) -> pd.DataFrame:
    return table[table["problem"].eq(key[0]) & table["contender"].eq(key[1])]


def heat_maps(evidence: Evidence, problem: str, data: str | None = None) -> list[HeatMap]:
    """Return the maps of all contenders of a problem whose cells are no scattered draws, in the study's order."""
    cells = evidence.cells[evidence.cells["problem"].eq(problem)]
    own = {contender: cells[cells["contender"].eq(contender)] for contender in evidence.contenders}
    return [heat_map(evidence, problem, name, data) for name, part in own.items() if len(part) and not edges.searched(part)]


def scale(maps: list[HeatMap], metric: str) -> tuple[float, float]:
    """Return the one colour scale of a problem, of all its data sets: from the lowest to the highest finite median.

    R2 begins at 0, the constant predictor, if some are below.
    """
    values = np.concatenate([heat.median[np.isfinite(heat.median)] for heat in maps] or [np.empty(0)])
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    low = max(low, 0.0) if metric == "r2" and high > 0 else low
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _values(column: "pd.Series[Any]") -> tuple[object, ...]:
    unique = list(column.drop_duplicates())
    if column.name == "layers":
        return tuple(sorted(unique, key=lambda text: (str(text).count("-"), [int(nodes) for nodes in str(text).split("-")])))
    try:
        return tuple(sorted(unique))
    except TypeError:  # mixed kinds, such as a number and "full"
        return tuple(sorted(unique, key=str))


def _index(values: tuple[object, ...], value: object) -> int:
    return next(place for place, known in enumerate(values) if known == value or (known != known and value != value))


def _settings(own: pd.DataFrame, through: "pd.Series[Any]", varying: list[str], on_axes: list[str]) -> list[str]:
    parts = [str(through["layers"])] if "layers" in own and "layers" not in on_axes else []
    if "activation" in own and "activation" not in on_axes:
        parts = [" ".join([*parts, str(through["activation"])])]
    if "batch_size" in own and "batch_size" not in on_axes:
        parts.append(batch(through["batch_size"]))
    for name in select.settings(own):
        shown = name in on_axes and name in varying
        if name in ("lr", "l1", "l2") and not shown and pd.notna(through[name]) and (name == "lr" or through[name] != 0):
            parts.append(f"{short(name)} {words.setting(through[name])}{' as chosen' if name in varying else ''}")
        elif name in varying and name not in on_axes and (name.startswith("hyper.") or name not in ("lr", "l1", "l2")):
            parts.append(f"{short(name)} {words.setting(through[name])} as chosen")
    return parts
