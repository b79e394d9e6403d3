"""Stored trials run again and compared bit for bit: whether this computer still gives the numbers that the store holds.

A trial is rebuilt from the store alone: its settings, its seed, its replicate; the data of a problem in the catalogue, or of a file that
the study's record names, if their digest is the stored one. Plugins are those that are installed or given, if their formulas have the
stored digests. Seconds and diagnoses are not compared.
"""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.study import causes, curves, environment, stored
from optlab.study.finished import FINALS, Record
from optlab.study.origins import Origins
from optlab.study.progress import Progress
from optlab.study.stop import Stop, interruptible
from optlab.study.stored import Place, Stored
from optlab.study.trial import Trial
from optlab.study.work import Work

SAMPLE = 24
"""Trials that are run again unless more are asked for."""


@dataclass(frozen=True)
class Difference:
    """One quantity that came out otherwise."""

    what: str
    stored: Any
    now: Any

    def __str__(self) -> str:
        if self.what == "curves":
            return str(self.now)
        return f"{self.what} {self.stored!r} stored, {self.now!r} now"


@dataclass(frozen=True)
class Checked:
    """A trial that was run again. explanation: why the numbers may differ; empty where they do not."""

    place: Place
    trial: Trial
    differences: tuple[Difference, ...]
    explanation: str = ""

    @property
    def name(self) -> str:
        hyper = dict(self.trial.settings.hyper)
        shown = ([f"lr={hyper['lr']:g}"] if "lr" in hyper else []) + [f"l2={self.trial.settings.l2:g}"]
        return f"{self.place.contender} on {self.place.problem} ({', '.join(shown)}, replicate {self.trial.replicate})"


@dataclass(frozen=True)
class Verification:
    """What came of it. unable: trials that cannot be run again, each with the reason. seed: draws the same sample again."""

    checked: tuple[Checked, ...]
    unable: tuple[tuple[Place, str], ...]
    stored: int
    seed: int

    @property
    def different(self) -> tuple[Checked, ...]:
        return tuple(one for one in self.checked if one.differences)

    @property
    def reasons(self) -> dict[str, int]:
        """Why trials could not be run again, and how many each."""
        return dict(Counter(reason for _, reason in self.unable).most_common())

    @property
    def sentence(self) -> str:
        """The verdict."""
        n, off = len(self.checked), len(self.different)
        of = f"{n:,} of {self.stored:,} stored trials were run again"
        also = f"; {len(self.unable)} could not be" if self.unable else ""
        return f"{of}{also}: {'all of them are the same, bit for bit' if not off else f'{off} differ'}."


def verify(
    store: str | Path,
    study: str | None = None,
    sample: int = SAMPLE,
    seed: int | None = None,
    plugins: Sequence[str | Path] = (),
    data: str | Path | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Verification:
    """Run a random sample of stored trials again, as many of each contender as of any other, and compare.

    study: one of them, else all. sample: how many trials. seed: of the sample, random if None. plugins: plugin files. data: the folder in
    which the files of own data lie, if not where they were.

    Raises:
        OptlabError: no store, no such study, nothing in it, or none of the sample can be run again.
        KeyboardInterrupt: Ctrl-C; nothing was written anyway.
    """
    from optlab.study.store import Store

    path, threads = Path(store), environment.threads(workers)
    with Store(path, create=False) as opened:  # a store of before is brought up to date, a foreign one refused
        records = {name: opened.study(name) for name in ([study] if study is not None else opened.studies())}
    places = [place for place in stored.index(path) if place.study in records]
    if not places:
        raise OptlabError(f"the store {path} holds no finished trial{f' of {study}' if study else ''}; run a study first")
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    drawn = draw(places, sample, seed)
    found = stored.details(path, drawn)
    again = _Again(Origins(records, [Path(file) for file in plugins], None if data is None else Path(data)), progress)
    checked, unable = again.run([(place, found[place.row]) for place in drawn], threads)
    if not checked:
        reasons = Counter(reason for _, reason in unable).most_common(3)
        raise OptlabError(
            f"none of the {len(unable)} trials drawn from {path} can be run again: {'; '.join(f'{why} ({n})' for why, n in reasons)}"
        )
    return Verification(tuple(checked), tuple(unable), len({place.row for place in places}), seed)


def draw(places: Sequence[Place], sample: int, seed: int) -> list[Place]:
    """`sample` different trials, the contenders of each study and problem in turn, each one's at random."""
    rng, strata = random.Random(seed), dict[tuple[str, str, str], list[Place]]()
    for place in places:
        strata.setdefault(place.stratum, []).append(place)
    queues = list(strata.values())
    for queue in queues:
        rng.shuffle(queue)
    rng.shuffle(queues)
    drawn: dict[int, Place] = {}
    while queues and len(drawn) < sample:
        for queue in queues:
            while queue and queue[-1].row in drawn:
                queue.pop()
            if queue and len(drawn) < sample:
                place = queue.pop()
                drawn[place.row] = place
        queues = [queue for queue in queues if queue]
    return list(drawn.values())


class _Again:
    """Runs trials again in threads, and compares each."""

    def __init__(self, origins: Origins, progress: Callable[[Progress], None] | None) -> None:
        self._origins, self._progress, self._stop = origins, progress, Stop()
        self._work, self._lock = Work(origins.catalogue, self._stop, diagnostics=False), threading.Lock()

    def run(self, drawn: list[tuple[Place, Stored]], threads: int) -> tuple[list[Checked], list[tuple[Place, str]]]:
        ready, unable = list[tuple[Place, Stored, Trial]](), list[tuple[Place, str]]()
        for place, one in drawn:
            try:
                ready.append((place, one, self._origins.trial(place, one)))
            except OptlabError as error:
                unable.append((place, str(error)))
        checked: list[Checked] = []
        begin = time.perf_counter()
        with single_threaded(), interruptible(self._stop), ThreadPoolExecutor(threads) as pool:
            for result in pool.map(lambda job: self._one(*job), ready):
                if result is not None:
                    checked.append(result)
                self._tell(len(checked), len(ready), sum(bool(one.differences) for one in checked), time.perf_counter() - begin)
        if self._stop.requests:
            raise KeyboardInterrupt
        return checked, unable

    def _tell(self, done: int, total: int, different: int, elapsed: float) -> None:
        if self._progress is None:
            return
        rate = done / max(elapsed, 1e-9)
        message = f"{different} differ" if different else ""
        self._progress(Progress(done, total, "verify", rate, (total - done) / rate if done else None, 0, 0, "", 0.0, message))

    def _one(self, place: Place, one: Stored, trial: Trial) -> Checked | None:
        if self._stop.requests:
            return None
        now = self._record(place, trial)
        if now is None:
            return None
        found = tuple(differences(one, now))
        if not found or self._stop.requests:
            return Checked(place, trial, found)
        if not one.sound:
            return Checked(place, trial, found, "what is stored is not what was written (its seal is broken), so the file was changed")
        twice = self._record(place, trial)
        if twice is None or curves.digest(twice.curves) != curves.digest(now.curves):
            return Checked(place, trial, found, "run twice here it differs from itself, so something in it is not determined by its seed")
        return Checked(place, trial, found, causes.sentence(one.environment, environment.describe()))

    def _record(self, place: Place, trial: Trial) -> Record | None:
        with self._lock:
            dataset = self._origins.dataset(place, trial)
        settings = dataclasses.replace(trial.settings, time_limit=0.0)  # a trial that ended before its limit
        unlimited = dataclasses.replace(trial, cell=dataclasses.replace(trial.cell, settings=settings))
        (record,) = self._work([unlimited], lambda _: dataset)
        return record


def differences(one: Stored, now: Record) -> list[Difference]:
    """Every quantity in which a rerun departs from what is stored; -0.0 and 0.0 are the same, nothing else is."""
    numbers = dict(zip(FINALS, now.finals(), strict=True)) | {
        name: getattr(now, name) for name in stored.NUMBERS if name not in FINALS
    }  # fmt: skip
    may_lack = stored.NUMBERS[-5:]
    found = [
        Difference(name, one.numbers[name], numbers[name])
        for name in stored.NUMBERS
        if one.numbers[name] != numbers[name] and not (name in may_lack and one.numbers[name] is None)
    ]
    digest, block = one.curve
    kept = curves.unpack(block)
    with np.errstate(over="ignore"):
        again = curves.unpack(curves.pack(now.curves))
    if curves.digest(now.curves) != digest or not _same(kept, again):
        found.append(Difference("curves", digest.hex(), _where(kept, again)))
    return found


def _same(a: Any, b: Any) -> bool:
    columns = [k for k, name in enumerate(curves.COLUMNS) if name != "seconds"]
    return a.shape == b.shape and np.array_equal(a[:, columns], b[:, columns], equal_nan=True)


def _where(kept: Any, again: Any) -> str:
    """Where two curves part, as far as what the store keeps of them says."""
    for row, (before, now) in enumerate(zip(kept, again, strict=False)):
        if not _same(before[None], now[None]):
            return f"the curves part at epoch {kept[row, curves.COLUMNS.index('epoch')]:.0f}"
    if len(kept) != len(again):
        return f"the curves have {len(kept)} rows stored, {len(again)} now"
    return "the curves differ beyond the seven digits that the store keeps of them"
