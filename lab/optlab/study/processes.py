"""Worker processes on this machine: a trial that never returns, or that ends its process, costs nobody else anything.

Short trials go to a process in batches, as to a thread (`pool`): they share a call of the kernel. A batch whose process dies, or that
takes longer than one trial may, is tried again trial by trial. A trial alone that is beyond the limit is ended with its process and
becomes a record that says so; one whose process dies is tried once more in a new one, then becomes a record that names the signal. All
waiting goes by the monotonic clock.
"""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError
from optlab.study import environment
from optlab.study.batches import Batch, Batches
from optlab.study.bench import unpacked
from optlab.study.finished import Record
from optlab.study.member import Mail, Member
from optlab.study.pace import Pace
from optlab.study.pool import LONGEST, MOST, PATIENCE, SHORTEST, switching
from optlab.study.progress import Meter
from optlab.study.shipment import Shipment
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Data, Keep, failed

if TYPE_CHECKING:
    from optlab.data import Dataset

AHEAD_SECONDS, MOST_AHEAD = 0.1, 8
"""Batches that wait in a process take about so long, and are so many at most: it never waits, and leaves little when it dies."""

TRIES = 2
"""Processes that a trial may end, run alone, before it counts as broken."""

_TICK = 0.05


class Crew:
    """Worker processes, kept between runs. Close it in the end.

    Args:
        data: what a trial runs on. size: how many processes. limit: seconds that a trial may take, None for any time.
        cost: what a trial is expected to cost.
    """

    compiles = True

    def __init__(
        self, shipment: Shipment, data: Data, size: int, stop: Stop, cost: Callable[[Trial], float], limit: float | None = None
    ) -> None:
        self._shipment, self._data, self.size, self._stop, self._limit = shipment, data, size, stop, limit
        self._pace, self._mail, self._members = Pace(cost), Mail(), list[Member]()
        self._numbers = itertools.count()
        self._stillborn, self._told = 0, ""

    def close(self) -> None:
        """End all processes."""
        for member in self._members:
            member.kill()
        self._members.clear()

    def run(self, todo: Iterator[Trial], keep: Keep, meter: Meter) -> None:
        """See `work.Backend`."""
        with switching():
            self._run(todo, keep, meter)

    def _run(self, todo: Iterator[Trial], keep: Keep, meter: Meter) -> None:
        records, since, more = list[Record](), time.monotonic(), True
        batches = Batches(todo, self._pace, LONGEST, SHORTEST, MOST)
        while True:
            if self._stop.requests:
                more = False
                batches.drop()
                for member in self._members if self._stop.requests == 1 else ():
                    member.stop()
            if self._stop.requests > 1:
                self.close()
            else:
                more = self._hand_out(batches, more, meter.left, records)
            busy = sum(member.trials for member in self._members)
            if records and (time.monotonic() - since > PATIENCE or not busy):
                keep(records.copy(), environment.describe())
                records.clear()
                since = time.monotonic()
            if not (busy or more or batches.waiting):
                return
            meter.message = self._message(busy)
            self._listen(batches, records)
            self._end_overdue()
            meter.report()

    def _hand_out(self, batches: Batches, more: bool, left: float, records: list[Record]) -> bool:
        """Give each member enough for a moment, hire where one is missing; return whether there is more. left: cost of what is not done."""
        for depth in range(MOST_AHEAD):  # one each before a second for anybody
            for place in range(self.size):
                if place < len(self._members) and not self._lacks(self._members[place], depth):
                    continue
                if not (more or batches.waiting):
                    return False
                batch = batches.next(left, self.size)
                if batch is None:
                    return False
                batch, datasets = self._with_data(batch, records)
                if not batch.trials:
                    continue
                if place >= len(self._members):
                    self._members.append(Member(self._shipment, self._mail))
                    place = len(self._members) - 1
                self._members[place].give(next(self._numbers), batch, datasets)
        return more

    def _lacks(self, member: Member, depth: int) -> bool:
        """Whether a process has no more than so many batches, and those behind the first one are little work."""
        if len(member.batches) > depth:
            return False
        waiting = sum(batch.cost for batch in itertools.islice(member.batches.values(), 1, None))
        return depth < 2 or (self._pace.known and self._pace.seconds(waiting) < AHEAD_SECONDS)

    def _with_data(self, batch: Batch, records: list[Record]) -> tuple[Batch, dict[str, Dataset]]:
        """What can be run of a batch, with the data by their digests."""
        datasets: dict[str, Dataset] = {}
        broken: dict[str, str] = {}
        for digest, trial in {trial.data: trial for trial in batch.trials}.items():
            try:
                datasets[digest] = self._data(trial)
            except OptlabError as error:
                broken[digest] = str(error)
        if broken:
            records += [failed(trial, broken[trial.data]) for trial in batch.trials if trial.data in broken]
            sound = tuple(trial for trial in batch.trials if trial.data in datasets)
            batch = Batch(sound, sum(map(self._pace.cost, sound)), batch.faults)
        return batch, datasets

    def _listen(self, batches: Batches, records: list[Record]) -> None:
        """Take in what the members say; waits a moment for the first."""
        try:
            member, message = self._mail.get(timeout=_TICK)
            while True:
                self._hear(member, message, batches, records)
                member, message = self._mail.get_nowait()
        except queue.Empty:
            return

    def _hear(self, member: Member, message: tuple[Any, ...] | None, batches: Batches, records: list[Record]) -> None:
        if member not in self._members:
            return  # given up
        match message:
            case None:
                self._members.remove(member)
                self._bury(member, batches, records)
            case ("ready",):
                member.ready, self._stillborn, self._told = True, 0, ""
            case ("refused", str(sentence)):
                raise OptlabError(sentence)
            case ("begin", int()):
                member.begin()
            case ("done", int(number), list(fields)):
                for trial, one in zip(member.done(number).trials, fields, strict=True):
                    record = unpacked(trial, one)
                    if record is not None:
                        self._pace.note(self._pace.cost(trial), record.seconds)
                        records.append(record)

    def _bury(self, member: Member, batches: Batches, records: list[Record]) -> None:
        """What becomes of the batches of a process that ended: the one that ran is counted, the others go to the next process."""
        ending, waiting = member.ending(), list(member.batches.items())
        if not member.ready:
            self._stillborn += 1
            if self._stillborn > self.size + 1:
                raise OptlabError(f"worker processes end before they are ready ({ending}); see what they wrote to the terminal above")
        elif waiting and member.overdue in (None, waiting[0][0]):  # else it was done in the same moment
            _, batch = waiting.pop(0)
            if len(batch.trials) > 1:
                batches.split(batch)
                self._told = f"a worker process ended ({ending}); its trials are tried again one by one"
            elif member.overdue is not None:
                records.append(failed(batch.trials[0], self._over()))
            elif batch.faults + 1 < TRIES:
                batches.back(batch)
                self._told = f"a worker process ended ({ending}); its trial is tried again"
            else:
                over = f"its worker process ended {TRIES} times ({ending}); mend the plugin, or use fewer --workers"
                records.append(failed(batch.trials[0], over))
        for _, batch in waiting:
            batches.back(batch, 0)

    def _over(self) -> str:
        return (
            f"ended with its worker process after {self._limit:g} s, the limit for a trial; mend the plugin if it never returns, "
            "or give a larger --trial-limit"
        )

    def _end_overdue(self) -> None:
        if self._limit is None:
            return
        for member in self._members:
            running = member.running()
            if running is not None and running[2] > self._limit and member.overdue is None:
                member.overdue = running[0]
                member.kill()

    def _message(self, busy: int) -> str:
        if self._stop.requests:
            return f"stopping: {busy} running trials finish and are saved; Ctrl-C again gives them up"
        running = [one for member in self._members if self._limit is None and (one := member.running()) is not None]
        overdue = [said for _, batch, seconds in running if (said := self._pace.overdue(batch.trials, seconds))]
        starting = "starting worker processes" if self._members and not any(member.ready for member in self._members) else ""
        return "; ".join(filter(None, (self._told or starting, *overdue)))
