"""Expected running time to a target: what all runs cost together, per hit.

Hansen, Auger, Ros, Mersmann, Tusar and Brockhoff, COCO, Optimization Methods and Software 36 (2021), section 4.2
(https://arxiv.org/abs/1603.08785). It estimates what restarting until a hit would cost. The mean over the runs that hit would reward
failing early: it is nowhere offered.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError


@dataclass(frozen=True)
class RunningTime:
    """``expected`` cost per hit (infinity without one), ``median`` cost of a run (a miss is infinite), ``hits`` of ``runs``."""

    expected: float
    median: float
    hits: int
    runs: int

    @property
    def share(self) -> float:
        """The share of runs that hit."""
        return self.hits / self.runs


def running_time(first_hit: npt.ArrayLike, spent: npt.ArrayLike) -> RunningTime:
    """Return what reaching a target costs.

    ``first_hit`` (runs,): cost (steps, seconds, FLOPs) at which each run first hit, infinity where it never did; ``spent`` (runs,): what
    each run cost to its end, which counts for those that missed.

    Raises:
        OptlabError: no run, unequal lengths, NaN, or a miss that spent no finite cost.
    """
    hit, cost = np.asarray(first_hit, dtype="float64"), np.asarray(spent, dtype="float64")
    if hit.ndim != 1 or hit.shape != cost.shape or not len(hit):
        raise OptlabError(f"running time: first hits of shape {hit.shape} and costs of shape {cost.shape}; give one of each per run")
    reached = np.isfinite(hit)
    if np.isnan(hit).any() or np.isneginf(hit).any() or not np.isfinite(cost[~reached]).all():
        raise OptlabError("running time: a first hit or a cost is NaN, or a run without a hit has no finite cost; a miss is infinity")
    total = float(hit[reached].sum() + cost[~reached].sum())
    hits = int(reached.sum())
    return RunningTime(total / hits if hits else float("inf"), float(median(hit)), hits, len(hit))


def median(hit: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the median over runs, the first axis: infinity unless more than half of them hit."""
    ordered, n = np.sort(hit, axis=0), len(hit)
    middle: npt.NDArray[np.float64] = ordered[(n - 1) // 2] / 2 + ordered[n // 2] / 2
    return middle


def first_hits(cost: npt.ArrayLike, values: npt.ArrayLike, targets: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return, for each of ``targets`` (k,), the cost at which ``values`` (epochs,) first reaches it, larger is better; infinity if never.

    NaN reaches nothing. ``cost`` (epochs,) does not fall; of several costs (epochs, c) the result is (k, c).
    """
    spent, found = np.asarray(cost, dtype="float64"), np.asarray(values, dtype="float64")
    reached = found[np.newaxis, :] >= np.asarray(targets, dtype="float64")[:, np.newaxis]
    first = np.full((len(reached), *spent.shape[1:]), np.inf)
    if reached.size:
        hit = reached.any(axis=1)
        first[hit] = spent[reached.argmax(axis=1)[hit]]
    return first
