"""Performance profiles: on which share of problems a solver is within a factor of the best one.

Dolan and More, Mathematical Programming 91 (2002), 201-213 (https://arxiv.org/abs/cs/0102001): t(p, s) is what solver s spends on
problem p, r(p, s) = t(p, s) / min over s of t(p, s), and rho_s(tau) the share of problems with r(p, s) <= tau. A miss is infinite and
enters no profile at any tau.

Gould and Scott (ACM TOMS 43, 2016): the order of solvers behind the first one can be reversed by taking the first one away. So a profile
speaks of who is nearest to the best and never ranks the others: ``against_best`` is the only comparison offered.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from optlab.errors import OptlabError

R_MAX = 4.0
"""Ratio up to which a profile is drawn and integrated: beyond four times the best budget nobody waits."""


def ratios(cost: pd.DataFrame) -> pd.DataFrame:
    """Return r(p, s) of ``cost`` (problems x solvers; positive, infinity where missed); infinity for all on a problem nobody solved.

    Raises:
        OptlabError: no problem or solver, a NaN, or a cost that is not positive.
    """
    values = cost.to_numpy(dtype="float64")
    if not values.size or not (values > 0).all():
        raise OptlabError("performance profile: no cost given, or one is NaN, 0 or negative; a miss is infinity")
    best = values.min(axis=1, keepdims=True)
    solved = np.isfinite(values)
    found = np.full(values.shape, np.inf)
    np.divide(values, best, out=found, where=solved)
    return pd.DataFrame(found, index=cost.index, columns=cost.columns)


def profile(ratio: npt.ArrayLike, tau: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return rho(tau), for the ratios (problems,) of one solver: the share of problems with a finite ratio <= tau."""
    own, asked = np.asarray(ratio, dtype="float64"), np.asarray(tau, dtype="float64")
    finite = np.sort(own[np.isfinite(own)])
    share: npt.NDArray[np.float64] = np.searchsorted(finite, asked, side="right") / len(own)
    return share


def integral(ratio: npt.ArrayLike, r_max: float = R_MAX) -> float:
    """Return the mean of rho(tau) over tau from 1 to ``r_max``: 1 for the best on every problem, 0 for never within ``r_max`` of it."""
    if not r_max > 1:
        raise OptlabError(f"performance profile: r_max = {r_max:g}; ratios begin at 1, so it must be larger")
    own = np.asarray(ratio, dtype="float64")
    return float(np.mean(np.clip(r_max - own, 0, None)) / (r_max - 1))


def against_best(cost: pd.DataFrame, r_max: float = R_MAX) -> pd.DataFrame:
    """Return one row per solver, the best integral first: ``solver, integral, wins, solved, behind``.

    ``wins``: rho(1), the share of problems on which nobody is better; ``solved``: the share it solves at all; ``behind``: how far its
    integral lies behind the best solver's, the only difference that may be told (see above).
    """
    ratio = ratios(cost)
    areas = {name: integral(ratio[name], r_max) for name in ratio}
    best = max(areas.values())
    rows = [
        (name, areas[name], float(profile(ratio[name], 1.0)), float(np.isfinite(cost[name]).mean()), best - areas[name]) for name in ratio
    ]
    table = pd.DataFrame(rows, columns=["solver", "integral", "wins", "solved", "behind"])
    return table.sort_values("integral", ascending=False, kind="stable", ignore_index=True)
