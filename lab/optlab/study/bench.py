"""Where trials that came by mail are run: the plugins of a study as they are on this machine, and what the trials before have prepared."""

from __future__ import annotations

import dataclasses
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

    def run(self, trial: Trial, dataset: Dataset) -> Record | None:
        """The record of a trial that is ready, None if it was given up."""
        return self._work([trial], lambda _: dataset)[0]

    def do(self, trial: Trial, dataset: Dataset) -> Record | None:
        """Prepare and run a trial; whatever is wrong with it becomes its sentence."""
        try:
            return self.run(self.prepare(trial, dataset), dataset)
        except OptlabError as error:
            return failed(trial, str(error))


def packed(record: Record | None) -> list[Any] | None:
    """A record without its trial, which who gave it out has."""
    return None if record is None else [getattr(record, name) for name in _FIELDS]


def unpacked(trial: Trial, fields: list[Any] | None) -> Record | None:
    """The record again."""
    return None if fields is None else Record(trial, *fields)
