"""Tunability: what a contender reaches as a function of how many settings one can afford to try.

Probst, Boulesteix and Bischl, JMLR 20 (2019); Sivaprasad et al., "Optimizer benchmarking needs to account for hyperparameter tuning",
ICML 2020 (https://arxiv.org/abs/1910.11758): a search tries b settings drawn at random and keeps the one that is best on validation. Its
result over all draws without replacement needs no simulation: sorted by validation, setting i (the i-th worst of m) is kept with
probability C(i - 1, b - 1) / C(m, b).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from optlab.errors import OptlabError

Array = npt.NDArray[np.float64]


def chances(validation: npt.ArrayLike, budgets: Sequence[int] | None = None) -> Array:
    """Return, per budget (row; 1 .. m where None) and setting (column), the probability that the setting is the one kept.

    ``validation`` (m,): larger is better, -inf diverged. Settings that tie share their chance.

    Raises:
        OptlabError: no setting, a NaN, or a budget outside 1 .. m.
    """
    values = np.asarray(validation, dtype="float64")
    m = len(values) if values.ndim == 1 else 0
    tried = np.arange(1, m + 1) if budgets is None else np.asarray(budgets)
    if not m or np.isnan(values).any() or not ((tried >= 1) & (tried <= m)).all():
        raise OptlabError(
            "tunability: give one validation metric per setting, a diverged one as -inf and none as NaN, budgets from 1 to all"
        )
    order = np.argsort(values, kind="stable")
    place, budget = np.arange(1, m + 1), tried[:, np.newaxis]
    sorted_chance = np.exp(_log_choose(place - 1, budget - 1) - _log_choose(np.full(m, m), budget))
    _, starts, group = np.unique(values[order], return_index=True, return_inverse=True)
    sums = np.add.reduceat(sorted_chance, starts, axis=1)
    found = np.empty((len(tried), m))
    found[:, order] = (sums / np.bincount(group))[:, group]
    return found


def expected(chance: Array, result: npt.ArrayLike) -> Array:
    """Return the expected ``result`` (m,) of the setting kept, per budget; larger is better.

    ``result`` is what a kept setting is then worth: on test, or validation itself. A budget at which a diverged setting (-inf) may be kept
    has expectation -inf.
    """
    worth = _worth(chance, result)
    lost = np.isneginf(worth)
    means: Array = chance @ np.where(lost, 0.0, worth)
    return np.where(chance @ lost > 1e-12, -np.inf, means)


def quantile(chance: Array, result: npt.ArrayLike, share: float) -> Array:
    """Return, per budget, the smallest ``result`` that at least ``share`` of all draws do not exceed; -inf where that is a diverged one."""
    worth = _worth(chance, result)
    order = np.argsort(worth, kind="stable")
    reached = np.cumsum(chance[:, order], axis=1) >= share - 1e-9
    found: Array = worth[order][reached.argmax(axis=1)]
    return found


def share_that_trains(chance: Array, result: npt.ArrayLike) -> Array:
    """Return the probability that the setting kept did not diverge, per budget."""
    trained: Array = chance @ ~np.isneginf(_worth(chance, result))
    return trained


def _worth(chance: Array, result: npt.ArrayLike) -> Array:
    worth = np.asarray(result, dtype="float64")
    if worth.shape != chance.shape[1:] or np.isnan(worth).any():
        raise OptlabError("tunability: give one result per setting, a diverged one as -inf and none as NaN")
    return worth


def _log_choose(n: npt.NDArray[np.int64], k: npt.NDArray[np.int64]) -> Array:
    possible = n >= k
    logs = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(np.where(possible, n - k, 0) + 1)
    found: Array = np.where(possible, logs, -np.inf)
    return found
