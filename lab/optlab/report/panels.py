"""Small pictures side by side that share contenders and key: trials over each axis, diagnoses layer by layer."""

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from optlab.report import style
from optlab.report.labels import decade
from optlab.report.lines import Legend, look

Array = NDArray[np.float64]
ABREAST = 2.2
"""Inches that a panel takes at least."""


@dataclass(frozen=True)
class Series:
    """One contender's points: ``x`` and ``y``, drawn alone or ``joined``; NaN is left out, -inf lies at the foot as a cross."""

    contender: str
    x: Array
    y: Array
    low: Array | None = None
    """With ``high``: ends of a bar through each point."""
    high: Array | None = None
    joined: bool = False
    chosen: int | None = None
    """Place of the point with a ring."""
    best: tuple[Array, Array] | None = None
    """A line beside the points."""


@dataclass(frozen=True)
class Panel:
    """One small picture. ``ticks``: words at x = 0, 1, 2, ... in place of numbers; ``percent``: y is a share."""

    title: str
    x_label: str
    series: tuple[Series, ...]
    log_x: bool = False
    log_y: bool = False
    percent: bool = False
    whole: bool = False
    """x counts something."""
    ticks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Panels:
    """What is drawn; ``shared``: all panels have one scale upwards, which is ``y_label``."""

    title: str
    note: str
    panels: tuple[Panel, ...]
    y_label: str = ""
    shared: bool = False


def draw(data: Panels, contenders: tuple[str, ...], width: float, height: float = 1.45) -> Figure:
    """Return the picture, ``width`` inches wide; ``height`` is that of one panel's axes."""
    with style.styled():
        present = {series.contender for panel in data.panels for series in panel.series}
        key = Legend(tuple(name for name in contenders if name in present), width)
        abreast = max(1, min(len(data.panels), int(width / ABREAST)))
        rows, each = -(-len(data.panels) // abreast), width / abreast
        note = textwrap.wrap(data.note, int(width * 72 / 3.25))
        tall, foot = height + 0.58, 0.05 + 0.105 * len(note)
        total = foot + rows * tall + 0.26 + 0.15 * key.rows
        figure = style.blank(width, total)
        style.write(figure, 0.04, total - 0.15, style.shorten(data.title, int(width * 12)), weight="bold")
        limits = _limits(data.panels) if data.shared else None
        for place, panel in enumerate(data.panels):
            left, bottom = (place % abreast) * each + 0.48, foot + (rows - 1 - place // abreast) * tall + 0.36
            axes = figure.add_axes((left / width, bottom / total, (each - 0.58) / width, height / total))
            low, high = limits or _limits((panel,))
            axes.set_ylim(low, high)
            for series in panel.series:
                _points(axes, series, contenders.index(series.contender), panel.log_y)
            _dress(axes, panel)
            style.write(figure, left, bottom + height + 0.06, style.shorten(panel.title, int(each * 13)), style.SMALL)
            if place == 0:
                key.draw(figure, axes, contenders, total - 0.33)
        for place, text in enumerate(reversed(note)):
            style.write(figure, 0.04, 0.05 + 0.105 * place, text, style.TINY, style.MUTED)
        return figure


def _limits(panels: tuple[Panel, ...]) -> tuple[float, float]:
    """Return limits that hold every finite number, in the logarithm where a panel says so."""
    every = [part for panel in panels for one in panel.series for part in (one.y, one.low, one.high) if part is not None]
    values = np.concatenate(every) if every else np.empty(0)
    values = values[np.isfinite(values)]
    if panels[0].log_y:
        values = values[values > 0]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.1, 1.0)
        room = (high / low) ** 0.08 * 1.15
        return low / room, high * room
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    low = 0.0 if panels[0].percent else low
    margin = 0.06 * (high - low) or 0.05
    return low - margin, high + margin


def _points(axes: Axes, series: Series, own: int, log_y: bool) -> None:
    plain = look(own)
    foot, top = axes.get_ylim()
    shown = np.isfinite(series.y) & ((series.y > 0) | (not log_y))
    colour: dict[str, Any] = {"color": plain["color"]}
    if series.low is not None and series.high is not None:
        low = np.maximum(series.low[shown], foot)
        bars = axes.vlines(series.x[shown], low, series.high[shown], linewidth=1.0, alpha=0.5, **colour)
        style.mark(bars, f"of:{own}:bars")
    line = plain if series.joined else {**plain, "linestyle": "none"}
    drawn = axes.plot(series.x[shown], series.y[shown], zorder=3, **line | {"alpha": 1.0 if series.joined else 0.75})
    style.mark(drawn[0], f"of:{own}:line")
    lost = np.isneginf(series.y)
    if lost.any():
        cross: dict[str, Any] = {"marker": "x", "linestyle": "none", "markersize": 3.4, "markeredgewidth": 0.9, "clip_on": False}
        drawn = axes.plot(series.x[lost], np.full(int(lost.sum()), foot + 0.02 * (top - foot)), **colour | cross)
        style.mark(drawn[0], f"of:{own}:lost")
    if series.best is not None:
        drawn = axes.plot(*series.best, zorder=2, **{**plain, "marker": "none"})
        style.mark(drawn[0], f"of:{own}:best")
    if series.chosen is not None:
        ring: dict[str, Any] = {"marker": "o", "markersize": 7.5, "markerfacecolor": "none", "markeredgewidth": 1.1, "zorder": 5}
        drawn = axes.plot(series.x[series.chosen], series.y[series.chosen], markeredgecolor=plain["color"], **ring)
        style.mark(drawn[0], f"of:{own}:ring")


def _dress(axes: Axes, panel: Panel) -> None:
    if panel.log_x:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: decade(float(value)) or f"{value:g}"))
    elif panel.ticks:
        axes.set_xticks(range(len(panel.ticks)), [style.shorten(tick, 12) for tick in panel.ticks])
        axes.set_xlim(-0.5, len(panel.ticks) - 0.5)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=panel.whole))
    if panel.log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: decade(float(value)) or f"{value:g}"))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        if panel.percent:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(panel.x_label, fontsize=style.SMALL, labelpad=1, color=style.MUTED)
