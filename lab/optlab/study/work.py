"""What running one trial means, wherever it runs: from a trial and its data to a record. Whatever goes wrong becomes its sentence."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from optlab.errors import OptlabError
from optlab.execution import Executor
from optlab.prepared import wire
from optlab.registry import Catalogue
from optlab.streams import Streams
from optlab.study import extras
from optlab.study.curves import COLUMNS
from optlab.study.finished import Record
from optlab.study.stop import Stop
from optlab.study.trial import FIRST_CONFIRMATION, Trial

if TYPE_CHECKING:
    from optlab.data import Dataset
    from optlab.outcome import Outcome
    from optlab.study.progress import Meter

Keep = Callable[[list[Record], Mapping[str, str]], None]
"""Stores finished trials with the environment they ran in (`optlab.study.environment`); on return they are on disk."""

Data = Callable[[Trial], "Dataset"]
"""The data that a trial runs on. Raises OptlabError where they cannot be prepared."""


class Backend(Protocol):
    """Runs trials: on threads, in processes, on other machines."""

    compiles: bool
    """Whether it helps it that the caller compiles each formula first: where its workers share the caller's cache folder."""

    @property
    def size(self) -> int:
        """How many trials run at a time."""

    def run(self, todo: Iterator[Trial], keep: Keep, meter: Meter) -> None:
        """Run trials, hand them to `keep` as they finish; on return all of them are kept, or a stop was asked for.

        Raises:
            OptlabError: no worker can go on.
        """


class Work:
    """Runs trials in any thread; what was prepared for one serves the next.

    Args:
        stop: asked once, no further trial begins; asked twice, running ones are given up.
        diagnostics: look at each network at the end.
    """

    def __init__(self, catalogue: Catalogue, stop: Stop, diagnostics: bool) -> None:
        self._catalogue, self._stop, self._diagnostics = catalogue, stop, diagnostics
        self._execute = Executor(catalogue, stop.flag)

    def compile(self, trial: Trial, data: Data) -> None:
        """Compile what the trial's formulas need, or load it from the cache; a fault is left for the trial itself to report."""
        try:
            settings = trial.settings
            wire(settings, data(trial), self._catalogue)
            rule = self._catalogue.optimizer(settings.optimizer)
            for part, values in zip(rule.parts, rule.part_values(rule.values(dict(settings.hyper))), strict=True):
                part.compiled(settings.dtype, part.options(values))
        except Exception:
            return

    def __call__(self, trials: Sequence[Trial], data: Data) -> list[Record | None]:
        """The record of each trial; None for those that were given up. Neighbours that share a network and data run together."""
        found: list[Record | None] = []
        for _, alike in itertools.groupby(trials, lambda trial: (trial.data, trial.replicate >= FIRST_CONFIRMATION)):
            group = list(alike)
            found += [None] * len(group) if self._stop.requests else self._alike(group, data)
        return found

    def _alike(self, trials: list[Trial], data: Data) -> list[Record | None]:
        """Trials on the same data, in one phase."""
        claimed = trials[0].replicate >= FIRST_CONFIRMATION
        try:
            dataset = data(trials[0])
            # The area under the ROC curve costs up to 5 % of a trial of 3 ms: for the replicates that claims are made from.
            asked = [(trial.settings, Streams(trial.seed, trial.replicate)) for trial in trials]
            outcomes = self._execute(asked, dataset, self._diagnostics, claimed)
        except BaseException as error:  # a plugin that calls sys.exit() ends its trial, not the worker
            return [failed(trial, _sentence(error)) for trial in trials]
        return [self._record(trial, outcome, dataset) for trial, outcome in zip(trials, outcomes, strict=True)]

    def _record(self, trial: Trial, outcome: Outcome | BaseException, dataset: Dataset) -> Record | None:
        if isinstance(outcome, BaseException):
            return failed(trial, _sentence(outcome))
        if outcome.status == "stopped" and self._stop.flag[0]:
            return None
        numbers = outcome.steps, outcome.epochs, outcome.seconds, outcome.flops
        return Record(
            trial, outcome.status, outcome.sentence, outcome.metric, *numbers, outcome.curves, extras.number(outcome.roc_auc),
            extras.confusion_text(outcome.confusion, dataset.classes), outcome.bad_epoch, outcome.bad_step, outcome.bad_layer,
            extras.diagnosis_text(outcome.diagnosis) if self._diagnostics else None,
        )  # fmt: skip


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, OptlabError) else f"{type(error).__name__}: {error}"


def failed(trial: Trial, sentence: str) -> Record:
    """The record of a trial that has no outcome: it is tried again when the study is run again."""
    metric = "accuracy" if trial.cell.task == "classification" else "r2"
    return Record(trial, "error", " ".join(sentence.split()), metric, 0, 0, 0.0, 0.0, np.empty((0, len(COLUMNS))))


def title(trial: Trial) -> str:
    """A trial in a sentence: ``adam on digits (lr = 0.1, replicate 3)``."""
    settings = trial.settings
    lr = dict(settings.hyper).get("lr")
    rate = f"lr = {lr:g}, " if lr is not None else ""
    return f"{trial.contender} on {trial.problem} ({rate}replicate {trial.replicate % FIRST_CONFIRMATION})"
