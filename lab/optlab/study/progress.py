"""How far a run is, how fast, and when it will end: plain records, for whatever shows them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from optlab.jit import Compilation
from optlab.study.finished import FINALS, Record
from optlab.study.workload import Workload

INTERVAL = 0.1
"""Seconds between two reports at least."""

VALIDATED = FINALS.index("validation_metric")

STEP_COST = 2e4
"""What one step costs whatever the network, in FLOPs' worth of time: a 1-16-1 network takes about a microsecond a step (FACTS, case A)."""

HIDDEN_COST, OUTPUT_COST = 80.0, 250.0
"""The same of a hidden node's activation, and of an output's share in cost and metric, per evaluated row: 2.5 and 8 ns where a FLOP takes
32 ps. A row of a 4-4-3 network takes 36 ns, of 4-4-10 100, of 64-50-10 500, of 64-200-10 1260: this says 36, 95, 450, 1550."""


@dataclass(frozen=True)
class Progress:
    """One report.

    phase: "tuning" or "confirmation". done counts stored trials, those found there at the start included; `found` are the latter.
    rate: trials per second; eta: seconds left in this phase (`optlab.study.workload`; None: not known yet). best: contender and
    validation metric of the best single trial so far. compile_seconds: apart from all the others. message: what is going on.
    """

    done: int
    total: int
    phase: str
    rate: float
    eta: float | None
    diverged: int
    stuck: int
    best: str
    compile_seconds: float
    message: str = ""
    found: int = 0
    errors: int = 0


def expected_cost(
    sizes: Sequence[int], batch_size: int | Literal["full"], epochs: int, evaluate_every: int, rows: int, evaluated: int
) -> float:
    """FLOPs' worth of time that a trial needs if it does not diverge, roughly: training on `rows`, evaluation on `evaluated` rows."""
    parameters = _parameters(sizes)
    steps = epochs * -(-rows // (rows if batch_size == "full" else min(batch_size, rows)))
    training = epochs * rows * 6.0 * parameters + steps * (10.0 * parameters + STEP_COST)
    return training + evaluation_cost(sizes, epochs, evaluate_every, evaluated)


def evaluation_cost(sizes: Sequence[int], epochs: int, evaluate_every: int, evaluated: int) -> float:
    """The part of `expected_cost` that is no training: before it, as often as asked, at the end."""
    evaluations = epochs // evaluate_every + 2 if evaluate_every else 2
    return evaluations * evaluated * (2.0 * _parameters(sizes) + HIDDEN_COST * sum(sizes[1:-1]) + OUTPUT_COST * sizes[-1])


def _parameters(sizes: Sequence[int]) -> int:
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes))


class Meter:
    """Counts finished trials of one phase and reports to a callback.

    left: what of the phase is still to be run. compiled: seconds spent compiling before the run began.
    """

    def __init__(
        self, phase: str, total: int, found: int, left: Workload, tell: Callable[[Progress], None] | None, compiled: float
    ) -> None:
        self.phase, self.total, self.found, self._left, self._tell = phase, total, found, left, tell
        self._begin, self._compiled_before_run, self._compiled = time.perf_counter(), compiled, Compilation.seconds
        self._done = self._diverged = self._stuck = self._errors = 0
        self._best: tuple[float, str] = (-np.inf, "")
        self._last = -np.inf
        self.message = self._said = ""

    @property
    def left(self) -> float:
        """Cost of the trials that are not stored yet."""
        return self._left.cost

    def count(self, record: Record, cost: float) -> None:
        """One more trial is stored."""
        self._done += 1
        self._left.done(record.trial, cost, record.seconds)
        self._diverged += record.status == "diverged"
        self._stuck += record.status == "stuck"
        self._errors += record.status == "error"
        value = record.finals()[VALIDATED]
        if value is not None and value > self._best[0]:
            self._best = (value, f"{record.trial.contender} {value:.3f}")

    def report(self, force: bool = False) -> None:
        """Tell the callback, unless it was told a moment ago and there is no other message since."""
        now = time.perf_counter()
        if self._tell is None or not (force or self.message != self._said or now - self._last >= INTERVAL):
            return
        self._last, self._said = now, self.message
        elapsed = max(now - self._begin - (Compilation.seconds - self._compiled), 1e-9)
        eta = self._left.seconds(elapsed)
        self._tell(
            Progress(
                done=self.found + self._done,
                total=self.total,
                phase=self.phase,
                rate=self._done / elapsed,
                eta=0.0 if self.found + self._done >= self.total else eta,
                diverged=self._diverged,
                stuck=self._stuck,
                best=self._best[1],
                compile_seconds=Compilation.seconds - self._compiled_before_run,
                message=self.message,
                found=self.found,
                errors=self._errors,
            )
        )
