"""How long a trial should take, by those that finished: to size batches, and to know one that takes far too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optlab.study.trial import Trial
from optlab.study.work import title

SLOWEST = 1e8
"""Units of cost (`progress.expected_cost`) per second where nothing is known yet; a core of 2019 does 1e9 to 1e10."""

LONG, FAR = 60.0, 20.0
"""A trial is called overdue after this many seconds, and this many times what it should take."""


class Pace:
    """Seconds per cost. cost: of a trial, in any unit."""

    def __init__(self, cost: Callable[[Trial], float]) -> None:
        self.cost = cost
        self._cost = self._seconds = 0.0

    def note(self, cost: float, seconds: float) -> None:
        """Trials of this cost together took so long on one core."""
        self._cost += cost
        self._seconds += seconds

    @property
    def known(self) -> bool:
        """Whether anything was noted."""
        return self._cost > 0

    def seconds(self, cost: float) -> float:
        """What trials of this cost should take on one core."""
        return cost * self._seconds / self._cost if self.known else cost / SLOWEST

    def overdue(self, trials: Sequence[Trial], seconds: float) -> str:
        """A sentence on trials that have run one after the other for so long, where that is far too long; else nothing."""
        if seconds <= LONG or seconds <= FAR * (expected := self.seconds(sum(map(self.cost, trials)))):
            return ""
        others = f"{expected:.1g} s by what the others took" if self.known else f"{expected:.1g} s at most"
        which = title(trials[0]) + (f", or one of the {len(trials) - 1} after it," if len(trials) > 1 else "")
        return f"{which} has run for {seconds:.0f} s instead of {others}; --trial-limit SECONDS would end it"
