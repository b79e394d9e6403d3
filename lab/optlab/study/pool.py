"""Threads that run trials over a kernel that releases the interpreter lock; whoever calls stores what comes back."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from optlab.errors import OptlabError
from optlab.execution import Executor
from optlab.streams import Streams
from optlab.study import extras
from optlab.study.curves import COLUMNS
from optlab.study.progress import Meter
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.store import Record
from optlab.study.trial import FIRST_CONFIRMATION, Trial

AHEAD = 32
"""Trials per worker that are given out and not yet stored: enough that no worker waits for the writer, few enough for flat memory."""

TOGETHER = 16
"""Finished trials per worker that are stored in one transaction: with 32 a trial takes 0.14 ms, with 8 0.18, alone 0.35."""

PATIENCE = 0.05
"""Seconds that a finished trial waits for others at most."""

SWITCH = 5e-4
"""Seconds until a thread that wants the interpreter gets it. At the default 5 ms, longer than a short trial, two workers were sometimes no
faster than one: 3.8 s for 1,000 trials of 30-32-32-1 that take 2.2 s here."""

Given = queue.SimpleQueue[Trial | None]
Finished = queue.SimpleQueue[Record | None]


class Pool:
    """Worker threads, started for each `run`; what they prepared for one trial serves the next."""

    def __init__(self, study: Study, threads: int, stop: Stop) -> None:
        self._datasets, self._threads, self._stop = study.datasets, threads, stop
        self._execute, self._diagnostics = Executor(study.catalogue, stop.flag), study.spec.diagnostics

    def run(self, todo: Iterator[Trial], keep: Callable[[list[Record]], None], meter: Meter) -> None:
        """Run trials, hand them to `keep` as they finish; on return all of them are kept, or a stop was asked for."""
        given, finished = Given(), Finished()
        workers = [threading.Thread(target=self._work, args=(given, finished), name=f"optlab-{k}") for k in range(self._threads)]
        with _switching():
            for worker in workers:
                worker.start()
            try:
                self._drive(given, finished, todo, keep, meter)
            except BaseException:  # a full disk, a third Ctrl-C: do not wait for trials whose outcome nobody can store
                self._stop.requests, self._stop.flag[0] = 2, 1
                raise
            finally:
                for _ in workers:
                    given.put(None)
                for worker in workers:
                    worker.join()

    def _drive(self, given: Given, finished: Finished, todo: Iterator[Trial], keep: Callable[[list[Record]], None], meter: Meter) -> None:
        """Give trials out, have kept what comes back: several at a time, none of them later than `PATIENCE`."""
        in_flight, more, since = 0, True, 0.0
        records: list[Record | None] = []
        while more or in_flight:
            if self._stop.requests:
                more = False
                meter.message = f"stopping: {in_flight} running trials finish and are saved; Ctrl-C again gives them up"
            while more and in_flight < self._threads * AHEAD:
                trial = next(todo, None)
                if trial is None:
                    more = False
                    break
                given.put(trial)
                in_flight += 1
            since = since if records else time.perf_counter()
            records += _drained(finished)
            full = len(records) >= min(self._threads * TOGETHER, in_flight)
            if records and (full or time.perf_counter() - since > PATIENCE):
                in_flight -= len(records)
                keep([one for one in records if one is not None])
                records.clear()
            meter.report()

    def _work(self, given: Given, finished: Finished) -> None:
        while (trial := given.get()) is not None:
            finished.put(self._one(trial))

    def _one(self, trial: Trial) -> Record | None:
        """One trial, in a worker thread; None if it was given up. Whatever goes wrong becomes its sentence: the study goes on."""
        if self._stop.requests:
            return None
        try:
            dataset = self._datasets.get(trial.problem, trial.replicate)
            streams, claimed = Streams(trial.seed, trial.replicate), trial.replicate >= FIRST_CONFIRMATION
            # The area under the ROC curve costs up to 5 % of a trial of 3 ms: for the replicates that claims are made from.
            [outcome] = self._execute([(trial.settings, streams)], dataset, self._diagnostics, claimed)
            if isinstance(outcome, Exception):
                raise outcome
        except OptlabError as error:
            return _failed(trial, str(error))
        except Exception as error:
            return _failed(trial, f"{type(error).__name__}: {error}")
        if outcome.status == "stopped" and self._stop.flag[0]:
            return None
        numbers = outcome.steps, outcome.epochs, outcome.seconds, outcome.flops
        return Record(
            trial, outcome.status, outcome.sentence, outcome.metric, *numbers, outcome.curves, extras.number(outcome.roc_auc),
            extras.confusion_text(outcome.confusion, dataset.classes), outcome.bad_epoch, outcome.bad_step, outcome.bad_layer,
            extras.diagnosis_text(outcome.diagnosis) if self._diagnostics else None,
        )  # fmt: skip


@contextmanager
def _switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _failed(trial: Trial, sentence: str) -> Record:
    metric = "accuracy" if trial.cell.task == "classification" else "r2"
    return Record(trial, "error", " ".join(sentence.split()), metric, 0, 0, 0.0, 0.0, np.empty((0, len(COLUMNS))))


def _drained(finished: Finished) -> list[Record | None]:
    """All that is finished; waits a moment for the first."""
    try:
        records = [finished.get(timeout=0.05)]
    except queue.Empty:
        return []
    while not finished.empty():
        records.append(finished.get())
    return records
