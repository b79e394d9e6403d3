"""Intervals of a mean or a median over replicates, each offered only where its simulated coverage is at least 93 %.

``python -m benchmarks.coverage`` measures that on normal, skewed, tied and diverging data and writes docs/statistics.md, from which the
domains below are taken:

- *order statistics* of a median (Thompson 1936), from n = 6 at 95 %: holds for every distribution, ties and diverged runs included;
- *t* of the mean of paired differences, from n = 3. Measured differences of two optimizers have a skewness of up to 1.1 and there it
  covers 93 to 98 %;
- *BCa bootstrap* of the mean of one contender (Efron 1987), from n = 50. Measured test metrics have a skewness of 2 and more; there t
  covers 88 % at n = 5 and 92.8 % at n = 30, and BCa 80 % and 92.5 %. From n = 50 both do, and BCa also where a tenth of the runs got
  stuck (97 %, t 88 %).

Below that there is no interval but the range from the lowest to the highest value, and it is called so. A diverged run is -inf: a mean
with an infinite value does not exist, so its place is taken by the median's interval. NaN is an error: a missing value has no place.

Replicates that share a split speak "for this split". Where every replicate draws its own split their training sets overlap, and the
interval is widened by Nadeau and Bengio's factor (2003): variance of the mean = s^2 (1 / n + test rows / training rows).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from optlab.errors import OptlabError

Array = npt.NDArray[np.float64]

T_FROM = 3
"""Pairs from which the paired t interval of a mean difference is offered."""
BCA_FROM = 50
"""Replicates from which the BCa interval of one contender's mean is offered."""
RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """``low`` to ``high`` (-inf: diverged), by ``method`` (``t``, ``order statistics``, ``BCa`` or ``range``), named by ``label``.

    ``of`` is what it is an interval of, ``mean`` or ``median``, which for infinite values is not what was asked for. ``coverage`` is what
    the method promises at this n; a range promises nothing: NaN.
    """

    low: float
    high: float
    method: str
    label: str
    of: str
    coverage: float

    @property
    def claims(self) -> bool:
        """Whether this is an interval and not a mere range."""
        return self.method != "range"


def interval(
    values: npt.ArrayLike,
    of: Literal["mean", "median"] = "median",
    level: float = 0.95,
    test_share: float | None = None,
    paired: bool = False,
) -> Interval:
    """Return the interval of the mean or median of ``values`` (n,) by the method whose domain they lie in, or their range.

    ``paired``: the values are differences of pairs (``signflip.differences``), which are far less skewed than one contender's values.
    ``test_share``: test rows / training rows, where every replicate has a split of its own; None where all share one.

    Raises:
        OptlabError: no value, a NaN among them, or a level outside (0, 1).
    """
    data = np.asarray(values, dtype="float64")
    if data.ndim != 1 or not len(data):
        raise OptlabError(f"interval: values of shape {data.shape}; it takes one row of at least one replicate")
    if np.isnan(data).any():
        raise OptlabError("interval: a value is NaN; count a diverged run as -inf, and leave out what has no such data")
    if not 0 < level < 1 or (test_share is not None and not 0 <= test_share < math.inf):
        raise OptlabError(f"interval: level {level:g}, test rows / training rows {test_share}; levels lie in (0, 1), shares are 0 or more")
    n, ratio = len(data), test_share or 0.0
    percent = f"{100 * level:.4g} % interval of the"
    split = ", re-split" if test_share else ""
    if of == "mean" and np.isfinite(data).all() and np.ptp(data) > 0:  # n equal values say nothing of their spread
        if paired and n >= T_FROM:
            bounds = t_mean(data, level, ratio)
            return Interval(float(bounds[0]), float(bounds[1]), "t", f"{percent} mean difference (paired t{split})", "mean", level)
        if not paired and n >= BCA_FROM:
            ends = widen(np.concatenate(bca_mean(data[np.newaxis], level)), float(data.mean()), n, ratio)
            return Interval(float(ends[0]), float(ends[1]), "BCa", f"{percent} mean (BCa bootstrap{split})", "mean", level)
    found = order_statistics(n, level)
    if found is not None and (of == "median" or not np.isfinite(data).all()):
        first, last, coverage = found
        ordered = np.sort(data)
        low, high = _median_ends(ordered, first, last, ratio)
        what = "median difference" if paired else "median"
        return Interval(low, high, "order statistics", f"{percent} {what} (order statistics{split})", "median", coverage)
    return Interval(float(data.min()), float(data.max()), "range", "range", of, math.nan)


def t_mean(values: Array, level: float = 0.95, ratio: float = 0.0) -> tuple[Array, Array]:
    """Return the ends of the t interval of the mean of each row of ``values`` (..., n); ``ratio`` is test rows / training rows."""
    n = values.shape[-1]
    middle = values.mean(axis=-1)
    reach = stats.t.ppf((1 + level) / 2, n - 1) * values.std(axis=-1, ddof=1) * math.sqrt(1 / n + ratio)
    return middle - reach, middle + reach


def order_statistics(n: int, level: float = 0.95) -> tuple[int, int, float] | None:
    """Return (first, last, coverage): the closest pair of order statistics, counted from 0, that covers the median at ``level`` or more.

    P(x_(i) <= median <= x_(n+1-i)) = 1 - 2 P(Binomial(n, 1/2) < i), and more where there are ties. None where even the range of n values
    does not reach ``level`` (n < 6 at 95 %).
    """
    below = int(stats.binom.ppf((1 - level) / 2, n, 0.5))  # the first i with P(Binomial <= i) >= (1 - level) / 2
    while below >= 0 and 1 - 2 * float(stats.binom.cdf(below, n, 0.5)) < level:
        below -= 1
    if below < 0:
        return None
    return below, n - 1 - below, 1 - 2 * float(stats.binom.cdf(below, n, 0.5))


def bca_mean(values: Array, level: float = 0.95, seed: int = 0) -> tuple[Array, Array]:
    """Return the ends of the bias-corrected accelerated bootstrap interval of the mean of each row of ``values`` (m, n).

    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 14.3. All rows share one set of resamples. Rows of n equal values
    give that value twice.
    """
    rows, n = values.shape
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n
    means = np.sort(weights @ values.T, axis=0)
    middle = values.mean(axis=1)
    slack = 1e-12 * np.abs(values).max(axis=1)
    share = ((means < middle - slack).sum(axis=0) + (means <= middle + slack).sum(axis=0)) / (2 * RESAMPLES)
    bias = stats.norm.ppf(np.clip(share, 0.5 / RESAMPLES, 1 - 0.5 / RESAMPLES))
    away = (values - middle[:, np.newaxis]) / (n - 1)  # mean of all but one, taken from the mean of those means
    spread = (away**2).sum(axis=1)
    acceleration = (away**3).sum(axis=1) / (6 * np.where(spread > 0, spread, 1.0) ** 1.5)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + stats.norm.ppf(tail)
        place = stats.norm.cdf(bias + shifted / (1 - acceleration * shifted)) * (RESAMPLES - 1)
        lower = np.clip(place.astype(int), 0, RESAMPLES - 2)
        column = np.arange(rows)
        part = np.clip(place - lower, 0, 1)
        ends.append((1 - part) * means[lower, column] + part * means[lower + 1, column])
    return ends[0], ends[1]


def widen(ends: Array, middle: float, n: int, ratio: float) -> Array:
    """Return finite ``ends`` around ``middle`` moved away from it by the ratio of Nadeau and Bengio's standard error to s / sqrt(n)."""
    return middle + (ends - middle) * math.sqrt(1 + n * ratio)


def _median_ends(ordered: Array, first: int, last: int, ratio: float) -> tuple[float, float]:
    """Return the two order statistics, widened for re-split replicates.

    An infinite end stays. Around an infinite median a factor means nothing: there the range takes its place.
    """
    ends = ordered[[first, last]]
    if not ratio:
        return float(ends[0]), float(ends[1])
    middle = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if not np.isfinite(middle).all():
        return float(ordered[0]), float(ordered[-1])
    finite = np.isfinite(ends)
    ends[finite] = widen(ends[finite], float(np.mean(middle)), len(ordered), ratio)
    return float(ends[0]), float(ends[1])
