"""All that the report shows, made once from the two frames of the store, and the study's three questions answered in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optlab.evidence import answers, profiles, rank, select
from optlab.evidence.answers import Answer


@dataclass(frozen=True)
class Evidence:
    """What a study's outcomes say; frames of plain values, so that tables, figures and tests read the same numbers."""

    problems: tuple[str, ...]
    contenders: tuple[str, ...]
    """In the order of the study: figures and colours follow it."""
    metric: Mapping[str, str]
    """Per problem: ``accuracy`` or ``r2``."""
    claimed_on: Mapping[str, str]
    """Per problem: the data set that the ranking reads, ``test`` where there is one."""
    target: Mapping[str, float]
    cells: pd.DataFrame
    chosen: pd.DataFrame
    ranked: pd.DataFrame
    sensitivity: pd.DataFrame
    tolerance: pd.DataFrame
    targets: pd.DataFrame
    learning: pd.DataFrame
    untrained: tuple[tuple[str, str], ...]
    """(problem, contender) pairs of which no cell trained."""
    answers: tuple[Answer, ...]
    """Three per problem, problem by problem."""


def summary(
    frame: pd.DataFrame,
    curves: pd.DataFrame,
    target: float | Mapping[str, float] | None = None,
    contenders: Sequence[str] | None = None,
) -> Evidence:
    """Return the evidence in a study's ``frame`` (one row per trial) and ``curves`` (one row per trial and evaluated epoch).

    ``target`` is the metric to reach, one number or one per problem; None leaves the third question open. ``contenders`` is the study's
    order of contenders; without it the order in which they appear in the frame.
    """
    problems = tuple(str(name) for name in frame["problem"].unique())
    present = [str(name) for name in frame["contender"].unique()]
    order = [name for name in contenders or () if name in present]
    order += [name for name in present if name not in order]
    targets = dict(target) if isinstance(target, Mapping) else {problem: float(target) for problem in problems if target is not None}
    targets = {problem: value for problem, value in targets.items() if problem in problems and np.isfinite(value)}
    placed = frame.assign(_place=pd.Categorical(frame["contender"], order, ordered=True).codes)
    placed = placed.sort_values("_place", kind="stable").drop(columns="_place")
    placed = pd.concat([placed[placed["problem"].eq(problem)] for problem in problems]) if problems else placed
    cells = select.cells(placed)
    chosen = select.choose_from(cells)
    line = profiles.sensitivity(cells, chosen)
    found = Evidence(
        problems=problems,
        contenders=tuple(order),
        metric={str(problem): str(name) for problem, name in placed.groupby("problem", sort=False)["metric"].first().items()},
        claimed_on=rank.claimed_on(placed),
        target=targets,
        cells=cells,
        chosen=chosen,
        ranked=rank.ranked(placed, cells, chosen),
        sensitivity=line,
        tolerance=profiles.tolerance(line),
        targets=profiles.time_to_target(placed, curves, chosen, targets),
        learning=profiles.learning(placed, curves, chosen),
        untrained=tuple(select.untrained(cells)),
        answers=(),
    )
    return replace(found, answers=tuple(answer for problem in problems for answer in answers.three(problem, found)))
