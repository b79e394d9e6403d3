"""Profiles around the chosen cells: sensitivity to the learning rate, tolerance in decades, time to a target, learning curves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optlab.evidence.rank import replicates
from optlab.evidence.select import KEY, WORST, same, settings

TOLERANCE = 0.05
"""How far, in the metric itself, a median may fall below that of the chosen cell before a learning rate counts as wrong."""

BUDGETS = ("step", "seconds", "flops")
"""The budget columns of a curve: optimizer steps, seconds of training alone, floating-point operations."""


def sensitivity(cells: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that differ from a contender's chosen one in the learning rate alone, learning rates ascending.

    One row per (problem, contender, lr): ``median``, ``low``, ``high``, ``n``, ``share_diverged``, ``share_stuck`` of the tuning
    replicates, and ``chosen``. A contender without an eligible cell is absent, and so is one without a learning rate.
    """
    columns = [*KEY, "lr", "median", "low", "high", "n", "share_diverged", "share_stuck", "chosen_on", "chosen"]
    parts = []
    for position, (problem, contender) in enumerate(chosen.index if "lr" in cells.columns else ()):
        best = chosen.iloc[position]
        own = cells[cells["problem"].eq(problem) & cells["contender"].eq(contender)]
        line = own[same(own, best, [name for name in settings(cells) if name != "lr"]) & own["lr"].notna()]
        parts.append(line.assign(chosen=line["cell"].eq(best["cell"])).sort_values("lr")[columns])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def tolerance(line: pd.DataFrame) -> pd.DataFrame:
    """Return, from ``sensitivity``, how wrong the learning rate of each (problem, contender) may be.

    ``lr_low`` .. ``lr_high`` is the contiguous block of grid points around the chosen learning rate whose medians stay within
    ``TOLERANCE`` of the chosen cell's; ``decades`` its width on the grid, ``at_least`` True when it touches an edge of the grid (then it
    may be wider), ``text`` both as one reads them, ``step`` the widest step of the grid in decades: narrower differences between
    contenders are below its resolution. Contenders whose learning rate does not vary are absent.
    """
    rows = []
    for (problem, contender), own in line.groupby(KEY, sort=False):
        rates = own["lr"].to_numpy(dtype="float64")
        if len(rates) < 2 or rates[0] <= 0:
            continue
        medians = own["median"].to_numpy(dtype="float64")
        low = high = int(np.flatnonzero(own["chosen"].to_numpy(dtype=bool))[0])
        enough = medians >= medians[low] - TOLERANCE
        while low > 0 and enough[low - 1]:
            low -= 1
        while high < len(rates) - 1 and enough[high + 1]:
            high += 1
        decades = float(np.log10(rates[high] / rates[low]))
        at_least = low == 0 or high == len(rates) - 1
        step = float(np.diff(np.log10(rates)).max())
        text = f"{'≥ ' if at_least else ''}{decades:.1f}"
        rows.append(
            (problem, contender, rates[low], rates[high], decades, at_least, text, step, own["median"].to_numpy()[own["chosen"]][0])
        )
    columns = [*KEY, "lr_low", "lr_high", "decades", "at_least", "text", "step", "median"]
    return pd.DataFrame(rows, columns=columns)


def time_to_target(frame: pd.DataFrame, curves: pd.DataFrame, chosen: pd.DataFrame, target: Mapping[str, float]) -> pd.DataFrame:
    """Return what each contender spends until an evaluated epoch first reaches its problem's target.

    Read on the replicates and the data set that the ranking reads. One row per (problem, contender): ``target``, ``claimed_on``,
    ``evidence``, ``n`` runs, ``hits`` and ``hit_share``, and for each of ``epoch, step, seconds, flops`` the median, low and high over
    *all* runs, a run that never hits counting as infinity. (Never the mean of the successes: it rewards failing early.)
    """
    rows = replicates(frame, chosen)
    rows = rows[rows["problem"].isin(list(target))]
    columns = ["epoch", *BUDGETS]
    joined = curves.merge(rows[["digest", *KEY, "claimed_on"]], on="digest", how="inner")
    hit = _read(joined, joined["claimed_on"]) >= joined["problem"].map(dict(target)).astype("float64")
    first = joined[hit].sort_values("epoch", kind="stable").drop_duplicates("digest").set_index("digest")[columns]
    runs = rows[["digest", *KEY, "claimed_on", "evidence"]].join(first, on="digest")
    runs["hit"] = runs["step"].notna()
    runs[columns] = runs[columns].astype("float64").fillna(np.inf)
    groups = runs.groupby(KEY, sort=False)
    table = groups.agg(claimed_on=("claimed_on", "first"), evidence=("evidence", "first"), n=("hit", "size"), hits=("hit", "sum"))
    table.insert(0, "target", [target[str(problem)] for problem, _ in table.index])
    table["hit_share"] = table["hits"] / table["n"]
    for name in columns:
        table[name] = groups[name].median()
        table[f"{name}_low"] = groups[name].min()
        table[f"{name}_high"] = groups[name].max()
    return table.reset_index()


def learning(frame: pd.DataFrame, curves: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the learning curves of the chosen cells: one row per (problem, contender, epoch).

    ``median``, ``low``, ``high`` over the replicates that the ranking reads, and the median ``step``, ``seconds``, ``flops``. Where a run
    has diverged it counts as -inf from then on; where it was stopped early its last value stands.
    """
    rows = replicates(frame, chosen)
    joined = curves.merge(rows[["digest", *KEY, "status", "claimed_on", "evidence"]], on="digest", how="inner")
    joined["value"] = _read(joined, joined["claimed_on"])
    parts = []
    for (problem, contender), own in joined.groupby(KEY, sort=False):
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
        extra = {"problem": problem, "contender": contender, "claimed_on": own["claimed_on"].iloc[0], "evidence": own["evidence"].iloc[0]}
        parts.append(budget.join(summary).reset_index().assign(**extra))
    columns = [*KEY, "epoch", *BUDGETS, "median", "low", "high", "n", "claimed_on", "evidence"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _read(rows: pd.DataFrame, sets: "pd.Series[str]") -> "pd.Series[float]":
    """Return each row's metric from the data set that ``sets`` names for it."""
    result = pd.Series(np.nan, index=rows.index, dtype="float64")
    for name in sets.unique():
        result = result.where(sets.ne(name), rows[f"{name}_metric"].astype("float64"))
    return result
