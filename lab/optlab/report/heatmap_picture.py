"""The pictures of the heat maps: one contender's alone, or all of a problem in one figure."""

import textwrap
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from optlab.report import style
from optlab.report.heatmap import HeatMap
from optlab.report.labels import AXIS, cell_text, short, tick_labels

COLOURS = mpl.colormaps["cividis"]
"""Monotone in lightness: readable in grey and by the colour-blind (Nunez, Anderton and Renslow, PLoS ONE 13, 2018)."""
LUMA = np.array([0.299, 0.587, 0.114])
LEVELS = 64
"""Colours of a dense map."""
ROW, TALLEST = 0.235, 2.6
"""Inches: a row of a map, and all rows of a dense one."""
LIGHT, DARK = "#fefefe", "#1a1a1a"
"""Inks on top of cells: unlike ``style.INK`` the same by day and by night, as the cells are."""
DIVERGED, STUCK = "/////", "-----"
"""Hatchings: strokes that leave the cell, and flat lines. (Dots would be prettier and make 400 kB of paths in each SVG.)"""


def draw(heat: HeatMap, bounds: tuple[float, float], width: float = style.COLUMN) -> Figure:
    """Return the picture of one map, ``width`` inches wide, with its names, settings, colour scale and key inside."""
    with style.styled():
        warning, caption = _caption(heat, width)
        warned, caption = len(caption), [*warning, *caption]
        row = _row(heat)
        bottom = 0.36 + 0.105 * len(caption) + 0.15
        figure = style.blank(width, bottom + row * len(heat.y) + 0.40)
        height = bottom + row * len(heat.y) + 0.40
        style.write(figure, 0.04, height - 0.15, style.shorten(heat.contender, 26), weight="bold")
        style.write(figure, 0.04, height - 0.29, heat.subtitle, style.SMALL, style.MUTED)
        _bar(figure, width - 1.02, height - 0.145, bounds, heat.quantity)
        _panel(figure, heat, bounds, (0.50, bottom, width - 0.54, row * len(heat.y)))
        for place, line in enumerate(reversed(caption)):
            ink = style.INK if place >= warned else style.MUTED
            style.note(figure, style.write(figure, 0.04, 0.21 + 0.105 * place, line, style.TINY, ink))
        _key(figure, 0.04, 0.06, width, bool(heat.best))
        return figure


def _caption(heat: HeatMap, width: float) -> tuple[list[str], list[str]]:
    """Return the lines below a map: the warning, then problem and settings."""
    room = int(width * 72 / 3.3)
    return textwrap.wrap(heat.warning, room), textwrap.wrap(f"{heat.problem} · {heat.settings}", room)


def foot(heat: HeatMap, width: float = style.COLUMN) -> float:
    """Return how many inches at the foot of ``draw`` hold nothing but caption and key."""
    return 0.17 + 0.105 * sum(map(len, _caption(heat, width)))


def draw_all(maps: list[HeatMap], bounds: tuple[float, float], width: float = style.TWO_COLUMNS) -> Figure:
    """Return all maps of a problem as one figure, two abreast, on one colour scale."""
    with style.styled():
        abreast = min(2, len(maps))
        gap, tallest = 0.64, max(_row(heat) * len(heat.y) for heat in maps)
        rows = -(-len(maps) // abreast)
        height = 0.40 + rows * (tallest + gap) + 0.26
        each = width / abreast
        figure = style.blank(width, height)
        shared = {heat.settings for heat in maps}
        note = f"{style.shorten(maps[0].problem)} · {maps[0].data}"
        note += f" · {maps[0].settings}" if len(shared) == 1 else ""
        style.write(figure, 0.04, height - 0.16, note, weight="bold")
        _bar(figure, width - 1.02, height - 0.145, bounds, maps[0].quantity)
        for place, heat in enumerate(maps):
            left, top = (place % abreast) * each, height - 0.40 - (place // abreast) * (tallest + gap)
            style.write(figure, left + 0.50, top - 0.16, style.shorten(heat.contender, 20), weight="bold")
            note = f"{heat.chosen_text}{', at the edge' if heat.edges else ''}"
            style.write(figure, left + each - 0.06, top - 0.16, note, style.SMALL, style.MUTED, ha="right")
            high = _row(heat) * len(heat.y)
            _panel(figure, heat, bounds, (left + 0.50, top - 0.24 - high, each - 0.56, high))
        _key(figure, 0.04, 0.07, width, any(heat.best for heat in maps))
        return figure


def _row(heat: HeatMap) -> float:
    """Return the height of a row in inches."""
    return min(ROW, TALLEST / len(heat.y)) if heat.dense else ROW


def _shapes(axes: Axes, heat: HeatMap, norm: Normalize) -> None:
    """Draw a dense map: one shape per colour, hatching and ink; an image would be smaller, but PGF takes none."""
    finite, known = np.isfinite(heat.median), ~(np.isnan(heat.median) & np.isnan(heat.diverged))
    level = np.where(finite, np.round(norm(np.where(finite, heat.median, 0.0)) * (LEVELS - 1)), -1).astype(int)
    palette = np.array([*COLOURS(np.linspace(0, 1, LEVELS)), mpl.colors.to_rgba(style.VOID)])
    for colour in np.unique(level[known]):
        look = mpl.colors.to_hex(palette[colour]) if colour >= 0 else style.VOID
        _add(axes, known & (level == colour), facecolor=look, linewidth=0.0, antialiased=False)  # smooth edges would leave seams
    dark = palette[level][..., :3] @ LUMA < 0.5
    for share, hatch in ((heat.diverged, DIVERGED), (heat.stuck, STUCK)):
        for ink, where in ((LIGHT, dark), (DARK, ~dark)):
            _add(axes, (share > 0) & where, facecolor="none", edgecolor=ink, linewidth=0.0, hatch=hatch)


def _add(axes: Axes, where: NDArray[np.bool_], **look: Any) -> None:
    """Draw these cells as one shape."""
    boxes = [_box(i, begin, end) for i in np.flatnonzero(where.any(axis=1)).tolist() for begin, end in _runs(where[i])]
    if boxes:
        axes.add_artist(PathPatch(Path.make_compound_path(*boxes), clip_on=False, **look))


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return begin and end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marked.astype(int), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _box(row: int, begin: int, end: int) -> Path:
    corners = [(begin, row), (end, row), (end, row + 1), (begin, row + 1), (begin, row)]
    return Path(corners, [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY])


def _panel(figure: Figure, heat: HeatMap, bounds: tuple[float, float], place: tuple[float, float, float, float]) -> None:
    width, height = figure.get_size_inches()
    axes = figure.add_axes((place[0] / width, place[1] / height, place[2] / width, place[3] / height))
    norm = Normalize(*bounds, clip=True)
    rows, columns = heat.median.shape
    size = min(style.TINY + 0.4, place[2] / columns * 72 / 2.75)

    def box(x: float, y: float, wide: float, high: float, **look: Any) -> Artist:
        # Nothing leaves the axes, and clipping each of some hundred boxes takes a sixth of the time and of the SVG.
        return axes.add_artist(Rectangle((x, y), wide, high, clip_on=False, **look))

    if heat.dense:
        _shapes(axes, heat, norm)
    for i, j in () if heat.dense else np.ndindex(rows, columns):
        value = float(heat.median[i, j])
        if np.isnan(value) and np.isnan(heat.diverged[i, j]):
            continue
        red, green, blue, _ = COLOURS(float(norm(value))) if np.isfinite(value) else mpl.colors.to_rgba(style.VOID)
        face = mpl.colors.to_hex((red, green, blue)) if np.isfinite(value) else style.VOID
        dark = LUMA @ (red, green, blue) < 0.5
        ink = LIGHT if dark else DARK
        style.mark(box(j, i, 1, 1, facecolor=face, edgecolor=style.PAPER, linewidth=0.8), f"cell:{i}:{j}")
        text = cell_text(value)
        marks = [hatch for share, hatch in ((heat.diverged[i, j], DIVERGED), (heat.stuck[i, j], STUCK)) if share > 0]
        for hatch in marks:
            # No opacity: an SVG takes it twice, and white at 0.55 was lost on the dark cells, where most stuck runs are.
            box(j + 0.03, i + 0.03, 0.94, 0.94, facecolor="none", linewidth=0.0, edgecolor=ink, hatch=hatch)
        if marks and text:
            wide = min(0.94, 0.2 + 0.62 * len(text) * size / 72 / (place[2] / columns))
            box(j + 0.5 - wide / 2, i + 0.22, wide, 0.56, facecolor=face, linewidth=0.0)
        axes.text(j + 0.5, i + 0.52, text, ha="center", va="center", fontsize=size, color=ink)
        spread = _spread(float(heat.low[i, j]), float(heat.high[i, j]), bounds)
        if spread > 0.04 and np.isfinite(value):
            box(j + 0.5 - 0.42 * spread, i + 0.85, 0.84 * spread, 0.07, facecolor=ink, linewidth=0.0, alpha=0.8)
    for i, j in heat.best:
        box(j + 0.06, i + 0.08, 0.88, 0.84, facecolor="none", edgecolor=LIGHT, linewidth=1.7, zorder=4)
        box(j + 0.06, i + 0.08, 0.88, 0.84, facecolor="none", edgecolor=DARK, linewidth=0.8, linestyle=(0, (2, 1)), zorder=5)
    if heat.chosen:
        i, j = heat.chosen
        box(j, i, 1, 1, facecolor="none", edgecolor=LIGHT, linewidth=3.0, zorder=4)
        box(j, i, 1, 1, facecolor="none", edgecolor=DARK, linewidth=1.5, zorder=5)
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    axes.set_xticks(np.arange(columns) + 0.5, tick_labels(heat.x))
    axes.set_yticks(np.arange(rows) + 0.5, tick_labels(heat.y, most=12) if heat.y_name else [""] * rows)
    axes.tick_params(length=0, pad=2)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(AXIS.get(heat.x_name, short(heat.x_name)), fontsize=style.SMALL, labelpad=1, color=style.MUTED)
    if heat.y_name:
        name, middle = AXIS.get(heat.y_name, short(heat.y_name)), place[1] + place[3] / 2
        style.write(figure, place[0] - 0.42, middle, name, style.SMALL, style.MUTED, rotation=90, va="center")


def _bar(figure: Figure, x: float, y: float, bounds: tuple[float, float], quantity: str) -> None:
    steps = 24
    for k in range(steps):
        colour = mpl.colors.to_hex(COLOURS(k / (steps - 1)))
        part = Rectangle((x + 0.24 + 0.5 * k / steps, y), 0.5 / steps + 0.004, 0.08, facecolor=colour, linewidth=0)
        part.set_transform(figure.dpi_scale_trans)
        figure.add_artist(part)
    style.write(figure, x + 0.21, y - 0.003, cell_text(bounds[0]), style.TINY, style.MUTED, ha="right")
    style.write(figure, x + 0.77, y - 0.003, cell_text(bounds[1]), style.TINY, style.MUTED)
    style.write(figure, x + 0.98, y - 0.125, quantity, style.TINY, style.MUTED, ha="right")


def _spread(low: float, high: float, bounds: tuple[float, float]) -> float:
    """Return the range over replicates as a share of the colour scale, at most 1; what diverged spreads over all of it."""
    if np.isnan(low) or np.isnan(high):
        return 0.0
    low, high = max(low, bounds[0]), min(high, bounds[1])
    return float(min(1.0, max(0.0, (high - low) / (bounds[1] - bounds[0]))))


def _key(figure: Figure, x: float, y: float, width: float, alike: bool) -> None:
    """Explain the marks in one line; a picture too narrow for all of them leaves the last ones to its caption."""
    shown: list[tuple[str, str | None, float, Any]] = [
        ("diverged", DIVERGED, 0.0, "-"),
        ("stuck", STUCK, 0.0, "-"),
        ("chosen", None, 1.2, "-"),
    ]
    shown += [("as good", None, 0.8, (0, (2, 1)))] if alike else []
    for text, hatch, line, dash in shown:
        style.swatch(figure, x, y, style.VOID, DARK, hatch, line, dash)
        style.note(figure, style.write(figure, x + 0.2, y + 0.01, text, style.TINY, style.MUTED))
        x += 0.34 + 0.05 * len(text)
    if x + 0.9 > width:
        return
    style.bar(figure, x + 0.02, y + 0.035, 0.16)
    style.note(figure, style.write(figure, x + 0.22, y + 0.01, "range, as wide as the scale", style.TINY, style.MUTED))
