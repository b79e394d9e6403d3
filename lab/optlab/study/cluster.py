"""Trials on the workers of a Dask cluster. Only the coordinator writes; workers are sent names, numbers and arrays (`shipment`, `remote`).

At most two batches per place are under way, so a million trials never lie in the scheduler; workers that join are used, what a lost worker
had is given out again.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import pickle
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from optlab.errors import OptlabError
from optlab.study import remote
from optlab.study.batches import Batch, Batches
from optlab.study.bench import unpacked
from optlab.study.endings import ending_of
from optlab.study.pace import Pace
from optlab.study.progress import Meter
from optlab.study.recent import DATASETS, Recent
from optlab.study.shipment import OPTLAB
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Keep, failed

if TYPE_CHECKING:
    from distributed import Client, Future

IN_FLIGHT = 2
"""Batches per place: one runs, one waits beside it."""

ANSWER = 5.0
"""Seconds that a scheduler has to answer."""

LONGEST, SHORTEST, MOST = 1.0, 0.05, 2000
"""Seconds and trials of a batch: a batch costs the scheduler a few milliseconds, and what is lost with a worker is two batches."""

TRIES = 2
"""Times that a batch may come back undone; then its trials go out one by one, and such a trial at the end with nothing beside it: the
scheduler blames all that a lost worker had."""

SMALL = 8 << 20
"""Bytes of a data set up to which the scheduler keeps it: it is made again where a worker is lost. Larger ones pass by the scheduler."""

TICK, _LOOK = 0.05, 1.0


class Cluster:
    """The workers of one scheduler. `connection.connected` makes one."""

    compiles = False

    def __init__(self, client: Client, address: str, study: Study, order: remote.Order, stop: Stop, cost: Callable[[Trial], float]) -> None:
        self._client, self._address, self._study, self._order, self._stop = client, address, study, pickle.dumps(order), stop
        self._token, self._pace, self._data = order.token, Pace(cost), Recent(DATASETS)
        self._places: dict[str, int] = {}
        self._refused: dict[str, str] = {}
        self._suspects = deque[Batch]()
        self._looked, self._asked = -_LOOK, 0

    @property
    def size(self) -> int:
        return sum(self._places.values())

    def look(self) -> int:
        """Count the places, at most once a second: workers come and go."""
        if time.monotonic() - self._looked >= _LOOK:
            try:
                found = self._client.sync(self._client.scheduler.ncores, workers=None, callback_timeout=2 * ANSWER)
            except (OSError, TimeoutError) as error:
                raise OptlabError(
                    f"the Dask scheduler at {self._address} no longer answers; what was finished is kept: start it and run the same command"
                ) from error
            self._places = {address: places for address, places in found.items() if address not in self._refused}
            self._looked = time.monotonic()
        return self.size

    def inspect(self) -> None:
        """Have every worker that is there now check that it has what the study uses.

        Raises:
            OptlabError: one has not.
        """
        for function, arguments in ((importlib.metadata.version, (OPTLAB,)), (remote.check, (self._order,))):
            for address, found in self._client.run(function, *arguments, on_error="return").items():
                if isinstance(found, importlib.metadata.PackageNotFoundError):
                    raise OptlabError(f"the Dask worker {address} has no {OPTLAB}; install {importlib.metadata.version(OPTLAB)} there")
                if isinstance(found, BaseException):
                    raise OptlabError(f"the Dask worker {address} cannot load {OPTLAB}: {type(found).__name__}: {found}")
                if function is remote.check and found:
                    raise OptlabError(f"the Dask worker {address}: {found}")

    def run(self, todo: Iterator[Trial], keep: Keep, meter: Meter) -> None:
        """See `work.Backend`."""
        batches, more = Batches(todo, self._pace, LONGEST, SHORTEST, MOST), True
        flying: dict[Future, Batch] = {}
        arrived: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._suspects.clear()
        while more or flying or self._suspects:
            if self._stop.requests:
                more = False
                batches.drop()
                self._suspects.clear()
                self._ask()
                if self._stop.requests > 1:
                    self._client.cancel(list(flying), force=True)
                    return
            places = self.look()
            while more and len(flying) < IN_FLIGHT * places:
                batch = batches.next(meter.left, places)
                if batch is None:
                    more = False
                    break
                flying[self._submit(batch, arrived)] = batch
            if self._suspects and not more and not flying:
                alone = self._suspects.popleft()
                flying[self._submit(alone, arrived)] = alone
            meter.message = self.message(len(flying))
            future = _first(arrived)
            if future is not None and future in flying:
                more = self._take(future, flying.pop(future), batches, keep, arrived, flying) or more
            meter.report()

    def message(self, flying: int) -> str:
        """What is to be said while so many batches are under way."""
        if self._stop.requests:
            return f"stopping: {flying} batches finish their running trials; Ctrl-C again gives them up"
        if not self._places:
            return f"no worker at {self._address}; start one with: dask worker {self._address}"
        return "; ".join(f"{address} is not used: {why}" for address, why in self._refused.items())

    def _ask(self) -> None:
        """Tell the workers of a wish to stop; not waiting for one that is busy in a plugin."""
        for _ in range(self._stop.requests - self._asked):
            threading.Thread(target=self._client.run, args=(remote.ask, self._token), kwargs={"on_error": "ignore"}, daemon=True).start()
        self._asked = self._stop.requests

    def _submit(self, batch: Batch, arrived: queue.SimpleQueue[Future]) -> Future:
        digests = tuple(dict.fromkeys(trial.data for trial in batch.trials))
        first = {trial.data: trial for trial in reversed(batch.trials)}
        data = [self._sent(first[digest]) for digest in digests]
        future = self._client.submit(
            remote.run_batch, self._order, pickle.dumps(batch.trials, pickle.HIGHEST_PROTOCOL), digests, *data,
            key=f"optlab-{uuid.uuid4().hex}", workers=list(self._places) if self._refused else None, pure=False,
        )  # fmt: skip
        future.add_done_callback(arrived.put)
        return future

    def _sent(self, trial: Trial) -> Future:
        """The data of a trial on the cluster: sent once, handed on between the workers."""
        if trial.data not in self._data:
            blob = pickle.dumps(dataset := self._study.datasets.get(trial.problem, trial.replicate), pickle.HIGHEST_PROTOCOL)
            if len(blob) <= SMALL:
                sent = self._client.submit(pickle.loads, blob, key=f"optlab-{self._token}-{trial.data}")
            else:
                sent = self._client.scatter(dataset, hash=False)
            self._data.use(trial.data, sent)
        found: Future = self._data.use(trial.data)
        return found

    def _take(
        self, future: Future, batch: Batch, batches: Batches, keep: Keep, arrived: queue.SimpleQueue[Future], flying: dict[Future, Batch]
    ) -> bool:
        """See what became of a batch; return whether some of it is to be given out again."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        if future.status == "pending":  # its worker died with the result; another one makes it again
            future.add_done_callback(arrived.put)
            flying[future] = batch
            return False
        try:
            returned: remote.Returned = pickle.loads(future.result(timeout=ANSWER))
        except TimeoutError:
            future.add_done_callback(arrived.put)
            flying[future] = batch
            return False
        except (KilledWorker, CancelledError) as error:
            if isinstance(error, CancelledError):
                for trial in batch.trials:  # large data are gone with the worker that had them
                    self._data.pop(trial.data, None)
            if batch.faults + 1 < TRIES:  # another batch may have ended the worker
                batches.back(batch)
            elif len(batch.trials) > 1:
                batches.split(batch)
            elif batch.faults < TRIES:
                self._suspects.append(dataclasses.replace(batch, faults=TRIES))
                return False
            else:
                known = ending_of(self._client, error.last_worker) if isinstance(error, KilledWorker) else ""
                how = f" ({known}); mend the plugin," if known else ", as it does where memory runs out or a plugin crashes;"
                keep([failed(batch.trials[0], f"its worker process ended again and again{how} or try --trial-limit")], {})
                return False
            return True
        except Exception as error:
            if batch.faults + 1 >= TRIES:
                raise OptlabError(f"the workers at {self._address} cannot run a batch ({type(error).__name__}: {error})") from error
            batches.back(batch)
            return True
        if returned.refused:
            self._refused[returned.worker] = returned.refused
            self._looked = -_LOOK
            batches.back(batch, 0)
            return True
        self._pace.note(batch.cost, returned.seconds)
        records = (unpacked(batch.trials[number], fields) for number, fields in returned.records.items())
        keep([one for one in records if one is not None], returned.environment)
        return False


def _first(arrived: queue.SimpleQueue[Future]) -> Future | None:
    try:
        return arrived.get(timeout=TICK)
    except queue.Empty:
        return None
