"""The computational graph of a formula with values and adjoints on it; for one variable also f, f' and the error of differences.

It knows no formulas: boxes, numbers and curves come as plain data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray

from optlab.errors import OptlabError
from optlab.report import style
from optlab.report.layers import Layout, layout

MOST_BOXES = 80
VALUE, ADJOINT = style.PALETTE[0], style.PALETTE[1]
_HEIGHT, _ROW, _GAP, _MARGIN, _HEAD = 0.46, 0.84, 0.28, 0.12, 0.52
_PANEL_WIDTH, _PANEL_HEIGHT = 2.75, 1.75
_LABEL_AT = 0.62  # along the last piece of a line: near the box whose derivative it is
_STEEPEST = 0.8  # of a line that passes a layer: steeper ones would cut the corners of its boxes
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Box:
    """One variable: ``text`` (x2 = x1**2), ``value`` and ``adjoint`` as texts, and its parents with the local derivative by each."""

    text: str
    value: str
    adjoint: str
    parents: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Curves:
    """A formula of one variable around a point, and the errors of finite differences (name, steps, errors, place of the best)."""

    variable: str
    at: float
    x: NDArray[np.float64]
    value: NDArray[np.float64]
    slope: NDArray[np.float64]
    at_value: float
    at_slope: float
    errors: tuple[tuple[str, NDArray[np.float64], NDArray[np.float64], int | None], ...]


def draw(title: str, boxes: Sequence[Box], curves: Curves | None = None) -> Figure:
    """Return the picture; the panels stand beside a narrow graph and below a wide one.

    Raises:
        OptlabError: more boxes than anyone could read.
    """
    if len(boxes) > MOST_BOXES:
        raise OptlabError(
            f"the graph has {len(boxes):,} boxes and at most {MOST_BOXES} are drawn: draw a part of the formula, or use --json"
        )
    widths = [_box_width(box) for box in boxes]
    found = layout([[parent for parent, _ in box.parents] for box in boxes], widths, _GAP)
    tall = (max(found.layer, default=0) + 1) * _ROW - (_ROW - _HEIGHT)
    beside = curves is not None and found.width <= 3.6
    graph_width = max(found.width, 2.2 if beside else 3.2)
    panels = 0.0 if curves is None else 2 * _PANEL_HEIGHT + 0.95 if beside else _PANEL_HEIGHT + 0.75
    width = graph_width + 2 * _MARGIN + (_PANEL_WIDTH + 0.95 if beside else 0.0)
    width = max(width, 2 * (_PANEL_WIDTH + 0.75) if curves and not beside else 3.4)
    height = _HEAD + (max(tall, panels) if beside else tall + panels) + 0.2
    with style.styled():
        figure = style.blank(width, height)
        style.write(figure, _MARGIN, height - 0.2, style.shorten(title, int(width * 13)), weight="bold")
        x = _MARGIN
        for text, colour in (("value", VALUE), ("adjoint", ADJOINT), ("local derivative on each line", style.MUTED)):
            style.write(figure, x, height - 0.37, text, style.SMALL, colour)
            x += 0.055 * len(text) + 0.16
        room = width - 2 * _MARGIN - (_PANEL_WIDTH + 0.85 if beside else 0.0)
        _draw_graph(figure, boxes, widths, found, _MARGIN + (room - found.width) / 2, height - _HEAD - _HEIGHT / 2)
        if curves is not None:
            if beside:
                left, top = width - _PANEL_WIDTH - 0.12, height - _HEAD
                places = [(left, top - _PANEL_HEIGHT), (left, top - 2 * _PANEL_HEIGHT - 0.5)]
            else:
                places = [(0.55, 0.42), (width - _PANEL_WIDTH - 0.12, 0.42)]
            for (left, bottom), fill in zip(places, (_draw_curves, _draw_errors), strict=True):
                axes = figure.add_axes((left / width, bottom / height, _PANEL_WIDTH / width, (_PANEL_HEIGHT - 0.2) / height))
                fill(axes, curves)
        return figure


def _box_width(box: Box) -> float:
    return max(1.05, 0.066 * len(style.shorten(box.text, 34)) + 0.16, 0.056 * (len(box.value) + len(box.adjoint)) + 0.34)


def _draw_graph(figure: Figure, boxes: Sequence[Box], widths: Sequence[float], found: Layout, left: float, top: float) -> None:
    """Boxes and lines in inches; ``left`` is the graph's left end, ``top`` the middle of its first layer."""
    middle = [(left + x, top - layer * _ROW) for x, layer in zip(found.x, found.layer, strict=True)]
    labels: list[tuple[float, float, str]] = []
    for child, box in enumerate(boxes):
        count = len(box.parents)
        for place, (parent, slope) in enumerate(sorted(box.parents, key=lambda each: found.x[each[0]])):
            end_x = middle[child][0] + (place - (count - 1) / 2) * min(0.3, widths[child] / (count + 1))
            points = [(middle[parent][0], middle[parent][1] - _HEIGHT / 2)]
            points += [(left + x, top - (found.layer[parent] + 1 + k) * _ROW) for k, x in enumerate(found.lines[parent, child])]
            points.append((end_x, middle[child][1] + _HEIGHT / 2 + 0.01))
            labels.append((*_line(figure, points), slope))
    for x, y, text in labels:
        if not text:
            continue  # no influence: a condition, the branch not taken
        halo: dict[str, Any] = {"boxstyle": "round,pad=0.1", "facecolor": style.PAPER, "edgecolor": "none"}
        style.write(figure, x, y, text, style.TINY, style.MUTED, ha="center", va="center", bbox=halo, zorder=5)
    for box, (x, y), width in zip(boxes, middle, widths, strict=True):
        last = box is boxes[-1]
        look: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": style.INK if last or not box.parents else style.MUTED}
        shape = "round,pad=0,rounding_size=0.06"
        frame = FancyBboxPatch((x - width / 2, y - _HEIGHT / 2), width, _HEIGHT, boxstyle=shape, linewidth=1.1 if last else 0.7, **look)
        frame.set_transform(figure.dpi_scale_trans)
        frame.set_zorder(6)
        figure.add_artist(frame)
        style.write(figure, x, y + 0.095, style.shorten(box.text, 34), ha="center", va="center", zorder=7)
        style.write(figure, x - width / 2 + 0.07, y - 0.11, box.value, style.SMALL, VALUE, ha="left", va="center", zorder=7)
        style.write(figure, x + width / 2 - 0.07, y - 0.11, box.adjoint, style.SMALL, ADJOINT, ha="right", va="center", zorder=7)


def _line(figure: Figure, points: list[tuple[float, float]]) -> tuple[float, float]:
    """Draw a smooth line through the points, upright at both ends; return a place for its label near the arrow."""
    between = [(b[0] - a[0]) / (a[1] - b[1]) for a, b in zip(points, points[2:], strict=False)]
    slants = [0.0, *(min(max(each, -_STEEPEST), _STEEPEST) for each in between), 0.0]  # sideways per inch down
    vertices, codes = [points[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1), leave, arrive in zip(points, points[1:], slants, slants[1:], strict=False):
        bend = 0.4 * (y0 - y1)
        vertices += [(x0 + leave * bend, y0 - bend), (x1 - arrive * bend, y1 + bend), (x1, y1)]
        codes += [Path.CURVE4] * 3
    arrow = FancyArrowPatch(path=Path(vertices, codes), arrowstyle="-|>,head_length=3,head_width=1.6", color=style.MUTED, linewidth=0.7)
    arrow.set_transform(figure.dpi_scale_trans)
    figure.add_artist(arrow)
    weights = np.array([(1 - _LABEL_AT) ** 3, 3 * (1 - _LABEL_AT) ** 2 * _LABEL_AT, 3 * (1 - _LABEL_AT) * _LABEL_AT**2, _LABEL_AT**3])
    x, y = weights @ np.array(vertices[-4:])
    return float(x), float(y)


def _draw_curves(axes: Axes, curves: Curves) -> None:
    f, slope = style.PALETTE[0], style.PALETTE[2]
    axes.plot(curves.x, curves.value, color=f, linewidth=1.3, label="f")
    axes.plot(curves.x, curves.slope, color=slope, linewidth=1.1, linestyle=style.DASHES[1], label="f'")
    if np.isfinite([curves.at_value, curves.at_slope]).all():
        reach = np.array([-0.35, 0.35]) * float(np.ptp(curves.x)) / 2
        axes.plot(curves.at + reach, curves.at_value + curves.at_slope * reach, color=style.INK, linewidth=0.8, label="tangent")
        axes.plot([curves.at] * 2, [curves.at_value, curves.at_slope], color=style.INK, marker="o", markersize=3.2, linewidth=0)
    axes.set_ylim(*_limits(np.concatenate([curves.value, curves.slope])))
    axes.set_xlim(float(curves.x[0]), float(curves.x[-1]))
    axes.set_title("f and f'", fontsize=style.SMALL, loc="left", color=style.INK)
    _dress(axes, curves.variable, "")


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """All finite values, or the middle ones where a pole would flatten the rest."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = (float(each) for each in np.percentile(values, (8, 92)))
    if high - low > 12 * (inner_high - inner_low) > 0:
        low, high = inner_low - (inner_high - inner_low), inner_high + (inner_high - inner_low)
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def _draw_errors(axes: Axes, curves: Curves) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    positive = np.concatenate([errors[np.isfinite(errors) & (errors > 0)] for _, _, errors, _ in curves.errors] or [np.empty(0)])
    lowest = float(positive.min()) / 3 if len(positive) else 1e-17
    for place, (name, steps, errors, best) in enumerate(curves.errors):
        colour = style.PALETTE[(1, 3)[place % 2]]
        drawn = np.where(errors > 0, errors, lowest)  # an exact hit has no place on this axis: it is drawn below all others
        axes.plot(steps, drawn, color=colour, linewidth=0.9, linestyle=style.DASHES[2 * place], label=name)
        if best is not None:
            ring: dict[str, Any] = {"marker": "o", "markersize": 5.5, "markerfacecolor": "none", "markeredgewidth": 1.1}
            axes.plot(steps[best], drawn[best], color=colour, linewidth=0, **ring)
            spot: dict[str, Any] = {"fontsize": style.TINY, "color": colour, "textcoords": "offset points", "annotation_clip": False}
            axes.annotate(f"h = {steps[best]:.0e}", (steps[best], drawn[best]), (0, 5 if place else -9), ha="center", **spot)
    if not len(positive):
        axes.text(0.5, 0.5, "no finite error above 0", transform=axes.transAxes, ha="center", va="center", color=style.MUTED)
    else:
        low, high = axes.get_ylim()
        axes.set_ylim(low / 30, high)
    axes.set_title("error of finite differences, best step ringed", fontsize=style.SMALL, loc="left", color=style.INK)
    axes.xaxis.set_major_locator(LogLocator(numticks=7))
    axes.yaxis.set_major_locator(LogLocator(numticks=7))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: "10" + str(round(math.log10(value))).translate(_RAISED)))
    _dress(axes, "step h", "")


def _dress(axes: Axes, x_label: str, y_label: str) -> None:
    if axes.get_yscale() == "linear":
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.minorticks_off()
    axes.grid(color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(x_label, fontsize=style.SMALL, labelpad=1, color=style.MUTED)
    axes.set_ylabel(y_label, fontsize=style.SMALL, labelpad=1, color=style.MUTED)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=style.TINY, frameon=False, handlelength=2.2, borderaxespad=0.2, labelspacing=0.3)
