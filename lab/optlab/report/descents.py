"""Pictures of a comparison on one objective: the paths of the optimizers on its contour, and the value against evaluations.

Nothing is set by hand: levels are quantiles of the objective over its box, limits are the box, every optimizer runs at the learning rate
that the common rule chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from optlab.evidence import words
from optlab.report import style
from optlab.report.labels import decade

if TYPE_CHECKING:
    from optlab.objectives.compare import Comparison, Entry

LEVELS = (0.01, 0.03, 0.07, 0.13, 0.22, 0.34, 0.48, 0.64, 0.8, 0.93)
"""Shares of the box that lie below each contour line."""
ABREAST = 8
"""Optimizers per picture: there are as many colours."""
DEEPEST = 1e-12
"""The curves' lowest gap, as a share of the largest: what lies below is rounding."""


def look(place: int) -> dict[str, Any]:
    """Colour, marker and dash of the optimizer at this place, the same in every picture of the page."""
    hue, dashes = style.PALETTE, style.DASHES
    return {
        "color": hue[place % len(hue)],
        "marker": style.MARKERS[place % len(style.MARKERS)],
        "linestyle": dashes[(place + place // len(hue)) % len(dashes)],
        "linewidth": 1.1,
        "markersize": 4.0,
        "markeredgewidth": 0.0,
    }


def parts(comparison: Comparison) -> list[range]:
    """The places of the optimizers that share a picture."""
    count = len(comparison.entries)
    return [range(first, min(first + ABREAST, count)) for first in range(0, count, ABREAST)]


def paths(comparison: Comparison, start: int, places: Sequence[int], width: float = style.COLUMN) -> Figure:
    """Return the contour with the paths from one start: ring = start, marker = last point, cross = minimum."""
    assert comparison.contour is not None
    x, y, values = comparison.contour
    point = ", ".join(f"{each:.3g}" for each in comparison.starts[start])
    with style.styled():
        axes = _framed(comparison, places, width, width * 0.82, f"{comparison.name} from ({point})")
        levels = np.unique(np.quantile(values, LEVELS))
        lines = np.linspace(0.75, 0.3, len(levels))
        axes.contour(x, y, values, levels=levels, colors=style.MUTED, linewidths=lines, alpha=0.55, zorder=1)
        for place in places:
            path, drawn = comparison.entries[place].runs[start].path, look(place)
            assert path is not None
            seen = path[np.isfinite(path).all(axis=1)]
            drawn["linestyle"] = "-"  # a dash says nothing on a path that doubles back
            axes.plot(seen[:, 0], seen[:, 1], markevery=[len(seen) - 1], zorder=3 + 0.01 * place, **drawn)
        ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": style.INK, "markeredgewidth": 0.9}
        axes.plot(*comparison.starts[start], marker="o", markersize=6, linestyle="none", zorder=5, **ring)
        for lowest in comparison.at:
            axes.plot(*lowest, marker="+", markersize=7, color=style.INK, markeredgewidth=1.0, linestyle="none", zorder=5)
        (left, right), (bottom, top) = comparison.box
        axes.set(xlim=(left, right), ylim=(bottom, top))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
        return axes.figure  # type: ignore[return-value]  # always a Figure, never a sub-figure


def gaps(comparison: Comparison, entry: Entry) -> tuple[NDArray[Any], NDArray[Any]]:
    """(evaluations, median over the starts of the value above the minimum) after each step; infinite once a run has diverged."""
    length = max(len(run.values) for run in entry.runs)
    stacked = np.full((len(entry.runs), length), np.inf)
    for row, run in zip(stacked, entry.runs, strict=True):
        row[: len(run.values)] = np.where(np.isnan(run.values), np.inf, run.values - (comparison.minimum or 0.0))
    longest = max(entry.runs, key=lambda run: len(run.values))
    return longest.evaluations, np.median(stacked, axis=0)


def curves(comparison: Comparison, places: Sequence[int], width: float = style.COLUMN) -> Figure:
    """Return the median over the starts of the value (above the minimum, where it is known) against evaluations."""
    with style.styled():
        axes = _framed(comparison, places, width, width * 0.62, f"{comparison.name}: value against evaluations", below=0.36)
        found = [gaps(comparison, entry) for entry in comparison.entries]
        first = max(float(gap[0]) for _, gap in found)
        known = comparison.minimum is not None and first > 0
        floor, lowest = DEEPEST * first, first
        for place in places:
            calls, gap = found[place]
            shown = np.clip(gap, floor, None) if known else gap
            lowest = min(lowest, float(np.min(shown[np.isfinite(shown)])))
            shown, calls = np.where(np.isfinite(shown), shown, np.nan)[1:], calls[1:]
            if len(shown):
                marks = np.unique(np.geomspace(1, len(shown), 6).astype(int)) - 1
                axes.plot(calls, shown, markevery=list(marks), zorder=3, **look(place))
        axes.set_xscale("log")
        if known:
            axes.set_yscale("log")
            axes.set_ylim(lowest / 2, 20 * first)
            axes.yaxis.set_major_locator(LogLocator(numticks=7))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if 0.01 <= value <= 1e4 else decade(value)))
            axes.yaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.count(value)))
        axes.grid(axis="y", color=style.FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("gradient evaluations", fontsize=style.SMALL, labelpad=1, color=style.MUTED)
        what = "value above the minimum" if known else "value"
        axes.set_ylabel(f"{what}, median over starts", fontsize=style.SMALL, labelpad=3, color=style.MUTED)
        return axes.figure  # type: ignore[return-value]


def _framed(comparison: Comparison, places: Sequence[int], width: float, height: float, title: str, below: float = 0.2) -> Axes:
    """Return axes, ``height`` inches high, under a title and the keys of these optimizers."""
    names = [style.shorten(comparison.entries[place].optimizer, 22) for place in places]
    column = 0.36 + 0.07 * max(map(len, names))
    abreast = max(1, int((width - 0.5) / column))
    above = 0.26 + 0.15 * -(-len(names) // abreast)
    figure = style.blank(width, below + height + above)
    total = below + height + above
    style.write(figure, 0.04, total - 0.15, style.shorten(title, int(width * 14)), weight="bold")
    left = 0.55 if below > 0.3 else 0.36
    axes = figure.add_axes((left / width, below / total, (width - left - 0.08) / width, height / total))
    for k, (place, name) in enumerate(zip(places, names, strict=True)):
        x, y = left + (k % abreast) * column, total - 0.33 - 0.15 * (k // abreast)
        axes.plot([x, x + 0.12, x + 0.24], [y + 0.03] * 3, transform=figure.dpi_scale_trans, clip_on=False, markevery=[1], **look(place))
        style.write(figure, x + 0.3, y, name, style.SMALL)
    return axes
