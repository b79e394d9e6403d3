"""All that the report shows, made once from the two frames of the store: claims, selection, profiles, and the verdict in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from optlab.evidence import answers, bestset, compare, diagnoses, edges, exploratory, many, pairs, profiles, rank, reaching, select, words
from optlab.evidence import beside as shown_beside
from optlab.evidence import claims as pairwise
from optlab.evidence import verdict as spoken
from optlab.evidence.answers import Answer
from optlab.evidence.beside import Beside
from optlab.evidence.bestset import BestSet
from optlab.evidence.metrics import shares
from optlab.evidence.phrases import Where

LONG = ("digest", "sentence", "confusion", "diagnosis")
"""Columns of long texts: read of the chosen cells alone."""


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
    where: Mapping[str, Where]
    """Per problem: what its claims read, and how far they reach."""
    looks: int
    """How often each claim may have been tested: the numbers of replicates at which the study is looked at."""
    claims: pd.DataFrame
    """All pairwise claims, corrected together; see ``claims.claims``."""
    best: Mapping[str, BestSet]
    """Per problem with confirmed contenders: those not distinguishable from the best."""
    best_cells: pd.DataFrame
    """The cells of each contender not distinguishable from its chosen one: problem, contender, cell."""
    edges: pd.DataFrame
    """Chosen cells at the edge of a grid; see ``edges.edges``."""
    over_problems: pd.DataFrame
    """One score per contender over all problems, exploratory; empty for one problem."""
    shares: pd.DataFrame
    """What each contender loses of its grid; see ``metrics.shares.lost``. This and the frames down to ``left_out`` are exploratory."""
    tunability: pd.DataFrame
    """What a search over some of the cells reaches; see ``exploratory``, as for the next two."""
    generalisation: pd.DataFrame
    classification: pd.DataFrame
    """Precision, recall, F1, ROC-AUC; empty where there are no classes."""
    anytime: pd.DataFrame
    """Shares of many targets hit within the budget; see ``reaching``, as for the next three."""
    anytime_curve: pd.DataFrame
    profile: pd.DataFrame
    profile_curve: pd.DataFrame
    left_out: Mapping[str, str]
    """Problem -> why it is in none of the four above."""
    diagnoses: pd.DataFrame
    """The state of the chosen cells' networks; see ``diagnoses``. Empty where none was asked for."""
    verdict: tuple[str, ...]
    """Plain sentences about the whole study, the most important first."""
    answers: tuple[Answer, ...]
    """Three per problem, problem by problem."""
    beside: Mapping[str, Beside] = field(default_factory=dict)
    """Per problem with published runs: those beside the study's own. Nothing above is made from them."""


def summary(
    frame: pd.DataFrame,
    curves: pd.DataFrame,
    target: float | Mapping[str, float] | None = None,
    contenders: Sequence[str] | None = None,
    smallest_difference: float | None = None,
    resplit: bool = False,
    looks: Sequence[int] | None = None,
    test_shares: Mapping[str, float] | None = None,
    select_by: str = "median",
    published: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> Evidence:
    """Return the evidence in a study's ``frame`` (one row per trial) and ``curves`` (one row per trial and evaluated epoch).

    ``target`` is the metric to reach, one number or one per problem; None leaves the third question open. ``contenders`` is the study's
    order of contenders; without it the order in which they appear in the frame.

    ``smallest_difference`` in the metric: contenders that certainly differ by less are called equivalent; None or 0 calls nobody so.
    ``resplit``: each replicate has its own split; ``test_shares``: problem -> rows of test / rows of training, without which the claims of
    a re-split study reach no further than the splits drawn. ``looks``: the numbers of replicates at which the study is looked at, where it
    runs until it is decided. ``select_by``: "median" or "mean" of the tuning replicates, by which cells are chosen. ``published``: the same
    two frames of runs that others published, to be shown beside; see ``beside``.
    """
    problems = tuple(str(name) for name in frame["problem"].unique())
    present = [str(name) for name in frame["contender"].unique()]
    order = [name for name in contenders or () if name in present]
    order += [name for name in present if name not in order]
    targets = dict(target) if isinstance(target, Mapping) else {problem: float(target) for problem in problems if target is not None}
    targets = {problem: value for problem, value in targets.items() if problem in problems and np.isfinite(value)}
    place = [pd.Categorical(frame[name], known, ordered=True).codes for name, known in (("contender", order), ("problem", problems))]
    order_of = np.lexsort(place)
    placed = frame[[name for name in frame.columns if name not in LONG]].iloc[order_of]  # a copy, with 100,000 trials of 50 MB
    cells = select.cells(placed, select_by)
    chosen = select.choose_from(cells)
    line = profiles.sensitivity(cells, chosen)
    metric = {str(problem): str(name) for problem, name in placed.groupby("problem", sort=False)["metric"].first().items()}
    on = rank.claimed_on(placed)
    designs = compare.designs(problems, resplit, test_shares, looks)
    where = {name: Where(f"{on[name]} {words.METRICS.get(metric[name], 'metric')}", designs[name].reach) for name in problems}
    rows = rank.replicates(frame, chosen)
    runs = pairs.confirmed(rows, tuple(order))
    followed = profiles.follow(rows, curves)
    nothing = tuple(select.untrained(cells))
    many_targets = reaching.reaching(rows, followed, order, nothing)
    found = Evidence(
        problems=problems,
        contenders=tuple(order),
        metric=metric,
        claimed_on=on,
        target=targets,
        cells=cells,
        chosen=chosen,
        ranked=rank.ranked(rows, cells, chosen, designs),
        sensitivity=line,
        tolerance=profiles.tolerance(placed, line),
        targets=profiles.time_to_target(rows, followed, targets),
        learning=profiles.learning(followed),
        untrained=nothing,
        where=where,
        looks=max(1, len(tuple(looks or ()))),
        claims=pairwise.claims(runs, designs, where, smallest_difference or None),
        best=bestset.best(runs, designs),
        best_cells=bestset.best_cells(placed, cells, chosen, designs),
        edges=edges.edges(cells, chosen),
        over_problems=many.over_problems(runs if len(runs) > 1 else {}, None if len(runs) > 1 else {}),
        shares=shares.lost(cells),
        tunability=exploratory.tunability(cells, on),
        generalisation=exploratory.generalisation(rows),
        classification=exploratory.classification(rows),
        anytime=many_targets.anytime,
        anytime_curve=many_targets.anytime_curve,
        profile=many_targets.profile,
        profile_curve=many_targets.profile_curve,
        left_out=many_targets.left_out,
        diagnoses=diagnoses.diagnoses(rows),
        verdict=(),
        answers=(),
    )
    found = replace(found, verdict=spoken.verdict(found))
    found = replace(found, answers=tuple(answer for problem in problems for answer in answers.three(problem, found)))
    if published is None:
        return found
    return replace(found, beside=shown_beside.beside((frame.iloc[order_of], curves), published, chosen, metric, on, targets, designs))
