"""Numbers behind no claim, one frame each: tunability, generalisation, classification. Those over many targets are in ``reaching``."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from optlab.evidence.metrics import classes, shares
from optlab.evidence.metrics import tunability as search
from optlab.evidence.select import KEY, WORST

BUDGETS = 60
"""Tuning budgets up to which each one is computed; larger grids are read at as many, evenly spaced in their logarithm."""
TRIED = (1, 5, 20)
"""Those that a reader finds in every table of at least as many cells."""
TUNABILITY = [*KEY, "budget", "expected", "median", "low", "high", "trains", "data"]
GENERALISATION = [*KEY, "n", "runs", "median", "low", "high", "train", "fresh", "data", "evidence"]
CLASSIFICATION = [*KEY, "n", "precision", "recall", "f1", "roc_auc", "evidence"]


def tunability(cells: pd.DataFrame, claimed_on: Mapping[str, str]) -> pd.DataFrame:
    """Return what a search that tries ``budget`` of a contender's cells, drawn at random, then reaches.

    Read off the tuning replicates of ``select.cells``: the cell with the highest median is kept, and is worth its median on the data of
    ``claimed_on`` (``data``). ``expected`` over all draws, -inf where all cells drawn may diverge; ``median``, ``low`` and ``high``: half,
    a quarter and three quarters of the draws reach no more; ``trains``: the probability that the cell kept did not diverge.
    """
    parts = []
    for (problem, contender), own in cells.groupby(KEY, sort=False):
        data = claimed_on[str(problem)]
        validation = own["median"].astype("float64").fillna(-np.inf).to_numpy()
        result = own["median_test" if data == "test" else "median"].astype("float64").fillna(-np.inf).to_numpy()
        m = len(own)
        budgets = list(range(1, m + 1)) if m <= BUDGETS else sorted({*np.geomspace(1, m, BUDGETS).round().astype(int).tolist(), *TRIED})
        chance = search.chances(validation, budgets)
        quartiles = {name: search.quantile(chance, result, share) for name, share in (("median", 0.5), ("low", 0.25), ("high", 0.75))}
        about = {"problem": problem, "contender": contender, "budget": budgets, "data": data}
        means = {"expected": search.expected(chance, result), "trains": search.share_that_trains(chance, result)}
        parts.append(pd.DataFrame({**about, **quartiles, **means})[TUNABILITY])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TUNABILITY)


def generalisation(rows: pd.DataFrame) -> pd.DataFrame:
    """Return train - test metric at the cells chosen, over those of ``rank.replicates`` that did not diverge: ``n`` of ``runs``.

    ``median``, ``low``, ``high`` of the gap; ``train`` and ``fresh``, the medians on either side; ``data``: what ``fresh`` reads, test
    where there is one. A contender without both is absent.
    """
    found = []
    for (problem, contender), own in rows.groupby(KEY, sort=False) if "train_metric" in rows else ():
        data = str(own["claimed_on"].iloc[0])
        pair = own.loc[~own["status"].isin(WORST), ["train_metric", f"{data}_metric"]].astype("float64").to_numpy()
        if data == "train" or not len(pair) or not np.isfinite(pair).all():
            continue
        gap = shares.generalisation_gap(pair[:, 0], pair[:, 1])
        middle = (float(np.median(gap)), float(gap.min()), float(gap.max()))
        sides = (float(np.median(pair[:, 0])), float(np.median(pair[:, 1])))
        found.append((problem, contender, len(pair), len(own), *middle, *sides, data, own["evidence"].iloc[0]))
    return pd.DataFrame(found, columns=GENERALISATION)


def classification(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the median ``precision``, ``recall``, ``f1`` (plain means over classes) and ``roc_auc`` on test of ``rank.replicates``.

    A run that diverged has none of them and counts as the worst, -inf; a finished one whose matrix was not kept is left out of ``n``.
    Empty where the frame has no column ``confusion``; ``roc_auc`` is NaN where it has none.
    """
    found = []
    for (problem, contender), own in rows.groupby(KEY, sort=False) if "confusion" in rows else ():
        lost = own["status"].isin(WORST)
        kept = own[lost | own["confusion"].notna()]
        if kept["confusion"].notna().sum() == 0:
            continue
        scored = [classes.scores(classes.read(text)[1])[:3] if isinstance(text, str) else (-np.inf,) * 3 for text in kept["confusion"]]
        areas = (own["roc_auc"] if "roc_auc" in own else pd.Series(np.nan, own.index)).astype("float64")
        areas = areas.mask(lost, -np.inf)[areas.notna() | lost] if areas.notna().any() else areas.iloc[:0]
        medians = [_median(column) for column in (*zip(*scored, strict=True), areas)]
        found.append((problem, contender, len(kept), *medians, own["evidence"].iloc[0]))
    return pd.DataFrame(found, columns=CLASSIFICATION)


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] / 2 + ordered[len(ordered) // 2] / 2 if ordered else float("nan")
