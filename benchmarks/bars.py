"""Bars and points of the benchmark page, in the style of the report: each takes a table of `measures` and returns a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from benchmarks.measures import Match, Update
from benchmarks.results import OURS, Change, Record
from optlab.evidence import words
from optlab.report import style

WIDTH = 9.0
BAR = 0.15  # inches from one bar to the next
DTYPES = {"float32": style.PALETTE[0], "float64": style.PALETTE[1]}
KNOWN = ("jax", "jax, scan alone", "torch", "sklearn")  # each in one colour, whichever of them a picture has
SLOWER, FASTER = style.PALETTE[1], style.PALETTE[0]


def against_peers(found: Sequence[Match]) -> Figure:
    """Bars of each peer's time over ours, a panel per dtype; left of the line at 1 the peer is faster."""
    dtypes = sorted({match.dtype for match in found})
    names = sorted({peer for match in found for peer in match.peers})
    cases = sorted({match.case for match in found})
    rows = {(dtype, case): _bars(found, dtype, case, names) for dtype in dtypes for case in cases}
    tall = sum(max(len(rows[dtype, case]) for dtype in dtypes) + 0.9 for case in cases)
    with style.styled():
        figure = new_figure(WIDTH, 0.75 + BAR * tall)
        panels = figure.subplots(1, len(dtypes), sharey=True, sharex=True, squeeze=False)[0]
        for axes, dtype in zip(panels, dtypes, strict=True):
            place, ticks = 0.0, []
            for case in cases:
                for offset, (peer, ratio) in enumerate(rows[dtype, case]):
                    axes.barh(place + offset, ratio - 1, left=1, height=0.86, color=peer_hue(names, peer))
                    _write(axes, max(ratio, 1.0), place + offset, f"{_ratio(ratio)}")
                height = max(len(rows[each, case]) for each in dtypes)
                ticks.append((place + (height - 1) / 2, case))
                place += height + 0.9
            _log(axes, [ratio for bars in rows.values() for _, ratio in bars], "peer's time over ours: right of the line we are faster")
            axes.axvline(1, color=style.INK, linewidth=0.9)
            axes.set_yticks([at for at, _ in ticks], [case for _, case in ticks])
            axes.set_ylim(place - 0.6, -0.9)
            axes.set_title(dtype or "all", loc="left", fontweight="bold", fontsize=style.SIZE)
        handles = [Patch(color=peer_hue(names, name), label=name) for name in names]
        figure.legend(handles=handles, loc="outside upper left", ncols=6, frameon=False, fontsize=style.SMALL)
        return figure


def _bars(found: Sequence[Match], dtype: str, case: str, names: Sequence[str]) -> list[tuple[str, float]]:
    return [(peer, m.ratio(peer)) for m in found if (m.dtype, m.case) == (dtype, case) for peer in names if peer in m.peers]


def optimizers(found: Sequence[Update]) -> Figure:
    """Nanoseconds per parameter of one update, a bar per dtype; third-party rules hatched."""
    dtypes = sorted({dtype for update in found for dtype in update.nanoseconds})
    step = len(dtypes) + 0.7
    with style.styled():
        figure = new_figure(WIDTH, 0.6 + BAR * step * len(found))
        axes = figure.subplots()
        for place, update in enumerate(found):
            for offset, dtype in enumerate(dtypes):
                if dtype in update.nanoseconds:
                    look: dict[str, Any] = {
                        "facecolor": _hue(dtype),
                        "edgecolor": style.PAPER,
                        "hatch": "/////" if update.foreign else None,
                    }
                    axes.barh(place * step + offset, update.nanoseconds[dtype], height=0.86, linewidth=0, **look)
                    _write(axes, update.nanoseconds[dtype], place * step + offset, f"{update.nanoseconds[dtype]:.2f}")
        names = [f"{update.name} ({update.foreign})" if update.foreign else update.name for update in found]
        axes.set_yticks([place * step + (len(dtypes) - 1) / 2 for place in range(len(found))], [style.shorten(name, 40) for name in names])
        axes.set_ylim(len(found) * step - 0.6, -0.9)
        axes.set_xlim(0, 1.08 * max(time for update in found for time in update.nanoseconds.values()))
        dress(axes, "ns per parameter", "", "x")
        handles = [Patch(color=_hue(dtype), label=dtype or "all") for dtype in dtypes]
        if any(update.foreign for update in found):
            handles.append(Patch(facecolor=style.MUTED, edgecolor=style.PAPER, hatch="/////", linewidth=0, label="third party"))
        figure.legend(handles=handles, loc="outside upper left", ncols=4, frameon=False, fontsize=style.SMALL)
        return figure


def durations(found: Sequence[Record]) -> Figure:
    """Medians as points on a logarithmic axis, each with the range of its rounds."""
    with style.styled():
        figure = new_figure(WIDTH, 0.55 + 0.22 * len(found))
        axes = figure.subplots()
        for place, record in enumerate(found):
            axes.plot([record.low, record.high], [place, place], color=style.PALETTE[0], linewidth=2.5, alpha=0.35, solid_capstyle="round")
            axes.plot(record.median, place, "o", color=style.PALETTE[0], markersize=5)
            note: dict[str, Any] = {"xytext": (7, 0), "textcoords": "offset points", "va": "center", "fontsize": style.SMALL}
            axes.annotate(words.seconds(record.median), (record.high, place), **note)
        axes.set_yticks(range(len(found)), [style.shorten(record.label, 44) for record in found])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xscale("log")
        axes.set_xlim(min(r.low for r in found) / 1.3, max(r.high for r in found) * 1.8)
        axes.xaxis.set_major_locator(LogLocator(numticks=8, subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.seconds(value)))
        dress(axes, "median, and the range of the rounds", "", "x")
        return figure


def changed(found: Sequence[Change]) -> Figure:
    """The changes that count, as bars from 1 on a logarithmic axis: left slower, right faster."""
    with style.styled():
        figure = new_figure(WIDTH, 0.55 + 1.25 * BAR * len(found))
        axes = figure.subplots()
        for place, change in enumerate(found):
            axes.barh(place, change.speed - 1, left=1, height=0.8, color=FASTER if change.speed > 1 else SLOWER)
            side = 1 if change.speed > 1 else -1
            note: dict[str, Any] = {"xytext": (4 * side, 0), "textcoords": "offset points", "va": "center", "fontsize": style.SMALL}
            axes.annotate(_ratio(max(change.speed, 1 / change.speed)), (change.speed, place), ha="left" if side > 0 else "right", **note)
        axes.set_yticks(range(len(found)), [style.shorten(change.title, 60) for change in found])
        axes.set_ylim(len(found) - 0.4, -0.6)
        _log(axes, [change.speed for change in found], "left: slower now, right: faster")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _ratio(max(value, 1 / value))))
        axes.xaxis.set_major_locator(FixedLocator([tick for ratio in (1, 1.2, 1.5, 2, 3, 5, 10, 30, 100) for tick in (1 / ratio, ratio)]))
        axes.axvline(1, color=style.INK, linewidth=0.9)
        return figure


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches that makes room for its own labels."""
    figure = style.blank(width, height)
    figure.set_layout_engine("constrained")
    return figure


def _hue(dtype: str) -> str:
    return DTYPES.get(dtype, style.PALETTE[2])


def peer_hue(peers: Sequence[str], peer: str) -> str:
    """Ours in the first colour, the peers in the others, so that all pictures agree."""
    if peer == OURS:
        return style.PALETTE[0]
    order = [*KNOWN, *(name for name in peers if name not in KNOWN)]
    return style.PALETTE[1 + order.index(peer) % (len(style.PALETTE) - 1)]


def _ratio(value: float) -> str:
    return f"{value:.0f}x" if value >= 100 else f"{value:.1f}x" if value >= 10 else f"{value:.2f}x"


def _write(axes: Axes, x: float, y: float, text: str) -> None:
    note: dict[str, Any] = {"xytext": (3, 0), "textcoords": "offset points", "va": "center", "fontsize": style.SMALL}
    axes.annotate(text, (x, y), **note)


def _log(axes: Axes, ratios: Sequence[float], label: str) -> None:
    """A logarithmic axis of ratios with room for the numbers at the ends of the bars."""
    low, high = min(1.0, *ratios), max(1.0, *ratios)
    room = max(1.15, float(np.sqrt(high / low)) ** 0.35)
    axes.set_xscale("log")
    axes.set_xlim(low / (room if low < 1 else 1.05), high * room)
    wide = high / low > 50
    axes.xaxis.set_major_locator(LogLocator(numticks=9, subs=(1.0,) if wide else (1.0, 2.0, 5.0)) if high / low > 3 else _tenths(low, high))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    dress(axes, label, "", "x")


def _tenths(low: float, high: float) -> FixedLocator:
    every = 0.5 if high / low > 2 else 0.1 if high / low < 1.4 else 0.2
    return FixedLocator([every * k for k in range(1, int(high / every) + 2)])


def dress(axes: Axes, x_label: str, y_label: str, grid: str) -> None:
    """Labels, and grid lines across the axis `grid`."""
    axes.grid(axis="x" if grid == "x" else "y", color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left" if grid == "x" else "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if x_label:
        axes.set_xlabel(x_label, fontsize=style.SMALL, labelpad=2, color=style.MUTED)
    if y_label:
        axes.set_ylabel(y_label, fontsize=style.SMALL, labelpad=3, color=style.MUTED)
