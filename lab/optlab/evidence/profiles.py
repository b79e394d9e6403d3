"""Profiles around the chosen cells: sensitivity to the learning rate, tolerance in decades, time to a target, learning curves."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from optlab.evidence import pairs
from optlab.evidence.metrics import running_time
from optlab.evidence.metrics import tolerance as widths
from optlab.evidence.select import KEY, WORST, same, settings

TOLERANCE = 0.05
"""By which share of its best median a contender's median may fall below it before a learning rate counts as wrong."""

BUDGETS = ("step", "seconds", "flops")
"""The budget columns of a curve: optimizer steps, seconds of training alone, floating-point operations."""

SPENT = {"epoch": "epochs", "step": "steps", "seconds": "seconds", "flops": "flops"}
"""Budget of a curve -> column of the trials with what the whole run cost."""


def sensitivity(cells: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that differ from a contender's chosen one in the learning rate alone, learning rates ascending.

    One row per (problem, contender, lr): ``median``, ``low``, ``high``, ``n``, ``share_diverged``, ``share_stuck`` of the tuning
    replicates, ``cell``, and ``chosen``. A contender without an eligible cell is absent, and so is one without a learning rate.
    """
    columns = [*KEY, "lr", "median", "low", "high", "n", "share_diverged", "share_stuck", "chosen_on", "cell", "chosen"]
    parts = []
    for position, (problem, contender) in enumerate(chosen.index if "lr" in cells.columns else ()):
        best = chosen.iloc[position]
        own = cells[cells["problem"].eq(problem) & cells["contender"].eq(contender)]
        line = own[same(own, best, [name for name in settings(cells) if name != "lr"]) & own["lr"].notna()]
        parts.append(line.assign(chosen=line["cell"].eq(best["cell"])).sort_values("lr")[columns])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def tolerance(frame: pd.DataFrame, line: pd.DataFrame) -> pd.DataFrame:
    """Return, for the learning rates of ``sensitivity``, how wrong that of each (problem, contender) may be.

    ``lr_low`` .. ``lr_high`` is the block around the best one that stays within ``TOLERANCE`` of its median (``metrics.tolerance``),
    ``decades`` its width, ``at_least`` True when it touches an edge of the grid (then it may be wider), ``text`` both as one reads them;
    ``low``, ``high`` and what they are, ``interval``; ``median`` at the best. Absent are contenders whose learning rate does not vary or is
    tried too coarsely.
    """
    rows = []
    needed = [*KEY, "cell", "phase", "replicate", "status", *(f"{name}_metric" for name in line["chosen_on"].unique())]
    tried = frame.loc[frame["cell"].isin(line["cell"]), needed]
    for (problem, contender), own in line[line["lr"].astype("float64") > 0].groupby(KEY, sort=False):
        runs = pairs.tuned(tried, own)
        found = widths.tolerance(own["lr"], [runs[str(cell)].to_numpy() for cell in own["cell"]], TOLERANCE)
        if found is not None:
            block = (found.lr_low, found.lr_high, found.decades, found.at_least, found.text, found.low, found.high, found.label)
            rows.append((problem, contender, *block, float(own["median"].max())))
    columns = [*KEY, "lr_low", "lr_high", "decades", "at_least", "text", "low", "high", "interval", "median"]
    return pd.DataFrame(rows, columns=columns)


def follow(rows: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Return the curves of ``rank.replicates``, epochs ascending, with ``value``: the metric on the data set ``followed_on``.

    That is validation where the problem has it, because a run that stops at a target must not look at the test set on its way, else the
    set that the ranking reads.
    """
    joined = curves.merge(rows[["digest", *KEY, "status", "claimed_on", "evidence"]], on="digest", how="inner")
    held_out = joined["validation_metric"].notna().groupby(joined["problem"]).transform("any").astype(bool)
    joined["followed_on"] = joined["claimed_on"].mask(held_out, "validation")
    return joined.assign(value=_read(joined, joined["followed_on"])).sort_values("epoch", kind="stable")


def hits(followed: pd.DataFrame, aims: Mapping[str, npt.ArrayLike]) -> dict[tuple[str, str, str], npt.NDArray[np.float64]]:
    """Return (problem, contender, digest) -> what the run had spent when it first reached each target of its problem.

    Arrays are (targets, 4): epochs, steps, seconds, FLOPs; infinity where it never did. Runs without a curve are absent.
    """
    rows = followed[followed["problem"].isin(list(aims))]
    costs, values = rows[list(SPENT)].to_numpy(dtype="float64"), rows["value"].to_numpy(dtype="float64")
    found = {}
    for key, places in rows.groupby([*KEY, "digest"], sort=False).indices.items():
        problem, contender, digest = map(str, cast("tuple[str, str, str]", key))
        found[problem, contender, digest] = running_time.first_hits(costs[places], values[places], aims[problem])
    return found


def time_to_target(rows: pd.DataFrame, followed: pd.DataFrame, target: Mapping[str, float]) -> pd.DataFrame:
    """Return what each contender spends until an evaluated epoch first reaches its problem's target.

    ``rows``: ``rank.replicates``. One row per (problem, contender): ``target``, ``followed_on``, ``evidence``, ``n`` runs, ``hits`` and
    ``hit_share``, and for each of ``epoch, step, seconds, flops`` the median, low and high over *all* runs, a run that never hits counting
    as infinity, and ``expected_...``, what all runs cost together per hit. (Never the mean of the successes: it rewards failing early.)
    """
    on = dict(zip(followed["problem"].astype(str), followed["followed_on"], strict=True))
    first = hits(followed, {problem: [value] for problem, value in target.items()})
    made = []
    for (problem, contender), own in rows[rows["problem"].isin(list(target))].groupby(KEY, sort=False):
        missed = np.full((1, len(SPENT)), np.inf)
        reached = np.stack([first.get((str(problem), str(contender), str(digest)), missed)[0] for digest in own["digest"]])
        row = {"problem": problem, "contender": contender, "target": target[str(problem)], "followed_on": on.get(str(problem), "")}
        row |= {"evidence": own["evidence"].iloc[0], "n": len(own), "hits": int(np.isfinite(reached[:, 0]).sum())}
        row["hit_share"] = row["hits"] / row["n"]
        for place, (name, spent) in enumerate(SPENT.items()):
            found = running_time.running_time(reached[:, place], own[spent].to_numpy(dtype="float64"))
            row |= {name: found.median, f"{name}_low": reached[:, place].min(), f"{name}_high": reached[:, place].max()}
            row[f"expected_{name}"] = found.expected
        made.append(row)
    parts = [part for name in SPENT for part in (name, f"{name}_low", f"{name}_high", f"expected_{name}")]
    return pd.DataFrame(made, columns=[*KEY, "target", "followed_on", "evidence", "n", "hits", "hit_share", *parts])


def learning(followed: pd.DataFrame) -> pd.DataFrame:
    """Return the learning curves of the chosen cells: one row per (problem, contender, epoch).

    ``median``, ``low``, ``high`` on ``followed_on`` over the replicates that the ranking reads, and the median ``step``, ``seconds``,
    ``flops``. Where a run has diverged it counts as -inf from then on; where it was stopped early its last value stands.
    """
    parts = []
    for (problem, contender), own in followed.groupby(KEY, sort=False):
        values = own.pivot(index="epoch", columns="digest", values="value")
        lost = set(own.loc[own["status"].isin(WORST), "digest"])
        values = values.where(values.notna(), values.ffill())
        for digest in lost:
            reached = own.loc[own["digest"].eq(digest) & np.isfinite(own["value"]), "epoch"]
            values.loc[values.index > (reached.max() if len(reached) else -1), digest] = -np.inf
        budget = own.groupby("epoch")[list(BUDGETS)].median()
        summary = pd.DataFrame(
            {"median": values.median(axis=1), "low": values.min(axis=1), "high": values.max(axis=1), "n": values.shape[1]}
        )
        extra = {"problem": problem, "contender": contender, "followed_on": own["followed_on"].iloc[0], "evidence": own["evidence"].iloc[0]}
        parts.append(budget.join(summary).reset_index().assign(**extra))
    columns = [*KEY, "epoch", *BUDGETS, "median", "low", "high", "n", "followed_on", "evidence"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _read(rows: pd.DataFrame, sets: "pd.Series[str]") -> "pd.Series[float]":
    """Return each row's metric from the data set that ``sets`` names for it."""
    result = pd.Series(np.nan, index=rows.index, dtype="float64")
    for name in sets.unique():
        result = result.where(sets.ne(name), rows[f"{name}_metric"].astype("float64"))
    return result
