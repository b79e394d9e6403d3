"""Trials put together into batches of about the same time, shorter ones towards the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from optlab.study.pace import Pace
from optlab.study.trial import Trial

SHARE = 4
"""Batches that what is left is divided into for each place: the places finish together, to a quarter of a batch."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Trials that travel together. faults: how often it came back undone."""

    trials: tuple[Trial, ...]
    cost: float
    faults: int = 0


class Batches:
    """Takes trials from an iterator, and batches that came back undone before those.

    longest, shortest: seconds of work in a batch. most: trials in one.
    """

    def __init__(self, todo: Iterator[Trial], pace: Pace, longest: float, shortest: float, most: int) -> None:
        self._todo, self._pace, self._left = todo, pace, True
        self._longest, self._shortest, self._most = longest, shortest, most
        self._held: Trial | None = None
        self._again = deque[Batch]()

    def back(self, batch: Batch, faults: int = 1) -> None:
        """Give a batch out once more. faults: how many are its own."""
        self._again.append(Batch(batch.trials, batch.cost, batch.faults + faults))

    def split(self, batch: Batch) -> None:
        """Give its trials out once more, each alone."""
        self._again.extend(Batch((trial,), self._pace.cost(trial)) for trial in batch.trials)

    @property
    def waiting(self) -> bool:
        """Whether one came back that was not given out again."""
        return bool(self._again)

    def drop(self) -> None:
        """Give nothing more out."""
        self._again.clear()
        self._held, self._left = None, False

    def next(self, left: float, places: int) -> Batch | None:
        """The next batch, None if there is none. left: cost of all that is not done; places: trials that run at a time."""
        if self._again:
            return self._again.popleft()
        if not self._pace.known:  # one trial each tells how fast they are
            trial = self._take()
            return None if trial is None else Batch((trial,), self._pace.cost(trial))
        target = min(self._longest, max(self._shortest, self._pace.seconds(left) / (SHARE * max(places, 1))))
        trials, cost = list[Trial](), 0.0
        while len(trials) < self._most and self._pace.seconds(cost) < target:
            trial = self._take()
            if trial is None:
                break
            own = self._pace.cost(trial)
            if trials and self._pace.seconds(cost + own) > 2 * target:
                self._held = trial
                break
            trials.append(trial)
            cost += own
        return Batch(tuple(trials), cost) if trials else None

    def _take(self) -> Trial | None:
        if self._held is not None:
            held, self._held = self._held, None
            return held
        found = next(self._todo, None) if self._left else None
        self._left = found is not None
        return found
