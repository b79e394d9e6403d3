"""One number for many problems: where between a constant prediction and a pinned reference each contender ends up.

score = (baseline - loss) / (baseline - reference): 0 is the constant predictor, 1 the reference, more is better than it; -inf diverged.
The loss is 1 - metric: the share of wrong answers, or 1 - R2. Baseline and reference are fixed per problem in ``targets.json`` (made by
``python -m benchmarks.targets``), so another optimizer, or a bad one, changes nobody else's score.

Scores of all problems and replicates are summed up by their interquartile mean: the mean of the middle half, as Agarwal et al. define it
(NeurIPS 2021, https://arxiv.org/abs/2108.13264, and their package rliable), with replicates resampled within each problem. The problems
are fixed, not a sample, so the interval speaks of these problems alone.
"""

import functools
import importlib.resources
import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from optlab.errors import OptlabError
from optlab.evidence import words

MANY = 10
"""Problems below which a summary says "on these problems"."""
PROBLEMS_FROM, REPLICATES_FROM = 6, 10
"""Problems, and replicates on each, from which the bootstrap interval is offered; see docs/statistics.md."""
RESAMPLES = 2000
COLUMNS = ["contender", "score", "low", "high", "n_problems", "label"]


class Target(NamedTuple):
    """Losses on test rows: of the constant predictor and of the pinned reference."""

    baseline: float
    reference: float


@functools.cache
def targets() -> Mapping[str, Target]:
    """Return problem -> (baseline, reference) of the built-in problems, in 1 - metric."""
    text = importlib.resources.files("optlab.evidence").joinpath("targets.json").read_text(encoding="utf-8")
    return {name: Target(entry["baseline"], entry["reference"]) for name, entry in json.loads(text)["problems"].items()}


def normalised(metric: npt.ArrayLike, target: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Return the scores of ``metric`` (accuracy or R2; -inf diverged) between the losses ``target`` of baseline and reference.

    Raises:
        OptlabError: a NaN, or a reference that is no better than the baseline.
    """
    baseline, reference = target
    if not (math.isfinite(baseline) and math.isfinite(reference) and reference < baseline):
        raise OptlabError(f"normalised: the reference loss {reference:g} is not below the baseline's {baseline:g}, so nothing lies between")
    values = np.asarray(metric, dtype="float64")
    if np.isnan(values).any():
        raise OptlabError("normalised: a metric is NaN; count a diverged run as -inf, and leave out what has no such data")
    scores: npt.NDArray[np.float64] = (baseline - (1 - values)) / (baseline - reference)
    return scores


def interquartile_mean(x: npt.ArrayLike) -> float:
    """Return the mean of what is left of all of ``x`` when a quarter (rounded down) is cut off at either end; -inf where that holds one.

    Raises:
        OptlabError: no value, or a NaN.
    """
    values = np.asarray(x, dtype="float64").ravel()
    if not len(values) or np.isnan(values).any():
        raise OptlabError("interquartile mean: no value, or a NaN among them; count a diverged run as -inf")
    return float(stats.trim_mean(values, 0.25))


def over_problems(
    runs: Mapping[str, Mapping[str, "pd.Series[Any]"]], pinned: Mapping[str, tuple[float, float]] | None = None
) -> pd.DataFrame:
    """Return one row per contender, best first: ``contender, score, low, high, n_problems, label``.

    ``runs``: problem -> contender -> metric of its confirmation replicates (-inf diverged). A problem counts for all or for nobody: those
    without a pinned target, or on which some contender has no run, are left out and named in ``label``, which also says what ``low`` and
    ``high`` are. No row for fewer than two problems.
    """
    known = targets() if pinned is None else pinned
    contenders = list(dict.fromkeys(name for own in runs.values() for name in own))
    absent = left_out(runs, contenders, known)
    used = [problem for problem in runs if problem not in absent]
    if len(used) < 2:
        return pd.DataFrame(columns=COLUMNS)
    scope = "on these problems" if len(used) < MANY else f"over {len(used)} problems"
    if absent:
        scope += f" (without {words.listed(list(absent))})"
    rows = []
    for name in contenders:
        scores = [normalised(runs[problem][name], known[problem]) for problem in used]
        low, high, kind = interval(scores)
        rows.append((name, interquartile_mean(np.concatenate(scores)), low, high, len(used), f"{scope}, {kind}"))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def left_out(
    having: Mapping[str, Collection[str]], contenders: Collection[str], known: Mapping[str, tuple[float, float]]
) -> dict[str, str]:
    """Return problem -> why it cannot be counted; ``having``: problem -> the contenders that have something to count there."""
    found = {}
    for problem, present in having.items():
        missing = [name for name in contenders if name not in present]
        if problem not in known:
            found[problem] = "no pinned baseline and reference"
        elif missing:
            found[problem] = f"no run of {words.listed(missing)}"
    return found


def interval(scores: Sequence[npt.NDArray[np.float64]], level: float = 0.95) -> tuple[float, float, str]:
    """Return (low, high, what they are) for the interquartile mean of ``scores``, one row of replicates per problem.

    ``bootstrap`` from ``PROBLEMS_FROM`` problems with ``REPLICATES_FROM`` replicates each; below, the range of the problems' own
    interquartile means.
    """
    if len(scores) < PROBLEMS_FROM or min(len(row) for row in scores) < REPLICATES_FROM:
        own = [interquartile_mean(row) for row in scores]
        return min(own), max(own), "range over problems"
    return *bootstrap(scores, level), f"{100 * level:.4g} % interval (stratified bootstrap)"


def bootstrap(scores: Sequence[npt.NDArray[np.float64]], level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Return the bootstrap interval of the interquartile mean, replicates resampled within each problem (at least two on each).

    The expanded percentile interval (Hesterberg, The American Statistician 69, 2015): of n replicates the plain one is too short by
    sqrt((n - 1) / n) and by the normal quantile in place of t; its percentiles are moved outwards by both. It bears infinite scores.
    """
    n = min(len(row) for row in scores)
    outward = math.sqrt(n / (n - 1)) * float(stats.t.ppf((1 + level) / 2, n - 1))
    tail = float(stats.norm.cdf(-outward))
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([row[rng.integers(0, len(row), (RESAMPLES, len(row)))] for row in scores], axis=1)
    means = np.sort(stats.trim_mean(drawn, 0.25, axis=1))
    # Order statistics of the resamples, not quantiles between two of them: one may be -inf.
    low, high = (means[round(share * (RESAMPLES - 1))] for share in (tail, 1 - tail))
    return float(low), float(high)
