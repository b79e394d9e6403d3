"""Runs side by side: contenders are compared replicate by replicate, because a replicate shares its seed, start and split with all of them.

A run that diverged or failed, or that has no number where others have one, is worth -inf: it is compared like any other and never left
out. Only a replicate that one of the two has not run (an interrupted study) is left out of their comparison.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optlab.evidence import rank, select
from optlab.evidence.signflip import Array as Vector

Runs = Mapping[str, Mapping[str, "pd.Series[float]"]]
"""Problem -> contender -> metric of its runs, indexed by replicate."""


def confirmed(rows: pd.DataFrame, contenders: tuple[str, ...]) -> Runs:
    """Return those of ``rank.replicates`` that confirm, on the data set that claims read; contenders without any are absent."""
    rows = rows.assign(value=rank.claimed(rows))
    rows = rows[rows["evidence"].eq(rank.CONFIRMED)]
    found: dict[str, dict[str, pd.Series[float]]] = {}
    for problem, of_problem in rows.groupby("problem", sort=False):
        groups = {str(name): by_replicate(own, own["value"]) for name, own in of_problem.groupby("contender", sort=False)}
        found[str(problem)] = {name: groups[name] for name in contenders if name in groups}
    return found


def tuned(frame: pd.DataFrame, contender_cells: pd.DataFrame) -> "dict[str, pd.Series[float]]":
    """Return cell -> metric of its tuning replicates on the data set that chose; ``contender_cells``: rows of ``select.cells``, one key."""
    first = contender_cells.iloc[0]
    own = frame[frame["phase"].eq("tuning") & frame["problem"].eq(first["problem"]) & frame["contender"].eq(first["contender"])]
    values = select.as_ranked(own, f"{first['chosen_on']}_metric")
    return {str(cell): by_replicate(own.loc[places], values.loc[places]) for cell, places in own.groupby("cell", sort=False).groups.items()}


def by_replicate(rows: pd.DataFrame, values: "pd.Series[float]") -> "pd.Series[float]":
    """Return ``values`` by replicate number, ascending; a NaN counts as the worst possible value."""
    found = pd.Series(values.to_numpy(dtype="float64"), index=rows["replicate"].to_numpy()).fillna(-np.inf)
    return found[~found.index.duplicated()].sort_index()


def together(a: "pd.Series[float]", b: "pd.Series[float]") -> tuple[Vector, Vector]:
    """Return the values of the replicates that both have, replicates ascending: what ``signflip.differences`` takes."""
    shared = a.index.intersection(b.index).sort_values()
    return np.asarray(a.loc[shared], dtype="float64"), np.asarray(b.loc[shared], dtype="float64")


def improvement(a: Vector, b: Vector) -> float:
    """Return the probability that a run of ``a`` is better than one of ``b``, ties counted half, over all pairs of runs.

    The probability of improvement of Agarwal et al., NeurIPS 2021 (https://arxiv.org/abs/2108.13264): the Mann-Whitney U over n m.
    """
    if not len(a) or not len(b):
        return float("nan")
    wins = (a[:, None] > b[None, :]).mean() + (a[:, None] == b[None, :]).mean() / 2
    return float(wins)


def effect(d: Vector) -> float:
    """Return mean over standard deviation of the paired differences (Cohen's d_z); NaN where a run diverged or nothing varies."""
    if len(d) < 2 or not np.isfinite(d).all():
        return float("nan")
    spread = float(d.std(ddof=1))
    return float(d.mean()) / spread if spread > 1e-12 * max(1.0, float(np.abs(d).max())) else float("nan")


def correlation(a: Vector, b: Vector) -> float:
    """Return the correlation of the paired values over replicates where both are finite: what pairing gains; NaN below three of them."""
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = a[finite], b[finite]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
