"""Worker processes on this machine: a trial that never returns, or that ends its process, costs nobody else anything.

A trial beyond the limit is ended with its process and becomes a record that says so. A trial whose process dies is tried once more in a
new one, then becomes a record that names the signal. All waiting goes by the monotonic clock.
"""

from __future__ import annotations

import itertools
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

from optlab.errors import OptlabError
from optlab.study import environment
from optlab.study.bench import unpacked
from optlab.study.finished import Record
from optlab.study.member import Mail, Member
from optlab.study.pace import Pace
from optlab.study.pool import PATIENCE, switching
from optlab.study.progress import Meter
from optlab.study.shipment import Shipment
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Data, Keep, failed

AHEAD_SECONDS, MOST_AHEAD = 0.1, 32
"""Trials that wait in a process take about so long, and are so many at most: it never waits, and leaves little when it dies."""

TRIES = 2
"""Processes that a trial may end before it counts as broken."""

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
        self._numbers, self._deaths = itertools.count(), Counter[str]()
        self._again = deque[Trial]()
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
        while True:
            if self._stop.requests:
                more = False
                self._again.clear()
                for member in self._members if self._stop.requests == 1 else ():
                    member.stop()
            if self._stop.requests > 1:
                self.close()
            else:
                more = self._hand_out(todo, more, records)
            busy = sum(len(member.trials) for member in self._members)
            if records and (time.monotonic() - since > PATIENCE or not busy):
                keep(records.copy(), environment.describe())
                records.clear()
                since = time.monotonic()
            if not (busy or more or self._again):
                return
            meter.message = self._message(busy)
            self._listen(records)
            self._end_overdue()
            meter.report()

    def _hand_out(self, todo: Iterator[Trial], more: bool, records: list[Record]) -> bool:
        """Give each member enough for a moment, hire where one is missing; return whether `todo` has more."""
        ahead = 1 + min(MOST_AHEAD, int(AHEAD_SECONDS / self._pace.typical)) if self._pace.known else 2
        for depth in range(1, ahead + 1):  # one each before a second for anybody
            for place in range(self.size):
                if place < len(self._members) and len(self._members[place].trials) >= depth:
                    continue
                if self._again:
                    trial = self._again.popleft()
                else:
                    found = next(todo, None) if more else None
                    if found is None:
                        return False
                    trial = found
                try:
                    dataset = self._data(trial)
                except OptlabError as error:
                    records.append(failed(trial, str(error)))
                    continue
                if place >= len(self._members):
                    self._members.append(Member(self._shipment, self._mail))
                    place = len(self._members) - 1
                self._members[place].give(next(self._numbers), trial, dataset)
        return more

    def _listen(self, records: list[Record]) -> None:
        """Take in what the members say; waits a moment for the first."""
        try:
            member, message = self._mail.get(timeout=_TICK)
            while True:
                self._hear(member, message, records)
                member, message = self._mail.get_nowait()
        except queue.Empty:
            return

    def _hear(self, member: Member, message: tuple[Any, ...] | None, records: list[Record]) -> None:
        if member not in self._members:
            return  # given up
        match message:
            case None:
                self._members.remove(member)
                self._bury(member, records)
            case ("ready",):
                member.ready, self._stillborn, self._told = True, 0, ""
            case ("refused", str(sentence)):
                raise OptlabError(sentence)
            case ("begin", int()):
                member.begin()
            case ("done", int(number), fields):
                record = unpacked(member.done(number), fields)
                if record is not None:
                    self._pace.note(self._pace.cost(record.trial), record.seconds)
                    records.append(record)

    def _bury(self, member: Member, records: list[Record]) -> None:
        """What becomes of the trials of a process that ended: the one that ran is counted, the others go to the next process."""
        ending, waiting = member.ending(), list(member.trials.items())
        if not member.ready:
            self._stillborn += 1
            if self._stillborn > self.size + 1:
                raise OptlabError(f"worker processes end before they are ready ({ending}); see what they wrote to the terminal above")
        elif waiting and member.overdue is None:
            number, trial = waiting.pop(0)
            self._deaths[trial.digest] += 1
            if self._deaths[trial.digest] < TRIES:
                self._told = f"a worker process ended ({ending}); its trial is tried again"
                waiting.insert(0, (number, trial))
            else:
                records.append(failed(trial, f"its worker process ended {TRIES} times ({ending}); mend the plugin, or use fewer --workers"))
        elif waiting and member.overdue == waiting[0][0]:  # else it was done in the same moment
            records.append(failed(waiting.pop(0)[1], self._over()))
        self._again.extendleft(trial for _, trial in reversed(waiting))

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
        overdue = [said for _, trial, seconds in running if (said := self._pace.overdue([trial], seconds))]
        starting = "starting worker processes" if self._members and not any(member.ready for member in self._members) else ""
        return "; ".join(filter(None, (self._told or starting, *overdue)))
