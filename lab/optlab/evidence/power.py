"""How many more replicates would tell: a power calculation from the differences seen so far.

With n replicates the test of level alpha decides with chance pi where sqrt(n) |mean| / spread reaches z(1 - alpha/2) + z(pi), plus
z(1 - alpha/2)^2 / 2 replicates because the spread is estimated (Guenther, The American Statistician 1981). The range runs from a chance
of one half to one of nine tenths, *if* mean and spread of the differences are as seen; they are estimates, so the range is a guide.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from optlab.evidence import signflip
from optlab.evidence.compare import Design, smallest_size
from optlab.evidence.signflip import Array as Vector

CHANCES = (0.5, 0.9)
"""Chances of a decision at the two ends of the range."""

MOST = 1000
"""Replicates beyond which no number is given: infinity stands for "more than this"."""

FEWEST = 4
"""Differences from which a spread is believed; below only the lower end is given: what the test needs to decide at all."""


@dataclass(frozen=True)
class More:
    """Further replicates, from ``low`` to ``high``; infinity: more than ``MOST``, or not foreseeable."""

    low: float
    high: float


def more(d: Vector, level: float, within: float | None, design: Design) -> More:
    """Return how many replicates beyond ``d`` a decision would take at ``level`` (two-sided, divided by looks here).

    A decision is "better", or where ``within`` is given "equivalent within it": whichever the differences seen come to first.
    """
    level /= design.tests
    seen, least = len(d), smallest_size(level)
    if seen < FEWEST:
        return More(float(max(1, least - seen)), math.inf)
    finite = np.isfinite(d).all()
    values = d if finite else signflip.scores(d)  # where a run diverged the test adds up ranks
    mean, spread = abs(float(values.mean())), float(values.std(ddof=1))
    ends = []
    for chance in CHANCES:
        total = _size(mean, spread, level / 2, chance, design.test_share or 0.0)
        if within is not None and finite:  # a diverged run differs by more than any margin
            total = min(total, _size(within - mean, spread, level, (1 + chance) / 2, design.test_share or 0.0))
        ends.append(max(1.0, least - seen, total - seen))
    low, high = (end if end <= MOST else math.inf for end in ends)
    return More(low, high)


def _size(distance: float, spread: float, tail: float, chance: float, overlap: float) -> float:
    """Return the replicates with which a mean that lies ``distance`` beyond the null is told from it with ``chance``."""
    if distance <= 0 or distance < 1e-9 * spread:
        return math.inf
    beyond = float(-ndtri(tail))
    per_replicate = (distance / (beyond + float(ndtri(chance))) / spread) ** 2 - overlap if spread > 0 else math.inf
    return math.ceil(1 / per_replicate + beyond**2 / 2) if per_replicate > 0 else math.inf
