"""Pictures of plugins: curves over one variable, or the contour of a function of two. What is drawn comes as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from optlab.report import style
from optlab.report.descents import LEVELS

_WIDTH, _HEIGHT = 5.2, 1.9
_LEFT, _RIGHT, _BELOW, _ABOVE = 0.5, 1.75, 0.4, 0.3  # the keys stand right of the axes
_TALLEST = 6.0
"""A curve that leaves the middle four fifths of all values by more than this multiple of their spread is cut."""

_BESIDE: dict[str, Any] = {
    "loc": "upper left", "bbox_to_anchor": (1.02, 1.02), "fontsize": style.TINY, "frameon": False, "borderaxespad": 0.0
}  # fmt: skip

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One curve; those that share a `hue` share a colour. dash: place in `style.DASHES`; 0 is solid."""

    label: str
    y: Array
    hue: int
    dash: int = 0


@dataclass(frozen=True)
class Curves:
    """Curves over x; held: each value holds until the next, and the axis begins at 0."""

    title: str
    x_label: str
    y_label: str
    x: Array
    lines: tuple[Line, ...]
    held: bool = False


@dataclass(frozen=True)
class Contour:
    """values[y, x] over a box, and the points where the function is lowest."""

    title: str
    labels: tuple[str, str]
    x: Array
    y: Array
    values: Array
    lowest: tuple[tuple[float, ...], ...]


def draw(panels: Sequence[Curves | Contour]) -> Figure:
    """Return one figure with the panels below each other."""
    heights = [_BELOW + _ABOVE + (_HEIGHT if isinstance(panel, Curves) else _WIDTH - _LEFT - _RIGHT) for panel in panels]
    top = total = sum(heights)
    with style.styled():
        figure = style.blank(_WIDTH, total)
        for panel, height in zip(panels, heights, strict=True):
            inner = (_LEFT, top - height + _BELOW, _WIDTH - _LEFT - _RIGHT, height - _BELOW - _ABOVE)
            axes = figure.add_axes((inner[0] / _WIDTH, inner[1] / total, inner[2] / _WIDTH, inner[3] / total))
            style.write(figure, 0.06, top - 0.18, style.shorten(panel.title, 70), weight="bold")
            if isinstance(panel, Curves):
                _draw_curves(axes, panel)
            else:
                _draw_contour(axes, panel)
            top -= height
        return figure


def _draw_curves(axes: Axes, panel: Curves) -> None:
    for line in panel.lines:
        look: dict[str, Any] = {"color": style.PALETTE[line.hue % len(style.PALETTE)]}
        look["linestyle"] = style.DASHES[line.dash % len(style.DASHES)]
        axes.plot(panel.x, line.y, linewidth=1.1, drawstyle="steps-post" if panel.held else "default", label=line.label, **look)
    axes.set_xlim(float(panel.x[0]), float(panel.x[-1]))
    low, high = limits(np.concatenate([line.y for line in panel.lines]))
    axes.set_ylim(-0.04 * high if panel.held else low, high)
    for axis, most in ((axes.xaxis, 6), (axes.yaxis, 5)):
        axis.set_major_locator(MaxNLocator(most))
    axes.grid(color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    _name(axes, panel.x_label, panel.y_label)
    axes.legend(handlelength=2.6, labelspacing=0.5, **_BESIDE)


def limits(values: Array) -> tuple[float, float]:
    """Where the axis begins and ends: all finite values with a margin, or the middle ones where a pole would flatten the rest."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = (float(each) for each in np.percentile(values, (10, 90)))
    spread = inner_high - inner_low
    if spread > 0:
        low, high = max(low, inner_low - _TALLEST * spread), min(high, inner_high + _TALLEST * spread)
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


def _draw_contour(axes: Axes, panel: Contour) -> None:
    finite = panel.values[np.isfinite(panel.values)]
    levels = np.unique(np.quantile(finite, LEVELS))
    axes.contour(panel.x, panel.y, panel.values, levels=levels, colors=style.PALETTE[0], linewidths=np.linspace(1.0, 0.4, len(levels)))
    for point in panel.lowest:
        axes.plot(*point, marker="+", markersize=8, color=style.PALETTE[1], markeredgewidth=1.3, linestyle="none")
    if panel.lowest:
        axes.plot([], [], marker="+", markersize=8, color=style.PALETTE[1], markeredgewidth=1.3, linestyle="none", label="minimum")
        axes.legend(**_BESIDE)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    _name(axes, *panel.labels)


def _name(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set_xlabel(x_label, fontsize=style.SMALL, labelpad=1, color=style.MUTED)
    axes.set_ylabel(y_label, fontsize=style.SMALL, labelpad=2, color=style.MUTED)
