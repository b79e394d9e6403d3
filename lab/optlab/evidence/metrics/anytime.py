"""Anytime performance: the share of (run, problem, target) that a contender has hit within a budget, as a step function of the budget.

The runtime distribution of Hoos and Stuetzle (1998) and of COCO (https://arxiv.org/abs/1603.08785, section 4.3), but without simulated
restarts: it ends at the budget that every run was given, because beyond it nobody was observed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError


@dataclass(frozen=True)
class Steps:
    """A step function: ``share[k]`` from ``budget[k]`` on, 0 before the first; nothing is known beyond ``end``."""

    budget: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    end: float

    def at(self, budget: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the share at each budget; NaN beyond ``end``."""
        asked = np.asarray(budget, dtype="float64")
        place = np.searchsorted(self.budget, asked, side="right")
        return np.where(asked > self.end, np.nan, np.concatenate([[0.0], self.share])[place])

    def area(self) -> float:
        """Return the mean share over budgets from 0 to ``end``: 1 if everything was hit for nothing."""
        edges = np.concatenate([self.budget, [self.end]])
        return float((np.diff(edges) * self.share).sum() / self.end)


def ecdf(first_hit: npt.ArrayLike, budget: float) -> Steps:
    """Return the share of first hits (any shape: runs x problems x targets; infinity where missed) within each cost up to ``budget``.

    Raises:
        OptlabError: nothing to hit, a NaN or negative cost, or a budget that is no positive number.
    """
    hit = np.asarray(first_hit, dtype="float64").ravel()
    if not len(hit) or not (hit >= 0).all():
        raise OptlabError("anytime ECDF: no first hit given, or one is NaN or negative; a target that was missed is infinity")
    if not (np.isfinite(budget) and budget > 0):
        raise OptlabError(f"anytime ECDF: budget {budget:g}; it ends at the budget that all runs had, a positive number")
    costs, counts = np.unique(hit[hit <= budget], return_counts=True)
    return Steps(costs, np.cumsum(counts) / len(hit), float(budget))


def targets(baseline: float, reference: float, count: int = 10) -> npt.NDArray[np.float64]:
    """Return ``count`` metric targets from just above the constant predictor to the pinned reference, for losses as in ``many.targets``.

    Losses are evenly spaced, so each target closes another equal part of the gap; the last one is the reference's own.
    """
    parts = np.arange(1, count + 1) / count
    found: npt.NDArray[np.float64] = 1 - (baseline - parts * (baseline - reference))
    return found
