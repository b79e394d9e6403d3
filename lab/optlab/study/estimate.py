"""What a study will cost, before it runs: trials, steps, FLOPs, seconds, bytes in the store."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optlab.evidence import words
from optlab.evidence.looks import LOOKS
from optlab.study import environment, extend
from optlab.study.cells import Extensions
from optlab.study.progress import evaluation_cost, expected_cost
from optlab.study.spec import Study
from optlab.study.speed import Speed, numpy_step, rows, unit
from optlab.study.trial import FIRST_CONFIRMATION, Cell, Trial

TRIAL_BYTES, CELL_BYTES, ROW_BYTES = 500, 250, 30
"""A trial with its places in the indices, a cell's settings, a row of a learning curve: as stores of 200 and 2000 trials grew."""

AROUND_TRIAL, AROUND_DIAGNOSIS = 6, 40
"""Steps of NumPy (`speed.numpy_step`) that Python takes around a trial (5 to 7, by processor time) and around a diagnosis (27 to 50)."""
DIAGNOSIS_GRADIENTS = 50
"""Gradients over all training rows in a diagnosis: 25 products with the Hessian."""


@dataclass(frozen=True)
class Estimate:
    """What the trials that the store lacks will cost; none of them is known to diverge, which would be cheaper.

    tuning, confirmation: trials of the study; found, confirmed: those of each that the store has. steps, flops: of training, as the
    history counts them; seconds: of wall time on `threads`, compiling apart; source: what they rest on. more: what may come on top.
    """

    tuning: int
    confirmation: int
    found: int
    confirmed: int
    steps: int
    flops: float
    seconds: float
    source: str
    threads: int
    store_bytes: int
    more: tuple[str, ...]

    def pairs(self) -> list[tuple[str, str]]:
        """(name, text) of each part."""
        have, again = (f", {stored:,} of them stored already" if stored else "" for stored in (self.found, self.confirmed))
        then = f", then {self.confirmation:,} to confirm{again}" if self.confirmation else ""
        found = [
            ("trials", f"{self.tuning:,} for tuning{have}{then}"),
            ("steps", f"{self.steps:,}"),
            ("FLOPs", words.flops(self.flops)),
            ("time", f"{duration(self.seconds)} on {words.plural(self.threads, 'thread')} ({self.source})"),
            ("store", f"{size(self.store_bytes)} more"),
        ]
        return found + [("besides", one) for one in self.more]

    def line(self) -> str:
        """All in one line."""
        texts = dict(self.pairs())
        besides = "".join(f"; {one}" for one in self.more)
        return f"to run: {texts['trials']}; {texts['FLOPs']}, {texts['time']}{besides}"


def estimate(study: Study, store: str | Path, workers: int | None = None, until_decided: bool = False) -> Estimate:
    """The cost of running a study with this store. Reads the store and the data, writes nothing.

    Raises:
        OptlabError: data that cannot be prepared, or a file that is no store.
    """
    speed, tally = Speed(Path(store)), _Tally()
    finished = _finished(Path(store), study.spec.diagnostics)
    spec, seeds, confirm = study.spec, study.spec.seeds, LOOKS[0] if until_decided else study.spec.confirm
    rungs = (*(spec.halving.epochs if spec.halving is not None else ()), None)
    groups: dict[tuple[str, str], list[_Group]] = {}
    for cell in study.cells(_grown(study, Path(store))):
        own = groups.setdefault((cell.problem, cell.contender), [_Group() for _ in rungs])
        for group, epochs in zip(own, rungs, strict=True):
            group.add(study, cell, epochs, finished, speed)
        own[-1].count_confirmed(study, cell, confirm, finished)
    tuning = found = confirmation = confirmed = 0
    for own in groups.values():
        left = own[0].cells
        for place, group in enumerate(own):
            left = left if place == 0 or spec.halving is None else max(1, math.ceil(spec.halving.keep * left))
            planned, stored = left * seeds, min(left * seeds, group.found)
            tuning, found = tuning + planned, found + stored
            tally.add(group, planned - stored)
            tally.cells += 0 if stored == planned else left
        tally.add(own[-1], confirm - own[-1].confirmed)
        confirmation, confirmed = confirmation + confirm, confirmed + own[-1].confirmed
    threads = environment.threads(workers)
    return Estimate(
        tuning, confirmation, found, confirmed, round(tally.steps), tally.flops, tally.wall(threads), speed.source, threads,
        round(tally.bytes + tally.cells * CELL_BYTES), tuple(_more(study, confirmation, until_decided)),
    )  # fmt: skip


def _grown(study: Study, store: Path) -> Extensions:
    """The axes that had grown when the study last ran with this store: what lies there is tuned and may be what was chosen."""
    known = dict(rows(store, "SELECT name, description FROM study", "study")) if study.spec.extend else {}
    record = json.loads(known.get(study.name, "{}"))
    return extend.again(study, record.get("extended", ()))


def _finished(store: Path, diagnosed: bool) -> set[str]:
    """Digests of the trials that need not run; see `Store.finished`, which would write."""
    query, table = "SELECT digest FROM trial WHERE status != 'error'", "trial"
    if diagnosed:
        query, table = f"{query} AND id IN (SELECT trial FROM diagnosis)", "diagnosis"
    return {digest.hex() for (digest,) in rows(store, query, table)}


class _Group:
    """The trials of one contender on one problem at one number of epochs: how many, how many are stored, what one costs on average.

    confirmed: stored confirmation trials of the cell that has most of them, of those with all tuning trials: of the one that was chosen.
    """

    def __init__(self) -> None:
        self.cells = self.found = self.confirmed = 0
        self.steps = self.flops = self.seconds = self.held = self.rows = 0.0

    def add(self, study: Study, cell: Cell, epochs: int | None, finished: set[str], speed: Speed) -> None:
        settings = cell.settings if epochs is None else dataclasses.replace(cell.settings, epochs=epochs)
        data = study.datasets.get(cell.problem, 0)
        n, parts = len(data.train), [part for part in (data.train, data.validation, data.test) if part is not None]
        cost = study.costs(settings, cell.sizes, n)
        # Evaluations are no part of the seconds of an outcome; they cost what they cost beside the training.
        evaluations = evaluation_cost(cell.sizes, settings.epochs, settings.evaluate_every, sum(map(len, parts)))
        training = settings.epochs * cost.steps * speed.seconds_per_step(cell, n)
        if settings.time_limit:
            training = min(training, settings.time_limit)
        rows = 2 + settings.epochs // settings.evaluate_every if settings.evaluate_every else 2
        diagnosis = DIAGNOSIS_GRADIENTS * expected_cost(cell.sizes, "full", 1, 0, n, 0) if study.spec.diagnostics else 0.0
        self.cells += 1
        self.steps += settings.epochs * cost.steps
        self.flops += settings.epochs * cost.flops
        self.seconds += training + (evaluations + diagnosis) * unit()
        self.held += (AROUND_TRIAL + (AROUND_DIAGNOSIS if study.spec.diagnostics else 0)) * numpy_step()
        self.rows += rows
        self.found += _stored(study, dataclasses.replace(cell, settings=settings), range(study.spec.seeds), finished)

    def count_confirmed(self, study: Study, cell: Cell, confirm: int, finished: set[str]) -> None:
        """Look for stored confirmation trials of a cell."""
        fresh = range(FIRST_CONFIRMATION, FIRST_CONFIRMATION + confirm)
        if _stored(study, cell, fresh[:1], finished) and _stored(study, cell, range(study.spec.seeds), finished) == study.spec.seeds:
            self.confirmed = max(self.confirmed, _stored(study, cell, fresh, finished))


def _stored(study: Study, cell: Cell, replicates: range, finished: set[str]) -> int:
    """How many of these replicates of a cell need not run."""
    if not finished:
        return 0
    trials = (Trial(cell, study.spec.seed, one, "", study.datasets.digest(cell.problem, one)) for one in replicates)
    return sum(trial.digest in finished for trial in trials)


class _Tally:
    """Sums over all trials to run. seconds: of the kernel, in which threads work side by side; held: of Python, one thread at a time."""

    def __init__(self) -> None:
        self.steps = self.flops = self.seconds = self.held = self.bytes = 0.0
        self.cells = 0

    def wall(self, threads: int) -> float:
        """Seconds on so many threads."""
        return max(self.held, (self.held + self.seconds) / threads)

    def add(self, group: _Group, trials: int) -> None:
        each = trials / group.cells
        self.steps += each * group.steps
        self.flops += each * group.flops
        self.seconds += each * group.seconds
        self.held += each * group.held
        self.bytes += trials * TRIAL_BYTES + each * group.rows * ROW_BYTES


def _more(study: Study, confirmation: int, until_decided: bool) -> Iterator[str]:
    if until_decided:
        yield f"up to {confirmation * LOOKS[-1] // LOOKS[0]:,} to confirm, until the claims are decided"
    if study.spec.extend:
        yield f"grids may grow by {extend.POINTS} points {extend.ROUNDS} times"


def duration(seconds: float) -> str:
    """``under a second``, ``about 40 s``, ``about 12 min``, ``about 3.5 h``."""
    if seconds < 1:
        return "under a second"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 6000 else f"about {seconds / 3600:.1f} h"


def size(number: float) -> str:
    """``850 kB``, ``2.4 MB``."""
    return f"{number / 1e3:.0f} kB" if number < 1e6 else f"{number / 1e6:.1f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"
