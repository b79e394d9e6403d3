"""Published runs beside a study's own, brought to one quantity: to look at, never to test.

They share neither first weights nor mini-batches with the study's runs, perhaps not even the split, so no difference of them is paired and
none enters a claim, a test, or a set of the best. Nothing that the study says is made from the frames of this module.

The quantity is accuracy where both have it, else the negated loss. Published runs are read on their test rows, the study's own on the data
that its ranking reads. Diverged runs are -inf, as everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import exploratory, profiles, rank, select
from optlab.evidence.compare import Design
from optlab.evidence.metrics import running_time
from optlab.evidence.select import KEY

Frames = tuple[pd.DataFrame, pd.DataFrame]
"""One row per run, and one per run and evaluated epoch."""
NEGATED = "negated loss"
BY_PUBLISHER = "publisher"


@dataclass(frozen=True)
class Beside:
    """One problem. ``metric``: ``accuracy`` or ``negated loss``. ``published``: the contenders that are. ``data``: what the others read.

    ``table``: one row per contender, the highest median first: ``published, problem_there, data, chosen_on`` (``validation``, ``train``,
    or ``publisher``: the setting that was run again with further seeds), ``evidence, n, median, low, high, interval_low, interval_high,
    interval, share_diverged, cell`` and its settings; ``decades`` and ``decades_text`` of ``profiles.tolerance``; ``gap``, train - this
    data; ``epochs_to_target``, the median, infinite where at most half of the runs reach it, NaN where there is none to reach.
    ``learning``, ``sensitivity``: as in ``profiles``, of that quantity.
    """

    metric: str
    published: tuple[str, ...]
    data: str
    table: pd.DataFrame
    learning: pd.DataFrame
    sensitivity: pd.DataFrame


def beside(
    own: Frames,
    published: Frames,
    chosen: pd.DataFrame,
    metric: Mapping[str, str],
    on: Mapping[str, str],
    target: Mapping[str, float],
    designs: Mapping[str, Design],
) -> dict[str, Beside]:
    """Return problem -> what is shown, of the problems with published runs.

    ``chosen``: ``select.choose`` of the study. ``metric``, ``on``, ``target``, ``designs``: per problem, as the study's evidence has them.
    """
    found = {}
    for problem in metric:
        theirs = published[0][published[0]["problem"].eq(problem)]
        ours = own[0][own[0]["problem"].eq(problem)]
        if len(theirs) and len(ours):
            alike = metric[problem] == "accuracy" and bool(theirs["metric"].eq("accuracy").all())
            aim = target.get(problem) if alike else None
            frame = pd.concat([_judged(ours, on[problem], alike), _judged(theirs, "test", alike)], ignore_index=True)
            curves = pd.concat([_judged(own[1], on[problem], alike), _judged(published[1], "test", alike)], ignore_index=True)
            picked = {**_chosen(chosen, problem), **publishers(theirs)}
            names = tuple(map(str, theirs["contender"].unique()))
            found[problem] = _of_problem(frame, curves, picked, names, on[problem], alike, aim, designs[problem])
    return found


def publishers(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return published contender -> (the cell to show, what chose it), of one problem; absent where no setting trained.

    The cell that its publishers ran again with further seeds, most of them if there are several; else the best by ``select.choose``.
    """
    found = _chosen(select.choose(frame), str(frame["problem"].iloc[0]))
    again = frame[frame["phase"].eq("confirmation")]
    for contender, own in again.groupby("contender", sort=False):
        found[str(contender)] = (str(own["cell"].value_counts().idxmax()), BY_PUBLISHER)
    return found


def _chosen(chosen: pd.DataFrame, problem: str) -> dict[str, tuple[str, str]]:
    of_problem = chosen.reset_index()
    of_problem = of_problem[of_problem["problem"].eq(problem)]
    return dict(zip(of_problem["contender"], zip(of_problem["cell"], of_problem["chosen_on"], strict=True), strict=True))


def _judged(rows: pd.DataFrame, data: str, accuracy: bool) -> pd.DataFrame:
    """Return runs or curves with the one quantity, read on ``data``, in the columns that choose and that are ranked."""
    value, train = (rows[f"{name}_metric"] if accuracy else -rows[f"{name}_cost"] for name in (data, "train"))
    return rows.assign(validation_metric=value, validation_cost=rows[f"{data}_cost"], test_metric=value, train_metric=train)


def _of_problem(
    frame: pd.DataFrame,
    curves: pd.DataFrame,
    picked: Mapping[str, tuple[str, str]],
    published: tuple[str, ...],
    data: str,
    accuracy: bool,
    aim: float | None,
    design: Design,
) -> Beside:
    cells = select.cells(frame)
    keys = pd.Series([picked.get(str(name), (None, ""))[0] for name in cells["contender"]], index=cells.index, dtype="object")
    chosen = cells[cells["cell"].eq(keys)].set_index(KEY)
    tables, parts = [], []
    problem = str(frame["problem"].iloc[0])
    for name in dict.fromkeys(frame["contender"]):  # one by one: those without further seeds show what they have
        own, theirs = frame[frame["contender"].eq(name)], name in published
        mine = chosen[chosen.index.isin([(problem, name)])]
        rows = rank.replicates(own, mine)
        table = rank.ranked(rows, cells[cells["contender"].eq(name)], mine, {problem: Design() if theirs else design})
        about = {"published": theirs, "problem_there": own["testproblem"].iloc[0] if theirs else "", "data": "test" if theirs else data}
        tables.append(table.assign(**about, chosen_on=picked.get(name, ("", ""))[1]))
        parts.append(rows)
    rows, line = pd.concat(parts, ignore_index=True), profiles.sensitivity(cells, chosen)
    followed = profiles.follow(rows, curves)
    table = pd.concat(tables, ignore_index=True).drop(columns=["rank", "claimed_on"])
    table = table.merge(profiles.tolerance(frame, line)[["contender", "decades", "text"]], on="contender", how="left")
    table = table.rename(columns={"text": "decades_text"})
    gaps = exploratory.generalisation(rows)
    table["gap"] = table["contender"].map(dict(zip(gaps["contender"], gaps["median"], strict=True))).astype("float64")
    table["epochs_to_target"] = _reached(rows, followed, aim, table["contender"])
    table = table.sort_values("median", ascending=False, kind="stable", na_position="last", ignore_index=True)
    return Beside("accuracy" if accuracy else NEGATED, published, data, table, profiles.learning(followed), line)


def _reached(rows: pd.DataFrame, followed: pd.DataFrame, aim: float | None, contenders: "pd.Series[Any]") -> list[float]:
    """Return for each contender the median epoch at which its runs reach the target."""
    if aim is None:
        return [np.nan] * len(contenders)
    hits = profiles.hits(followed, {str(problem): [aim] for problem in rows["problem"].unique()})
    epochs = {key[1:]: float(found[0, 0]) for key, found in hits.items()}
    medians = {}
    for name, own in rows.groupby("contender", sort=False):
        first = np.array([epochs.get((str(name), str(digest)), np.inf) for digest in own["digest"]])
        medians[str(name)] = float(running_time.median(first))
    return [medians.get(str(name), np.nan) for name in contenders]
