"""Where trials that came by mail are run: the plugins of a study as they are on this machine, and what the trials before have prepared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError
from optlab.study.finished import Record
from optlab.study.recent import Recent
from optlab.study.shipment import Inspector, Shipment
from optlab.study.stop import Stop
from optlab.study.trial import Cell, Trial
from optlab.study.work import Work, failed

if TYPE_CHECKING:
    from optlab.data import Dataset

MOST_CELLS = 2000

_FIELDS = [field.name for field in dataclasses.fields(Record) if field.name != "trial"]


class Bench:
    """A study's plugins, checked.

    Raises:
        OptlabError: something that the study uses is missing here or is another one.
    """

    def __init__(self, shipment: Shipment, stop: Stop) -> None:
        catalogue = shipment.unpack()
        self._work, self._inspector, self._stop = Work(catalogue, stop, shipment.diagnostics), Inspector(catalogue), stop
        self._cells = Recent(MOST_CELLS)
        self._compiled: set[tuple[Any, ...]] = set()

    def prepare(self, trial: Trial, dataset: Dataset) -> Trial:
        """The trial, ready to be run: what it needs is compiled or loaded from the cache.

        It is made of the very cell that came before, where it did: neighbours are told by identity (`optlab.identity`).

        Raises:
            OptlabError: one of its plugins is another one here.
        """
        cell: Cell = self._cells.use(trial.cell.id, trial.cell)
        ready = trial if cell is trial.cell else Trial(cell, trial.seed, trial.replicate, trial.phase, trial.data)
        what = trial.settings.dtype, trial.cell.plugins
        if what not in self._compiled and not self._stop.requests:
            self._inspector.check(cell)
            self._work.compile(ready, lambda _: dataset)
            self._compiled.add(what)
        return ready

    def run(
        self, trials: Sequence[Trial], datasets: Mapping[str, Dataset], begin: Callable[[], object] | None = None
    ) -> list[Record | None]:
        """The record of each trial, None for those that were given up; whatever is wrong with one becomes its sentence.

        Neighbours that can share a call of the kernel do. datasets: by their digest. begin: called when all is compiled.
        """
        found: dict[int, Record | None] = {}
        ready: dict[int, Trial] = {}
        for place, trial in enumerate(trials):
            try:
                ready[place] = self.prepare(trial, datasets[trial.data])
            except OptlabError as error:
                found[place] = failed(trial, str(error))
        if begin is not None:
            begin()
        found |= zip(ready, self._work(list(ready.values()), lambda trial: datasets[trial.data]), strict=True)
        return [found[place] for place in range(len(trials))]


def packed(record: Record | None) -> list[Any] | None:
    """A record without its trial, which who gave it out has."""
    return None if record is None else [getattr(record, name) for name in _FIELDS]


def unpacked(trial: Trial, fields: list[Any] | None) -> Record | None:
    """The record again."""
    return None if fields is None else Record(trial, *fields)
