"""Curves of the benchmark page over size: the share of peak, and growth against its straight line."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from benchmarks.bars import WIDTH, dress, new_figure, peer_hue
from benchmarks.measures import STRAIGHT, Curve, Rate
from benchmarks.results import OURS
from optlab.evidence import words
from optlab.report import style


def share_of_peak(found: Sequence[Rate]) -> Figure:
    """Rates against the FLOPs of a step, a panel per dtype: as a share of the measured peak where every rate has one, else GFLOP/s."""
    shares = all(rate.share is not None for rate in found)
    dtypes = sorted({rate.dtype for rate in found})
    others = sorted({rate.peer for rate in found} - {OURS})
    peers = [OURS, *others]
    with style.styled():
        figure = new_figure(WIDTH, 2.9)
        panels = figure.subplots(1, len(dtypes), sharey=shares, squeeze=False)[0]
        for axes, dtype in zip(panels, dtypes, strict=True):
            top = 0.0
            for place, peer in enumerate(peers):
                own = [rate for rate in found if (rate.dtype, rate.peer) == (dtype, peer)]
                heights = [100 * (rate.share or 0) if shares else rate.gflops for rate in own]
                thin = {"linewidth": 1.8, "markersize": 4.5, "zorder": 4} if peer == OURS else {"linewidth": 0.9, "markersize": 3.2}
                mark = style.MARKERS[place % len(style.MARKERS)]
                axes.plot([rate.flops for rate in own], heights, color=peer_hue(others, peer), marker=mark, label=peer, **thin)
                top = max(top, *heights, 0.0)
                if peer == OURS:
                    for rate, height, last in zip(own, heights, [0.0, *heights], strict=False):
                        aside = ((-3, 4), "right") if height >= last else ((4, -8), "left")  # off the line
                        text = f"{rate.case.split()[0]}  {height:.0f}{' %' if shares else ''}"
                        axes.annotate(text, (rate.flops, height), aside[0], textcoords="offset points", ha=aside[1], fontsize=style.SMALL)
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.flops(value)))
            axes.margins(x=0.14)
            axes.set_ylim(0, 100 if shares else 1.18 * top)
            label = "GFLOP/s" if not shares else "% of measured FMA peak" if axes is panels[0] else ""
            dress(axes, "FLOPs of one step", label, "y")
            axes.set_title(dtype or "all", loc="left", fontweight="bold", fontsize=style.SIZE)
        if len(peers) > 1:
            figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=7, frameon=False, fontsize=style.SMALL)
        return figure


def growth(found: Sequence[Curve]) -> Figure:
    """Each curve with its straight line, and below it the ratio of the two; the band reaches up to `STRAIGHT`."""
    across = min(3, len(found))
    down = -(-len(found) // across)
    with style.styled():
        figure = new_figure(WIDTH, 2.75 * down)
        grid = GridSpec(2 * down, across, figure=figure, height_ratios=[2.2, 1.0] * down)
        for place, curve in enumerate(found):
            row, column = divmod(place, across)
            axes = figure.add_subplot(grid[2 * row, column])
            below = figure.add_subplot(grid[2 * row + 1, column], sharex=axes)
            x, seconds = [point.x for point in curve.points], [point.seconds for point in curve.points]
            ratios = [point.ratio for point in curve.points]
            axes.plot(x, [point.line for point in curve.points], color=style.MUTED, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.plot(x, seconds, color=style.PALETTE[0], marker="o", markersize=3.4, linewidth=1.3)
            below.axhspan(1, STRAIGHT, color=style.PALETTE[2], alpha=0.22, linewidth=0)
            below.plot(x, ratios, color=style.PALETTE[0], marker="o", markersize=3.4, linewidth=1.3)
            _growth_axes(axes, below, curve, x, seconds, ratios)
        return figure


def _growth_axes(axes: Axes, below: Axes, curve: Curve, x: list[float], seconds: list[float], ratios: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    below.set_yscale("log")
    low, high = min(*seconds, *(p.line for p in curve.points)), max(seconds)
    if high < 8 * low:  # a flat curve looks flat
        middle = (low * high) ** 0.5
        low, high = middle / 3, middle * 3
    axes.set_ylim(low / 1.4, high * 1.4)
    axes.yaxis.set_major_locator(LogLocator(numticks=6, subs=(1.0,) if high > 30 * low else (1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.seconds(value)))
    below.set_ylim(0.95, max(1.6, 1.15 * max(ratios)))
    wanted = (
        (1, STRAIGHT, 1.5)
        if max(ratios) < 1.8
        else (1, 1.5, 2)
        if max(ratios) < 3
        else (1, 2, 5, 10)
        if max(ratios) < 20
        else (1, 10, 100, 1000)
    )
    below.yaxis.set_major_locator(FixedLocator([tick for tick in wanted if tick <= max(1.6, 1.15 * max(ratios))]))
    below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    for each in (axes, below):
        each.yaxis.set_minor_locator(NullLocator())
        each.xaxis.set_major_locator(FixedLocator(x if len(x) < 7 else x[:: -(-len(x) // 6)]))
        each.xaxis.set_minor_locator(NullLocator())
        each.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _size(value)))
        dress(each, "", "", "y")
    axes.tick_params(labelbottom=False)
    axes.set_title(f"{curve.name}: step time", loc="left", fontweight="bold", fontsize=style.SIZE)
    below.set_xlabel(curve.name, fontsize=style.SMALL, labelpad=1, color=style.MUTED)
    below.set_ylabel("over line", fontsize=style.SMALL, labelpad=2, color=style.MUTED)


def _size(value: float) -> str:
    for scale, unit in ((1e6, "M"), (1e3, "k")):
        if value >= scale and value % scale == 0:
            return f"{value / scale:g}{unit}"
    return f"{value:,g}"
