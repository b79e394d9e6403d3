"""Line pictures: sensitivity to the learning rate, and the learning curves of the chosen cells against each budget.

One contender keeps one colour, marker and dash in every picture. Lines are medians, bands the range over replicates (lowest to highest),
not intervals. A value of -inf (diverged) lies below the picture: the line falls out of it.
"""

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from optlab.evidence import Evidence, words
from optlab.evidence.rank import CONFIRMED
from optlab.report import style
from optlab.report.labels import AXIS, batch, decade

BUDGETS = {"step": "optimizer steps", "seconds": "seconds of training", "flops": "floating-point operations"}


@dataclass(frozen=True)
class Line:
    """One contender's line; ``low`` and ``high`` bound its band. ``chosen`` is the place of the chosen learning rate, if it has one."""

    contender: str
    x: NDArray[np.float64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    chosen: int | None = None


@dataclass(frozen=True)
class Lines:
    """The data behind one picture."""

    title: str
    note: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    target: float | None = None
    stepped: bool = False
    """Step functions on a linear axis: shares, not medians over replicates; they have no band."""


def sensitivity(evidence: Evidence, problem: str) -> Lines:
    """Return, for each contender with a chosen cell, its tuning metric against the learning rate, everything else as chosen."""
    own = evidence.sensitivity[evidence.sensitivity["problem"].eq(problem)]
    lines = []
    for contender in evidence.contenders:
        rows = own[own["contender"].eq(contender)]
        if len(rows):
            lines.append(line_of(contender, rows, "lr", int(np.flatnonzero(rows["chosen"].to_numpy(dtype=bool))[0])))
    quantity = _quantity(evidence, problem, str(own["chosen_on"].iloc[0]) if len(own) else "validation")
    note = f"{_note(evidence, problem)} · band: range over {_runs(own, 'tuning replicate')} · ring: chosen"
    return Lines(f"Learning-rate sensitivity: {problem}", note, AXIS["lr"], quantity, tuple(lines))


def learning(evidence: Evidence, problem: str, budget: str) -> Lines:
    """Return the chosen cells' learning curves against a budget: ``step``, ``seconds`` or ``flops``. Epoch 0 costs nothing: left out."""
    own = evidence.learning[evidence.learning["problem"].eq(problem) & (evidence.learning[budget] > 0)]
    lines = [line_of(name, own[own["contender"].eq(name)], budget) for name in evidence.contenders if own["contender"].eq(name).any()]
    confirmed = bool(len(own)) and bool(own["evidence"].eq(CONFIRMED).all())
    quantity = _quantity(evidence, problem, str(own["followed_on"].iloc[0]) if len(own) else "validation")
    runs = _runs(own, "fresh replicate" if confirmed else "tuning replicate")
    note = f"{_note(evidence, problem)} · band: range over {runs}"
    title = f"Learning curves: {problem}"
    return Lines(title, note, BUDGETS[budget], quantity, tuple(lines), evidence.target.get(problem))


def line_of(contender: str, rows: pd.DataFrame, x: str, chosen: int | None = None) -> Line:
    """Return a line of the columns ``x``, ``median``, ``low``, ``high``."""
    values = {name: rows[name].to_numpy(dtype="float64") for name in (x, "median", "low", "high")}
    return Line(contender, values[x], values["median"], values["low"], values["high"], chosen)


def _quantity(evidence: Evidence, problem: str, data: str) -> str:
    return f"{data} {words.METRICS.get(evidence.metric.get(problem, ''), 'metric')}"


def _runs(rows: pd.DataFrame, noun: str) -> str:
    return words.plural(int(rows["n"].max()), noun) if len(rows) else f"the {noun}s"


def _note(evidence: Evidence, problem: str) -> str:
    return " · ".join([*shared(evidence, problem), "other settings as chosen"])


def shared(evidence: Evidence, problem: str) -> list[str]:
    """Return what all cells of a problem share: network, activation, batch size."""
    cells = evidence.cells[evidence.cells["problem"].eq(problem)]
    alike = [name for name in ("layers", "activation", "batch_size") if name in cells and cells[name].nunique() == 1]
    return [batch(cells[name].iloc[0]) if name == "batch_size" else str(cells[name].iloc[0]) for name in alike]


def draw(data: Lines, contenders: tuple[str, ...], width: float, height: float = 2.1) -> Figure:
    """Return the picture, ``width`` inches wide; ``contenders`` fixes each one's colour, and ``height`` is that of the axes alone."""
    with style.styled():
        key = Legend(tuple(line.contender for line in data.lines), width)
        note = textwrap.wrap(data.note, int(width * 72 / 3.25))
        below, above = 0.36 + 0.105 * len(note), 0.26 + 0.15 * key.rows
        figure = style.blank(width, below + height + above)
        total = below + height + above
        style.write(figure, 0.04, total - 0.15, style.shorten(data.title, int(width * 12)), weight="bold")
        box = (0.48 / width, below / total, (width - 0.56) / width, height / total)
        axes = figure.add_axes(box)
        bottom = _limits(axes, data)
        for line in data.lines:
            own = contenders.index(line.contender)
            _draw_line(axes, line, bottom, look(own) | ({"drawstyle": "steps-post"} if data.stepped else {}), own)
        key.draw(figure, axes, contenders, total - 0.33)
        _dress(axes, data)
        for place, text in enumerate(reversed(note)):
            style.write(figure, 0.04, 0.05 + 0.105 * place, text, style.TINY, style.MUTED)
        return figure


@dataclass(frozen=True)
class Legend:
    """The key of a picture's contenders, as many abreast as ``width`` inches hold."""

    names: tuple[str, ...]
    width: float

    @property
    def _column(self) -> float:
        return 0.36 + 0.07 * max((len(style.shorten(name, 36)) for name in self.names), default=0)

    @property
    def _abreast(self) -> int:
        return max(1, int((self.width - 0.5) / self._column))

    @property
    def rows(self) -> int:
        """Lines of text; each takes 0.15 inches."""
        return -(-len(self.names) // self._abreast)

    def draw(self, figure: Figure, axes: Axes, contenders: tuple[str, ...], top: float) -> None:
        """Draw it, the first line at ``top`` inches; ``axes``: any of the figure."""
        for place, name in enumerate(self.names):
            own = contenders.index(name)
            x, y = 0.48 + (place % self._abreast) * self._column, top - 0.15 * (place // self._abreast)
            across = {"transform": figure.dpi_scale_trans, "clip_on": False, "markevery": [1], "zorder": 6}
            key = axes.plot([x, x + 0.12, x + 0.24], [y + 0.03] * 3, **look(own) | across)
            style.mark(key[0], f"of:{own}:key")
            style.write(figure, x + 0.3, y, style.shorten(name, 36), style.SMALL)


def look(place: int) -> dict[str, Any]:
    """Return how matplotlib draws the line of the contender at this place: the same in every picture."""
    hue, marks, dashes = style.PALETTE, style.MARKERS, style.DASHES
    return {
        "color": hue[place % len(hue)],
        "marker": marks[place % len(marks)],
        "linestyle": dashes[(place + place // len(hue)) % len(dashes)],
        "linewidth": 1.2,
        "markersize": 3.2,
        "markeredgewidth": 0.0,
    }


def _limits(axes: Axes, data: Lines) -> float:
    """Set the limits of the metric's axis and return a value well below them for what diverged."""
    values = np.concatenate([np.concatenate([line.median, line.low, line.high]) for line in data.lines] or [np.empty(0)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if data.target is not None:
        low, high = min(low, data.target), max(high, data.target)
    if words.METRICS["r2"] in data.y_label:
        low = max(low, -0.25 * max(high, 0.1))  # an R2 of -1e6 would flatten all others; 0 is the constant predictor
    elif words.METRICS["negated loss"] in data.y_label:
        # A loss has no worst value: what is seen is the better half of the values, as much below, and the best of every line.
        best = min((float(line.median[np.isfinite(line.median)].max(initial=low)) for line in data.lines), default=low)
        low = max(low, min(2 * float(np.median(values)) - high, best - (high - best) / 4) if len(values) else low)
    margin = 0.04 * (high - low) or 0.05
    axes.set_ylim(low - margin, high + margin)
    return low - 3 * (high - low + margin)


def _draw_line(axes: Axes, line: Line, bottom: float, look: dict[str, Any], own: int) -> None:
    there = ~np.isnan(line.median)
    x, median = line.x[there], np.maximum(line.median[there], bottom)
    low, high = np.maximum(line.low[there], bottom), np.maximum(line.high[there], bottom)
    style.mark(axes.fill_between(x, low, high, color=str(look["color"]), alpha=0.13, linewidth=0), f"of:{own}:band")
    drawn = axes.plot(x, median, markevery=max(1, len(x) // 8) if line.chosen is None else 1, zorder=3, **look)
    style.mark(drawn[0], f"of:{own}:line")
    if line.chosen is not None:
        ring: dict[str, Any] = {"marker": "o", "markersize": 7.5, "markerfacecolor": "none", "markeredgewidth": 1.1}
        drawn = axes.plot(line.x[line.chosen], line.median[line.chosen], zorder=5, markeredgecolor=look["color"], **ring)
        style.mark(drawn[0], f"of:{own}:ring")


def _dress(axes: Axes, data: Lines) -> None:
    rates = np.concatenate([line.x for line in data.lines] or [np.empty(0)])
    if len(rates) and not data.stepped and rates.min() > 0 and rates.max() > rates.min():
        axes.set_xscale("log")
        few = rates.max() / rates.min() < 300
        axes.xaxis.set_major_locator(LogLocator(numticks=8, subs=(1.0, 2.0, 5.0) if few else (1.0,)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, data.x_label)))
    if data.target is not None:
        axes.axhline(data.target, color=style.MUTED, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)
        place: dict[str, Any] = {"ha": "left", "va": "bottom", "fontsize": style.TINY, "color": style.MUTED}
        axes.annotate(f"target {data.target:g}", (0.0, data.target), (1, 1.5), axes.get_yaxis_transform(), "offset points", **place)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(data.x_label, fontsize=style.SMALL, labelpad=1, color=style.MUTED)
    axes.set_ylabel(data.y_label, fontsize=style.SMALL, labelpad=3, color=style.MUTED)
    if not data.lines:
        axes.text(0.5, 0.5, "no cell trained", transform=axes.transAxes, ha="center", va="center", color=style.MUTED)


def _tick(value: float, label: str) -> str:
    if label in (BUDGETS["step"], "epochs"):
        return words.count(value)
    if label == BUDGETS["seconds"]:
        return words.seconds(value)
    if label == BUDGETS["flops"]:
        return words.flops(value).removesuffix("FLOP").strip()
    return decade(value) if value < 0.1 or value > 100 else f"{value:g}"
