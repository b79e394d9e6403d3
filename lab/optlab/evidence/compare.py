"""One comparison of two contenders: the tests behind every claim, each on the paired differences a - b in order of replicate.

The test is the sign-flip test. Where each replicate draws its own split, training sets overlap and the differences are correlated; then
the p-value is the larger one of the sign-flip test and of the t-test with the factor 1/n + test/train rows of Nadeau and Bengio (2003),
"Inference for the generalization error", Machine Learning 52. Where a study looks at its replicates several times (``looks``), each look
is a test on the first replicates and the smallest p-value is multiplied by the number of looks.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from optlab.evidence import intervals, signflip
from optlab.evidence.intervals import Interval
from optlab.evidence.signflip import Array as Vector


@dataclass(frozen=True)
class Design:
    """How the replicates came about.

    ``resplit``: each replicate has its own split. ``test_share``: then rows of test over rows of training; None where not known, and the
    claims reach no further than the splits drawn. ``looks``: the numbers of replicates at which the study is looked at; () for one size.
    """

    resplit: bool = False
    test_share: float | None = None
    looks: tuple[int, ...] = ()

    @property
    def tests(self) -> int:
        """How often each hypothesis may be tested: what a level is divided by."""
        return max(1, len(self.looks))

    @property
    def reach(self) -> str:
        """How far a claim reaches, in words."""
        return "for this split" if not self.resplit else "on these splits" if self.test_share is None else "on new splits"


def designs(
    problems: Iterable[str], resplit: bool = False, test_shares: Mapping[str, float] | None = None, looks: Sequence[int] | None = None
) -> dict[str, Design]:
    """Return problem -> how its replicates came about, from what a study says of all of them; see ``Design``."""
    shares = (test_shares or {}) if resplit else {}
    return {problem: Design(resplit, shares.get(problem), tuple(looks or ())) for problem in problems}


def two_sided(d: Vector, design: Design) -> float:
    """Return the p-value of "neither is better"."""
    return _looked(d, design, lambda part: _with_overlap(part, design, signflip.two_sided(part), 2))


def one_sided(d: Vector, design: Design) -> float:
    """Return the p-value of "a is not better than b": small where a - b is positive."""
    return _looked(d, design, lambda part: _with_overlap(part, design, signflip.one_sided(part), 1))


def equivalent(d: Vector, within: float, design: Design) -> float:
    """Return the p-value of "they differ by ``within`` or more": two one-sided tests, the larger p-value of both (Schuirmann 1987)."""
    return max(one_sided(d + within, design), one_sided(within - d, design))


def direction(d: Vector, design: Design) -> float:
    """Return 1 where the two-sided test speaks for a, -1 for b, 0 for neither: at the look where it speaks most clearly."""
    sizes = [size for size in design.looks if size <= len(d)] or [len(d)]
    clearest = min(sizes, key=lambda size: signflip.two_sided(d[:size]))
    return float(np.sign(signflip.scores(d[:clearest]).sum()))


def _looked(d: Vector, design: Design, test: Callable[[Vector], float]) -> float:
    if not design.looks:
        return test(d) if len(d) else 1.0
    sizes = [size for size in design.looks if size <= len(d)]
    return min(1.0, len(design.looks) * min(test(d[:size]) for size in sizes)) if sizes else 1.0


def _with_overlap(d: Vector, design: Design, p: float, sides: int) -> float:
    if design.test_share is None:
        return p
    if len(d) < 2:
        return 1.0
    d = bounded(d)
    spread = float(d.std(ddof=1)) * float(np.sqrt(1 / len(d) + design.test_share))
    if spread == 0:
        return p
    t = float(d.mean()) / spread
    tail = float(stats.t.sf(abs(t) if sides == 2 else t, len(d) - 1))
    return max(p, sides * tail)


def bounded(d: Vector) -> Vector:
    """Return ``d`` with infinite differences as large as the largest finite one: enough to count, too little to decide alone."""
    finite = np.abs(d[np.isfinite(d)])
    largest = float(finite.max()) if len(finite) and finite.max() > 0 else 1.0
    return np.clip(d, -largest, largest)


def interval(values: Vector, design: Design, paired: bool = False) -> Interval:
    """Return the interval of the median of ``values``, or their range where ``intervals`` offers none or the splits are of unknown size."""
    found = intervals.interval(values, "median", test_share=design.test_share, paired=paired)
    if design.resplit and design.test_share is None:
        return replace(found, low=float(values.min()), high=float(values.max()), method="range", label="range", coverage=math.nan)
    return found


def smallest_size(level: float) -> int:
    """Return the fewest replicates whose two-sided test can reach ``level`` at all: n differences of one sign have p = 2 / 2^n."""
    return int(np.ceil(np.log2(2 / level) - 1e-9))
