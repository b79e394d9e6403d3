"""What is left to run, and how long that takes: learned by kind of trial, because their costs differ by far more than a model knows.

Trials are of one kind when they are of one contender on one problem and the expected costs lie within a factor of two: a rule that
factorises matrices takes a hundred times as long as plain gradient descent on the same network, and no count of FLOPs says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optlab.study.trial import Trial

Kind = tuple[str, str, int]


@dataclass
class _Tally:
    """left: expected cost of what is to be run. cost, seconds: expected cost and measured time of what has run."""

    left: float = 0.0
    cost: float = 0.0
    seconds: float = 0.0


class Workload:
    """The trials of a phase that have not run, by kind. Costs are in any unit that is the same for all (`progress.expected_cost`)."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, _Tally] = {}

    def add(self, trial: Trial, cost: float) -> None:
        """One more trial is to be run."""
        self._of(trial, cost).left += cost

    def done(self, trial: Trial, cost: float, seconds: float) -> None:
        """A trial of the workload has run, for so many seconds of training."""
        tally = self._of(trial, cost)
        tally.left -= cost
        tally.cost += cost
        tally.seconds += seconds

    @property
    def cost(self) -> float:
        """Of all that has not run."""
        return sum(one.left for one in self._kinds.values())

    def seconds(self, elapsed: float) -> float | None:
        """Wall time until all have run, `elapsed` being that since the first began; None before any has finished.

        A kind of which none has run yet is taken to need, per unit of cost, what all others needed together.
        """
        kinds = self._kinds.values()
        cost, spent = sum(one.cost for one in kinds), sum(one.seconds for one in kinds)
        if not cost or not spent:
            return None
        usual = spent / cost
        left = sum(one.left * (one.seconds / one.cost if one.cost else usual) for one in kinds)
        return max(left, 0.0) * elapsed / spent

    def _of(self, trial: Trial, cost: float) -> _Tally:
        kind = trial.problem, trial.contender, math.frexp(cost)[1]
        found = self._kinds.get(kind)
        if found is None:
            found = self._kinds[kind] = _Tally()
        return found
