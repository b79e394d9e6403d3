"""The stages of a study, each decided by what the ones before it found: rungs of a halving, tuning, growing grids, confirmation.

Every decision is a function of stored outcomes, so a study that was stopped goes through the same stages again, to the same trials.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optlab.evidence.looks import LOOKS
from optlab.study import extend
from optlab.study.cells import Dimension, Extensions, name_of, value_at
from optlab.study.record import design
from optlab.study.results import chosen_cells, evidence_of, read_curves
from optlab.study.spec import Study
from optlab.study.store import Store
from optlab.study.trial import CONFIRMATION, HALVING, TUNING, Cell, Trial

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str]


@dataclass(frozen=True)
class Stage:
    """Trials that can run together. `label` says to people which they are; `trials` gives them, the same each time it is called."""

    label: str
    trials: Callable[[], Iterator[Trial]]


class Plan:
    """Walks through the stages of a study; afterwards it tells what was decided on the way.

    until_decided: confirm with `looks.LOOKS` replicates in turn, and stop when the claims are decided.
    """

    def __init__(self, study: Study, until_decided: bool = False) -> None:
        self._study, self._until_decided = study, until_decided
        self._alive: dict[Key, set[str]] | None = None
        self.extensions: dict[Key, dict[Dimension, tuple[Any, ...]]] = {}
        self.stopped: list[dict[str, Any]] = []
        self.grown: list[extend.Growth] = []
        self.ended: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """What was decided, for the study's record."""
        found: dict[str, Any] = {}
        if self._study.spec.halving is not None:
            found["stopped"] = self.stopped
        if self._study.spec.extend:
            found["extended"] = [dataclasses.asdict(one) for one in self.grown]
        if self._until_decided:
            found["looks"] = self.ended or {"planned": list(LOOKS), "ended": 0, "replicates": 0, "decided": False}
        return found

    def stages(self, store: Store) -> Iterator[Stage]:
        """The stages in turn. Ask for the next one when the trials of the last are all stored."""
        study, spec = self._study, self._study.spec
        for epochs in spec.halving.epochs if spec.halving is not None else ():
            yield Stage(f"halving at {epochs} epochs", lambda epochs=epochs: self._rung(epochs))  # type: ignore[misc]
            self._drop(store.frame(study.name), epochs)
        yield Stage(TUNING, self._tuning)
        for number in range(1, extend.ROUNDS + 1 if spec.extend else 1):
            before, self.extensions, new = self.extensions, *self._grow(store, number)
            if not new:
                break
            self.grown += new
            yield Stage(f"extension {number}", lambda before=before: self._beyond(before))  # type: ignore[misc]
        yield from self._confirmation(store)

    def _tuning(self) -> Iterator[Trial]:
        for trial in self._study.trials(TUNING):
            if self._lives(trial.cell):
                yield trial

    def _lives(self, cell: Cell) -> bool:
        """Whether no rung has stopped it."""
        return self._alive is None or cell.id in self._alive.get((cell.problem, cell.contender), ())

    # -- halving --------------------------------------------------------------------------------------------------------

    def _rung(self, epochs: int) -> Iterator[Trial]:
        """The tuning trials of all cells that are left, with fewer epochs: trials of their own, under digests of their own."""
        for cell in self._left():
            short = self._shortened(cell, epochs)
            for replicate in range(self._study.spec.seeds):
                data = self._study.datasets.digest(cell.problem, replicate)
                yield Trial(short, self._study.spec.seed, replicate, HALVING, data)

    def _left(self) -> Iterator[Cell]:
        return filter(self._lives, self._study.cells())

    @staticmethod
    def _shortened(cell: Cell, epochs: int) -> Cell:
        return dataclasses.replace(cell, settings=dataclasses.replace(cell.settings, epochs=epochs))

    def _drop(self, frame: pd.DataFrame, epochs: int) -> None:
        from optlab.evidence import select

        halving, alive = self._study.spec.halving, dict[Key, set[str]]()
        assert halving is not None
        rung = frame[frame["phase"].eq(HALVING) & frame["epochs_asked"].eq(epochs)].assign(phase=TUNING)
        table = select.cells(rung, by=self._study.spec.select)
        order = table.sort_values(["eligible", "median", "median_cost", "cell"], ascending=[False, False, True, True], na_position="last")
        kept = {
            (str(problem), str(label)): set(own["cell"].head(max(1, math.ceil(halving.keep * len(own)))))
            for (problem, label), own in order.groupby(["problem", "contender"], sort=False)
        }
        contenders = {one.label: one for one in self._study.contenders}
        for cell in self._left():
            key = cell.problem, cell.contender
            if self._shortened(cell, epochs).id in kept.get(key, ()):
                alive.setdefault(key, set()).add(cell.id)
                continue
            values = ", ".join(f"{name_of(one)} = {value_at(cell.settings, one)}" for one in contenders[cell.contender].dimensions())
            self.stopped.append({"problem": key[0], "contender": key[1], "cell": cell.id, "epochs": epochs, "settings": values})
        self._alive = alive

    # -- growing grids --------------------------------------------------------------------------------------------------

    def _grow(self, store: Store, number: int) -> tuple[dict[Key, dict[Dimension, tuple[Any, ...]]], list[extend.Growth]]:
        names = chosen_cells(store.frame(self._study.name), self._study.spec.select)
        cells = self._study.cells(self.extensions)
        chosen = {key: cell for cell in cells if names.get(key := (cell.problem, cell.contender)) == cell.id}
        return extend.grow(self._study, chosen, self.extensions, number)

    def _beyond(self, before: Extensions) -> Iterator[Trial]:
        touched = {key for key, axes in self.extensions.items() if axes != before.get(key)}
        old = {(cell.problem, cell.contender, cell.id) for cell in self._study.cells(before) if (cell.problem, cell.contender) in touched}
        for trial in self._study.trials(TUNING, extensions=self.extensions):
            cell = trial.cell
            if (cell.problem, cell.contender) in touched and (cell.problem, cell.contender, cell.id) not in old:
                yield trial

    # -- confirmation ---------------------------------------------------------------------------------------------------

    def _confirmation(self, store: Store) -> Iterator[Stage]:
        study, done = self._study, 0
        sizes = LOOKS if self._until_decided else (study.spec.confirm,) if study.spec.confirm else ()
        chosen = chosen_cells(store.frame(study.name), study.spec.select) if sizes else {}
        for look, size in enumerate(sizes, start=1):
            fresh = range(done, size)
            yield Stage(
                CONFIRMATION if look == 1 else f"confirmation {done} to {size}",
                lambda fresh=fresh: study.trials(CONFIRMATION, chosen, replicates=fresh, extensions=self.extensions),  # type: ignore[misc]
            )
            done = size
            if self._until_decided and self._decided(store, look, size):
                return

    def _decided(self, store: Store, look: int, size: int) -> bool:
        from optlab.evidence import looks

        frame, known = store.frame(self._study.name), design(self._study, LOOKS)
        found = evidence_of(known, frame, read_curves(store, frame, known["select"]))
        decided = looks.decided(found.claims)
        self.ended = {"planned": list(LOOKS), "ended": look, "replicates": size, "decided": decided}
        return decided
