"""All pictures of a study by name, each drawn only when asked for."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from optlab.evidence import Evidence
from optlab.report import heatmap, heatmap_picture, lines, style


@dataclass(frozen=True)
class Picture:
    """One picture; ``kind``: ``heatmaps`` (all of a problem), ``heatmap``, ``sensitivity``, ``learning``; ``text``: alternative text."""

    name: str
    kind: str
    problem: str
    contender: str | None
    text: str
    draw: Callable[[], Figure]


def pictures(evidence: Evidence, width: float | None = None) -> Iterator[Picture]:
    """Yield every picture of a study, problem by problem; ``width`` in inches overrides each kind's own. ``name`` is a safe file name."""
    taken: set[str] = set()
    for problem in evidence.problems:
        prefix = f"{problem}-" if len(evidence.problems) > 1 else ""
        maps = heatmap.heat_maps(evidence, problem)
        bounds = heatmap.scale(maps, evidence.metric.get(problem, ""))
        if maps:
            text = f"Heat maps of {', '.join(heat.contender for heat in maps)} on {problem}, on one colour scale."
            drawn = partial(heatmap_picture.draw_all, maps, bounds, width or style.TWO_COLUMNS)
            yield Picture(_name(f"{prefix}heatmaps", taken), "heatmaps", problem, None, text, drawn)
        for heat in maps:
            drawn = partial(heatmap_picture.draw, heat, bounds, width or style.COLUMN)
            yield Picture(_name(f"{prefix}heatmap-{heat.contender}", taken), "heatmap", problem, heat.contender, _described(heat), drawn)
        data = lines.sensitivity(evidence, problem)
        if any(len(line.x) > 1 for line in data.lines):
            drawn = partial(lines.draw, data, evidence.contenders, width or 4.6, 2.4)
            text = f"{data.title}. {data.y_label} against {data.x_label} for {_names(data)}; the table beside it holds the numbers."
            yield Picture(_name(f"{prefix}sensitivity", taken), "sensitivity", problem, None, text, drawn)
        for budget in lines.BUDGETS:
            data = lines.learning(evidence, problem, budget)
            if data.lines:
                drawn = partial(lines.draw, data, evidence.contenders, width or style.COLUMN, 2.0)
                text = f"{data.title}. {data.y_label} against {data.x_label} for {_names(data)}; the table beside it holds the numbers."
                yield Picture(_name(f"{prefix}learning-{budget}", taken), "learning", problem, None, text, drawn)


def _names(data: lines.Lines) -> str:
    return ", ".join(line.contender for line in data.lines)


def _described(heat: heatmap.HeatMap) -> str:
    axes = " x ".join(heatmap.AXIS.get(name, heatmap.short(name)) for name in (heat.x_name, heat.y_name) if name)
    lost = (
        f"{int((heat.diverged > 0).sum())} of {heat.median.size} cells with diverged trials, {int((heat.stuck > 0).sum())} with stuck ones"
    )
    best = f"{heat.chosen_text}, median {heat.quantity} {heatmap.cell_text(heat.median[heat.chosen])}" if heat.chosen else heat.chosen_text
    return f"Heat map of {heat.contender} on {heat.problem}, {axes}: {best}; {lost}."


def _name(wanted: str, taken: set[str]) -> str:
    """Return a file name made of harmless characters that is not in ``taken``, also on file systems that ignore case, and add it."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", wanted).strip("_")[:80] or "figure"
    name, count = plain, 1
    while name.lower() in taken:
        count += 1
        name = f"{plain}-{count}"
    taken.add(name.lower())
    return name
