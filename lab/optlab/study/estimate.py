"""What a study will cost, before it runs: trials, steps, FLOPs, seconds, bytes in the store."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optlab.evidence import words
from optlab.evidence.looks import LOOKS
from optlab.study import environment, extend
from optlab.study.progress import expected_cost
from optlab.study.spec import Study
from optlab.study.speed import Speed, rows
from optlab.study.trial import Cell, Trial

TRIAL_BYTES, CELL_BYTES, ROW_BYTES = 500, 250, 30
"""A trial with its places in the indices, a cell's settings, a row of a learning curve: as stores of 200 and 2000 trials grew."""


@dataclass(frozen=True)
class Estimate:
    """What the trials that the store lacks will cost; none of them is known to diverge, which would be cheaper.

    tuning, confirmation: trials of the study; found: those of tuning that the store has. steps, flops: of training, as the history
    counts them; seconds: of wall time on `threads`, compiling apart; source: what they rest on. more: what may come on top.
    """

    tuning: int
    confirmation: int
    found: int
    steps: int
    flops: float
    seconds: float
    source: str
    threads: int
    store_bytes: int
    more: tuple[str, ...]

    def pairs(self) -> list[tuple[str, str]]:
        """(name, text) of each part."""
        have = f", {self.found:,} of them stored already" if self.found else ""
        confirmed = f", then {self.confirmation:,} to confirm" if self.confirmation else ""
        found = [
            ("trials", f"{self.tuning:,} for tuning{have}{confirmed}"),
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
    for cell in study.cells():
        own = groups.setdefault((cell.problem, cell.contender), [_Group() for _ in rungs])
        for group, epochs in zip(own, rungs, strict=True):
            group.add(study, cell, epochs, finished, speed)
    tuning = found = confirmation = 0
    for own in groups.values():
        left = own[0].cells
        for place, group in enumerate(own):
            left = left if place == 0 or spec.halving is None else max(1, math.ceil(spec.halving.keep * left))
            planned, stored = left * seeds, min(left * seeds, group.found)
            tuning, found = tuning + planned, found + stored
            tally.add(group, planned - stored)
            tally.cells += 0 if stored == planned else left
        tally.add(own[-1], confirm)
        confirmation += confirm
    threads = environment.threads(workers)
    return Estimate(
        tuning, confirmation, found, round(tally.steps), tally.flops, tally.seconds / threads, speed.source, threads,
        round(tally.bytes + tally.cells * CELL_BYTES), tuple(_more(study, confirmation, until_decided)),
    )  # fmt: skip


def _finished(store: Path, diagnosed: bool) -> set[str]:
    """Digests of the trials that need not run; see `Store.finished`, which would write."""
    query, table = "SELECT digest FROM trial WHERE status != 'error'", "trial"
    if diagnosed:
        query, table = f"{query} AND id IN (SELECT trial FROM diagnosis)", "diagnosis"
    return {digest.hex() for (digest,) in rows(store, query, table)}


class _Group:
    """The trials of one contender on one problem at one number of epochs: how many, how many are stored, what one costs on average."""

    def __init__(self) -> None:
        self.cells = self.found = 0
        self.steps = self.flops = self.seconds = self.rows = 0.0

    def add(self, study: Study, cell: Cell, epochs: int | None, finished: set[str], speed: Speed) -> None:
        settings = cell.settings if epochs is None else dataclasses.replace(cell.settings, epochs=epochs)
        data = study.datasets.get(cell.problem, 0)
        n, parts = len(data.train), [part for part in (data.train, data.validation, data.test) if part is not None]
        cost = study.costs(settings, cell.sizes, n)
        arguments = cell.sizes, settings.batch_size, settings.epochs, settings.evaluate_every, n
        # Evaluations are no part of the seconds of an outcome; they cost what they cost beside the training.
        share = expected_cost(*arguments, sum(map(len, parts))) / max(expected_cost(*arguments, 0), 1.0)
        training = settings.epochs * cost.steps * speed.seconds_per_step(cell, n)
        if settings.time_limit:
            training = min(training, settings.time_limit)
        self.cells += 1
        self.steps += settings.epochs * cost.steps
        self.flops += settings.epochs * cost.flops
        self.seconds += training * share
        self.rows += 2 + settings.epochs // settings.evaluate_every if settings.evaluate_every else 2
        self.found += sum(digest in finished for digest in _digests(study, dataclasses.replace(cell, settings=settings))) if finished else 0


def _digests(study: Study, cell: Cell) -> Iterator[str]:
    for replicate in range(study.spec.seeds):
        yield Trial(cell, study.spec.seed, replicate, "", study.datasets.digest(cell.problem, replicate)).digest


class _Tally:
    def __init__(self) -> None:
        self.steps = self.flops = self.seconds = self.bytes = 0.0
        self.cells = 0

    def add(self, group: _Group, trials: int) -> None:
        each = trials / group.cells
        self.steps += each * group.steps
        self.flops += each * group.flops
        self.seconds += each * group.seconds
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
