"""All pictures of a study by name, each drawn only when asked for."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from optlab.evidence import Evidence, words
from optlab.evidence.reaching import ALL
from optlab.report import beside, confusion, diagnoses, exploratory, heatmap, heatmap_picture, labels, lines, panels, search, style


@dataclass(frozen=True)
class Picture:
    """One picture; ``kind``: ``heatmaps`` (all of a problem), ``heatmap``, ``search``, ``sensitivity``, ``learning``, ``confusion``.

    Of published runs beside the study's own: ``beside-learning``, ``beside-sensitivity``.
    ``diagnoses`` and ``tunability`` are further kinds; of all problems together, ``problem`` being ``ALL``: ``anytime``, ``profile``.
    ``text``: alternative text. ``data``: what is drawn, None where several pictures' data are.
    """

    name: str
    kind: str
    problem: str
    contender: str | None
    text: str
    draw: Callable[[], Figure]
    budget: str | None = None
    data: heatmap.HeatMap | lines.Lines | confusion.Confusion | panels.Panels | None = None
    on: str | None = None
    """The data set that a heat map shows."""
    aside: bool = False
    """A heat map of data that chose nothing: it stands on the page, and is a file where one asks for it."""


def pictures(evidence: Evidence, width: float | None = None, frame: pd.DataFrame | None = None) -> Iterator[Picture]:
    """Yield every picture of a study, problem by problem; ``width`` in inches overrides each kind's own. ``name`` is a safe file name.

    ``frame``, one row per trial, is needed for the confusion matrices alone.
    """
    taken: set[str] = set()
    for problem in evidence.problems:
        prefix = f"{problem}-" if len(evidence.problems) > 1 else ""
        yield from _heat_maps(evidence, problem, prefix, taken, width)
        yield from _panels(evidence, problem, "search", search.search(evidence, problem), prefix, taken, width)
        data = lines.sensitivity(evidence, problem)
        if any(len(line.x) > 1 for line in data.lines):
            drawn = partial(lines.draw, data, evidence.contenders, width or 4.6, 2.4)
            text = f"{data.title}. {data.y_label} against {data.x_label} for {_names(data)}; the table beside it holds the numbers."
            yield Picture(_name(f"{prefix}sensitivity", taken), "sensitivity", problem, None, text, drawn, data=data)
        for budget in lines.BUDGETS:
            data = lines.learning(evidence, problem, budget)
            if data.lines:
                drawn = partial(lines.draw, data, evidence.contenders, width or 4.6, 2.4)
                text = f"{data.title}. {data.y_label} against {data.x_label} for {_names(data)}; the table beside it holds the numbers."
                yield Picture(_name(f"{prefix}learning-{budget}", taken), "learning", problem, None, text, drawn, budget, data)
        yield from _confusions(evidence, frame, problem, prefix, taken, width)
        yield from _panels(evidence, problem, "diagnoses", diagnoses.pictured(evidence, problem), prefix, taken, width)
        data = exploratory.tunability(evidence, problem)
        yield from _exploratory(evidence.contenders, problem, "tunability", data, f"{prefix}tunability", taken, width)
        for kind, data in beside.lines(evidence, problem):
            yield from _exploratory(beside.contenders(evidence), problem, kind, data, f"{prefix}{kind}", taken, width)
    for budget in lines.BUDGETS:
        for kind, data in (("anytime", exploratory.anytime(evidence, budget)), ("profile", exploratory.profile(evidence, budget))):
            yield from _exploratory(evidence.contenders, ALL, kind, data, f"{kind}-{budget}", taken, width, budget)


def _heat_maps(evidence: Evidence, problem: str, prefix: str, taken: set[str], width: float | None) -> Iterator[Picture]:
    sets = {data: heatmap.heat_maps(evidence, problem, data) for data in heatmap.data_sets(evidence, problem)}
    bounds = heatmap.scale([heat for maps in sets.values() for heat in maps], evidence.metric.get(problem, ""))
    for place, (on, maps) in enumerate(sets.items()):
        ending = f"-{on}" if place else ""
        if maps:
            text = f"Heat maps of {', '.join(heat.contender for heat in maps)} on {problem}, {on} data, on one colour scale."
            drawn = partial(heatmap_picture.draw_all, maps, bounds, width or style.TWO_COLUMNS)
            yield Picture(_name(f"{prefix}heatmaps{ending}", taken), "heatmaps", problem, None, text, drawn, on=on, aside=bool(place))
        for heat in maps:
            drawn = partial(heatmap_picture.draw, heat, bounds, width or style.COLUMN)
            name = _name(f"{prefix}heatmap-{heat.contender}{ending}", taken)
            yield Picture(name, "heatmap", problem, heat.contender, _described(heat), drawn, data=heat, on=on, aside=bool(place))


def _panels(
    evidence: Evidence, problem: str, kind: str, data: panels.Panels, prefix: str, taken: set[str], width: float | None
) -> Iterator[Picture]:
    if data.panels:
        drawn = partial(panels.draw, data, evidence.contenders, width or style.TWO_COLUMNS)
        shown = words.listed([panel.title for panel in data.panels], 12)
        yield Picture(_name(f"{prefix}{kind}", taken), kind, problem, None, f"{data.title}: {shown}.", drawn, data=data)


def _exploratory(
    contenders: tuple[str, ...],
    problem: str,
    kind: str,
    data: lines.Lines,
    name: str,
    taken: set[str],
    width: float | None,
    budget: str | None = None,
) -> Iterator[Picture]:
    if data.lines:
        drawn = partial(lines.draw, data, contenders, width or 4.6, 2.4)
        text = f"{data.title}. {data.y_label} against {data.x_label} for {_names(data)}; the table beside it holds the numbers."
        yield Picture(_name(name, taken), kind, problem, None, text, drawn, budget, data)


def _confusions(
    evidence: Evidence, frame: pd.DataFrame | None, problem: str, prefix: str, taken: set[str], width: float | None
) -> Iterator[Picture]:
    for matrix in confusion.matrices(evidence, frame, problem):
        text = (
            f"Confusion matrix of {matrix.contender} on {problem}: {int(matrix.counts.trace())} of {int(matrix.counts.sum())} rows right."
        )
        drawn = partial(confusion.draw, matrix, width or style.COLUMN)
        name = _name(f"{prefix}confusion-{matrix.contender}", taken)
        yield Picture(name, "confusion", problem, matrix.contender, text, drawn, data=matrix)


def _names(data: lines.Lines) -> str:
    return ", ".join(line.contender for line in data.lines)


def _described(heat: heatmap.HeatMap) -> str:
    axes = " x ".join(labels.AXIS.get(name, labels.short(name)) for name in (heat.x_name, heat.y_name) if name)
    lost = (
        f"{int((heat.diverged > 0).sum())} of {heat.median.size} cells with diverged trials, {int((heat.stuck > 0).sum())} with stuck ones"
    )
    best = f"{heat.chosen_text}, median {heat.quantity} {labels.cell_text(heat.median[heat.chosen])}" if heat.chosen else heat.chosen_text
    return f"Heat map of {heat.contender} on {heat.problem}, {heat.data} data, {axes}: {best}; {lost}."


def _name(wanted: str, taken: set[str]) -> str:
    """Return a file name made of harmless characters that is not in ``taken``, also on file systems that ignore case, and add it."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", wanted).strip("_")[:80] or "figure"
    name, count = plain, 1
    while name.lower() in taken:
        count += 1
        name = f"{plain}-{count}"
    taken.add(name.lower())
    return name
