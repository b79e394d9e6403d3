"""What a Dask worker does for a study: batches of trials, on data that came as arrays; see `cluster` for the other side."""

from __future__ import annotations

import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optlab import blas
from optlab.errors import OptlabError
from optlab.jit import Compilation
from optlab.study import environment
from optlab.study.batches import Batches
from optlab.study.bench import Bench, packed
from optlab.study.finished import Record
from optlab.study.pace import Pace
from optlab.study.pool import LONGEST, MOST, SHORTEST
from optlab.study.processes import Crew
from optlab.study.progress import Meter
from optlab.study.shipment import Shipment
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.workload import Workload

if TYPE_CHECKING:
    from optlab.data import Dataset

MOST_DESKS = 4
"""Runs that a worker keeps ready for at a time."""


@dataclass(frozen=True)
class Order:
    """What all batches of one run have in common. token: names the run. apart: in a process of the worker's, ended at `limit` seconds."""

    token: str
    shipment: Shipment
    apart: bool
    limit: float | None


@dataclass(frozen=True)
class Returned:
    """What came of a batch, or why it was refused.

    records: number of the trial in the batch -> its record (`bench.packed`), of those that were not given up. environment: what they ran
    in. seconds: what they took.
    """

    worker: str
    records: Mapping[int, list[Any]]
    environment: Mapping[str, str]
    seconds: float
    refused: str = ""


class _Desk:
    """What a worker keeps for one run."""

    def __init__(self, order: Order, stop: Stop) -> None:
        self._order, self._stop, self._own = order, stop, threading.local()
        self._pinned = blas.controller().limit(limits=1, user_api="blas")  # for good: this process does nothing else
        self._bench = Bench(order.shipment, stop)
        self._crews: list[Crew] = []
        self._pace = Pace(lambda _: 1.0)  # what goes to the kernel at once; what travels together was sized by the coordinator

    def run(self, trials: tuple[Trial, ...], datasets: Mapping[str, Dataset]) -> list[Record]:
        """The records of those trials that were not given up."""
        records: list[Record] = []
        if self._order.apart:
            self._own.datasets = datasets
            self._crew().run(iter(trials), lambda some, _: records.extend(some), Meter("", 0, 0, Workload(), None, 0.0))
            return records
        batches = Batches(iter(trials), self._pace, LONGEST, SHORTEST, MOST)
        while (batch := batches.next(len(trials) - len(records), 1)) is not None:
            done = [one for one in self._bench.run(batch.trials, datasets) if one is not None]
            for one in done:
                self._pace.note(1.0, one.seconds)
            records += done
        return records

    def _crew(self) -> Crew:
        """The process of this thread."""
        crew: Crew | None = getattr(self._own, "crew", None)
        if crew is None:
            own = self._own
            crew = Crew(self._order.shipment, lambda one: own.datasets[one.data], 1, self._stop, lambda _: 1.0, self._order.limit)
            self._own.crew = crew
            self._crews.append(crew)
        return crew

    def close(self) -> None:
        for crew in self._crews:
            crew.close()


_lock = threading.Lock()
_desks: OrderedDict[str, _Desk] = OrderedDict()
_stops: OrderedDict[str, Stop] = OrderedDict()


def _desk(order: Order) -> _Desk:
    with _lock:
        if order.token not in _desks:
            _desks[order.token] = _Desk(order, _stops.setdefault(order.token, Stop()))
            while len(_desks) > MOST_DESKS:
                former, desk = _desks.popitem(last=False)
                _stops.pop(former, None)
                desk.close()
        return _desks[order.token]


def check(order: bytes) -> str:
    """Why this worker cannot run a study; empty if it can."""
    try:
        _desk(pickle.loads(order))
    except OptlabError as error:
        return str(error)
    return ""


def run_batch(order: bytes, trials: bytes, digests: tuple[str, ...], *datasets: Dataset) -> bytes:
    """Run trials on data of these digests; all but the data as pickles, which the scheduler need not look into. Returns a `Returned`."""
    from distributed import get_worker

    here, begin, compiled = str(get_worker().address), time.perf_counter(), Compilation.seconds
    try:
        given: tuple[Trial, ...] = pickle.loads(trials)
        found = {one.trial.digest: packed(one) for one in _desk(pickle.loads(order)).run(given, dict(zip(digests, datasets, strict=True)))}
    except OptlabError as error:
        return pickle.dumps(Returned(here, {}, {}, 0.0, str(error)))
    records = {number: fields for number, trial in enumerate(given) if (fields := found.get(trial.digest)) is not None}
    seconds = time.perf_counter() - begin - (Compilation.seconds - compiled)
    return pickle.dumps(Returned(here, records, environment.describe(), max(seconds, 0.0)), pickle.HIGHEST_PROTOCOL)


def ask(token: str) -> None:
    """Ask a run to stop; it is heard between two trials, asked again within one."""
    with _lock:
        _stops.setdefault(token, Stop()).ask()


def leave(token: str) -> None:
    """Forget a run."""
    with _lock:
        _stops.pop(token, None)
        desk: Any = _desks.pop(token, None)
    if desk is not None:
        desk.close()
