"""Threads that run trials over a kernel that releases the interpreter lock; whoever calls stores what comes back."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from optlab.study import environment
from optlab.study.batches import Batch, Batches
from optlab.study.finished import Record
from optlab.study.pace import Pace
from optlab.study.progress import Meter
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Keep, Work

if TYPE_CHECKING:
    from optlab.data import Dataset

AHEAD = 128
"""Trials per worker that are given out and not yet stored: enough that no worker waits for the writer, few enough for flat memory."""

LONGEST, SHORTEST, MOST = 0.05, 0.002, 64
"""Seconds and trials of a batch that goes to the kernel at once. What workers do around a trial of 30-32-32-1 (2.9 ms) took 420 us of
processor time with 0.02 and 16, takes 190 to 260 with these, and 170 to 230 with 0.1, which would need twice the memory."""

TOGETHER = 64
"""Finished trials per worker that are stored in one transaction: 20 % faster than 16."""

PATIENCE = 0.1
"""Seconds that a finished trial waits for others at most."""

SWITCH = 5e-4
"""Seconds until a thread that wants the interpreter gets it. At the default 5 ms, longer than a short trial, two workers were sometimes no
faster than one: 3.8 s for 1,000 trials of 30-32-32-1 that take 2.2 s here."""

GRACE = 2.0
"""Seconds that abandoned threads have to notice it: those in a plugin that never returns do not, and die with the process."""

Given = queue.SimpleQueue[Batch | None]
Finished = queue.SimpleQueue[list[Record | None]]


class Pool:
    """Worker threads, started for each `run`; what they prepared for one trial serves the next."""

    compiles = True

    def __init__(self, study: Study, threads: int, stop: Stop, cost: Callable[[Trial], float]) -> None:
        self._datasets, self.size, self._stop = study.datasets, threads, stop
        self._work = Work(study.catalogue, stop, study.spec.diagnostics)
        self._pace = Pace(cost)
        self._running: dict[str, tuple[Batch, float]] = {}  # name of the thread -> its batch, since when

    def run(self, todo: Iterator[Trial], keep: Keep, meter: Meter) -> None:
        """See `work.Backend`."""
        given, finished = Given(), Finished()
        # Daemons: a plugin that never returns must not keep the process alive.
        names = [f"optlab-{k}" for k in range(self.size)]
        workers = [threading.Thread(target=self._serve, args=(given, finished), name=name, daemon=True) for name in names]
        patience = None
        with switching():
            for worker in workers:
                worker.start()
            try:
                self._drive(given, finished, todo, keep, meter)
            except BaseException:  # a full disk, a third Ctrl-C: do not wait for trials whose outcome nobody can store
                self._stop.requests, self._stop.flag[0] = 2, 1
                patience = GRACE
                raise
            finally:
                for _ in workers:
                    given.put(None)
                for worker in workers:
                    worker.join(patience)

    def _drive(self, given: Given, finished: Finished, todo: Iterator[Trial], keep: Keep, meter: Meter) -> None:
        """Give trials out, have kept what comes back: several at a time, none of them later than `PATIENCE`."""
        in_flight, more, since, here = 0, True, 0.0, environment.describe()
        records: list[Record | None] = []
        batches = Batches(todo, self._pace, LONGEST, SHORTEST, MOST)
        while more or in_flight:
            more = more and not self._stop.requests
            meter.message = self._message(in_flight)
            while more and in_flight < self.size * AHEAD:
                batch = batches.next(meter.left, self.size)
                if batch is None:
                    more = False
                    break
                given.put(batch)
                in_flight += len(batch.trials)
            since = since if records else time.perf_counter()
            records += _drained(finished)
            full = len(records) >= min(self.size * TOGETHER, in_flight)
            if records and (full or time.perf_counter() - since > PATIENCE):
                in_flight -= len(records)
                done = [one for one in records if one is not None]
                for one in done:
                    self._pace.note(self._pace.cost(one.trial), one.seconds)
                keep(done, here)
                records.clear()
            meter.report()

    def _message(self, in_flight: int) -> str:
        now = time.monotonic()
        overdue = [said for batch, since in list(self._running.values()) if (said := self._pace.overdue(batch.trials, now - since))]
        if self._stop.requests:
            running = f"{in_flight} running trials finish and are saved" if self._stop.requests == 1 else "running trials are given up"
            overdue.insert(0, f"stopping: {running}; Ctrl-C again {'gives them up' if self._stop.requests == 1 else 'waits for none'}")
        return "; ".join(overdue)

    def _serve(self, given: Given, finished: Finished) -> None:
        name = threading.current_thread().name
        while (batch := given.get()) is not None:
            self._running[name] = batch, time.monotonic()
            records = self._work(batch.trials, self._data)
            self._running.pop(name, None)
            finished.put(records)

    def _data(self, trial: Trial) -> Dataset:
        return self._datasets.get(trial.problem, trial.replicate)


@contextmanager
def switching() -> Iterator[None]:
    """Hand the interpreter from thread to thread sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _drained(finished: Finished) -> list[Record | None]:
    """All that is finished; waits a moment for the first."""
    try:
        records = list(finished.get(timeout=0.05))
    except queue.Empty:
        return []
    while not finished.empty():
        records += finished.get()
    return records
