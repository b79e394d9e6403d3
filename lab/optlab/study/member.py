"""One worker process as its owner sees it: what it was given, what it runs and since when, how it ended."""

from __future__ import annotations

import pickle
import queue
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optlab.study.batches import Batch
from optlab.study.endings import ending
from optlab.study.recent import DATASETS, Recent
from optlab.study.shipment import Shipment

if TYPE_CHECKING:
    from optlab.data import Dataset

Mail = queue.SimpleQueue[tuple["Member", tuple[Any, ...] | None]]
"""What the members say, and None for the end of one."""

GRACE = 2.0
"""Seconds between a process's last word and its end, at most."""

_MAIN = "import sys; sys.path[:] = {path!r}; from optlab.study.worker import main; main()"


class Member:
    """A process that runs `optlab.study.worker`, started at once.

    Not through `multiprocessing`, whose new processes import the main module again: a script without a guard would begin anew in each.
    Not through a process pool of a library either: pebble's limits go by the wall clock, which may be set back.

    Attributes:
        batches: number -> batch, in the order they were given; the first is the one that runs. ready: whether it has loaded the plugins.
        begun: monotonic time at which the first batch began, None if it has not.
        overdue: number of the batch that it was ended for, because it ran beyond the limit.
    """

    def __init__(self, shipment: Shipment, mail: Mail) -> None:
        self.batches: OrderedDict[int, Batch] = OrderedDict()
        self.begun: float | None = None
        self.overdue: int | None = None
        self.ready = self._stopped = False
        self._known = Recent(DATASETS)  # digests of data, as the process keeps them
        self._mail, self._out = mail, queue.SimpleQueue[Any]()
        words = [sys.executable, "-c", _MAIN.format(path=[each for each in sys.path if isinstance(each, str)])]
        # A session of its own: Ctrl-C in a terminal goes to the coordinator, which knows what to finish.
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        # Threads of their own for reading and writing: a process that takes nothing must hold up no other one.
        for serve in (self._read, self._write):
            threading.Thread(target=serve, daemon=True).start()
        self._out.put(("open", shipment))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def trials(self) -> int:
        """How many it has that are not done."""
        return sum(len(batch.trials) for batch in self.batches.values())

    def give(self, number: int, batch: Batch, datasets: Mapping[str, Dataset]) -> None:
        """One more batch to run after those that it has. datasets: what its trials run on, by digest."""
        new = self._known.lacking(dict.fromkeys(datasets, True))  # it need not hold the data themselves
        sent = {digest: data if new[digest] else None for digest, data in datasets.items()}
        self._out.put(("batch", number, batch.trials, sent))
        self.batches[number] = batch

    def begin(self) -> None:
        """It says that its first batch has begun."""
        self.begun = time.monotonic()

    def done(self, number: int) -> Batch:
        """It says that this batch is done."""
        self.begun = None
        return self.batches.pop(number)

    def running(self) -> tuple[int, Batch, float] | None:
        """Number of the batch that runs, the batch, the seconds since it began; None where none does."""
        if self.begun is None:
            return None
        return *next(iter(self.batches.items())), time.monotonic() - self.begun

    def stop(self) -> None:
        """Ask it to begin no further batch; once is enough."""
        if not self._stopped:
            self._stopped = True
            self._out.put(("stop",))

    def kill(self) -> None:
        """End it now, whatever it is doing."""
        self._process.kill()

    def ending(self) -> str:
        """How the process ended, in words."""
        return ending(self._process.wait())

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while True:
                try:
                    message = pickle.load(pipe)
                except Exception:  # the end of it, maybe in the middle of a message
                    break
                self._mail.put((self, message))
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:  # what no longer answers is of no use
            self._process.kill()
            self._process.wait()
        self._out.put(None)
        self._mail.put((self, None))

    def _write(self) -> None:
        assert self._process.stdin is not None
        try:
            with self._process.stdin as pipe:
                while (message := self._out.get()) is not None:
                    pickle.dump(message, pipe, pickle.HIGHEST_PROTOCOL)
                    pipe.flush()
        except (BrokenPipeError, ValueError):
            return  # its reader says so
