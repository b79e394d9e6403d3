"""Running a study: workers of one kind or another, one writer, nothing run twice.

A finished trial is committed before it is counted, and no trial depends on another one or on the order of running, so a run that is
stopped or killed at any moment is gone on with by running it again, to the same numbers bit for bit.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from optlab.blas import single_threaded
from optlab.identity import ByIdentity
from optlab.jit import Compilation
from optlab.study import backends, baselines, record
from optlab.study.hold import held, refuse_held
from optlab.study.plan import Plan
from optlab.study.progress import Meter, Progress, expected_cost
from optlab.study.results import Results
from optlab.study.spec import Study
from optlab.study.stop import Stop, interruptible
from optlab.study.store import Record, Store
from optlab.study.trial import Trial
from optlab.study.work import Backend, Work
from optlab.study.workload import Workload


def run_study(
    study: Study,
    store: Store | str | Path,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Stop | None = None,
    order: Callable[[list[Trial]], Iterable[Trial]] | None = None,
    until_decided: bool = False,
    trial_limit: float | None = None,
    processes: bool = False,
    dask: str | None = None,
) -> Results:
    """Run the trials that the store lacks, stage by stage: tuning, choice of cells, confirmation of the chosen ones (`optlab.study.plan`).

    store: open, or a path; a file is made only after the study, its data and its workers were found sound. workers: threads, or
    processes, by default one per core. progress: called from this thread about ten times a second. stop: ends the run early; in the main
    thread Ctrl-C and SIGTERM do so too. order: changes the order of running (it changes no result). until_decided: confirm with 10, 20,
    40, 80 replicates in turn, and stop when the claims are decided. trial_limit, processes, dask: see `optlab.study.backends`.

    Returns the results so far; `Results.complete` says whether that is all.

    Raises:
        OptlabError: the data cannot be prepared, no worker can run the trials, or the store cannot be written,
            which another process may be writing.
    """
    refuse_held(store.path if isinstance(store, Store) else Path(store))  # before workers are hired; `held` below is what counts
    stop = stop or Stop()
    for problem in study.problems:
        study.datasets.get(problem, 0)
    prices, compiled = Prices(study), Compilation.seconds
    wanted = backends.Wanted(workers, trial_limit, processes, dask)
    hired = backends.hired(study, wanted, stop, prices, Meter("workers", 0, 0, Workload(), progress, compiled))
    with (
        single_threaded(),
        interruptible(stop),
        hired as backend,
        nullcontext(store) if isinstance(store, Store) else Store(store) as opened,
        held(opened.path, f"a run of {study.name}"),
    ):
        begin = time.perf_counter()
        former = opened.study(study.name) if study.name in opened.studies() else {}
        phases = _Phases(study, opened, backend, prices, progress, stop, order, compiled)
        plan, complete = Plan(study, until_decided), True
        describe = functools.partial(record.describe, study, until_decided)
        for place, stage in enumerate(plan.stages(opened)):
            if place == 0:
                opened.record_study(study.name, describe(), phases.planned(stage.trials()))
            else:
                opened.add_trials(study.name, phases.planned(stage.trials()))
            complete = phases.run(stage.label, stage.trials)
            if not complete:
                break
        spent = {"wall_seconds": time.perf_counter() - begin, "compile_seconds": Compilation.seconds - compiled, "workers": backend.size}
        if not phases.ran:  # the record keeps what the outcomes took, not what finding them took
            spent |= {key: former[key] for key in spent if key in former}
        simple = baselines.of(study, former, compute=complete and not stop.requests)
        opened.annotate(study.name, describe(**plan.told(), **spent, **simple, complete=complete))
        return Results(opened.path, study.name, study)


class Prices:
    """What a trial of a study is expected to cost (`progress.expected_cost`)."""

    def __init__(self, study: Study) -> None:
        self._rows = {name: _rows(study, name) for name in study.problems}
        self._known = ByIdentity(self._expected)

    def __call__(self, trial: Trial) -> float:
        settings = trial.settings
        return self._known(trial.problem, trial.cell.sizes, settings.batch_size, settings.epochs, settings.evaluate_every)

    def _expected(self, problem: str, sizes: tuple[int, ...], batch_size: Any, epochs: int, evaluate_every: int) -> float:
        return expected_cost(sizes, batch_size, epochs, evaluate_every, *self._rows[problem])


def _rows(study: Study, problem: str) -> tuple[int, int]:
    """(rows trained on, rows evaluated)."""
    data = study.datasets.get(problem, 0)
    return len(data.train), sum(len(part) for part in (data.train, data.validation, data.test) if part is not None)


class _Phases:
    """Plans a phase while its trials are entered into the store, then runs what is missing."""

    def __init__(
        self,
        study: Study,
        store: Store,
        backend: Backend,
        prices: Prices,
        progress: Callable[[Progress], None] | None,
        stop: Stop,
        order: Callable[[list[Trial]], Iterable[Trial]] | None,
        compiled: float,
    ) -> None:
        self._study, self._store, self._progress, self._stop, self._order = study, store, progress, stop, order
        self._compiled = compiled
        self._finished = store.finished(diagnosed=study.spec.diagnostics)
        self._backend, self._cost = backend, prices
        self._work = Work(study.catalogue, stop, study.spec.diagnostics)
        self.ran = 0

    def planned(self, trials: Iterator[Trial]) -> Iterator[Trial]:
        """Pass trials on, taking note of what is missing. Two contenders may share a trial: it is run and counted once."""
        self._missing: set[str] = set()
        self._models: dict[tuple[Any, ...], Trial] = {}
        self._found, self._left = set[str](), Workload()
        for trial in trials:
            if trial.digest in self._finished:
                self._found.add(trial.digest)
            elif trial.digest not in self._missing:
                self._missing.add(trial.digest)
                self._left.add(trial, self._cost(trial))
                self._models.setdefault((trial.settings.dtype, trial.cell.plugins), trial)
            yield trial

    def run(self, phase: str, trials: Callable[[], Iterator[Trial]]) -> bool:
        """Run what is missing; return whether all of it is stored now."""
        found = len(self._found)
        meter = Meter(phase, found + len(self._missing), found, self._left, self._progress, self._compiled)
        self._compile(meter)
        meter.report(force=True)
        todo: Iterable[Trial] = self._unrun(trials()) if self._missing else ()
        if self._order is not None:
            todo = self._order(list(todo))
        self._backend.run(iter(todo), lambda records, where: self._keep(records, where, meter), meter)
        meter.report(force=True)
        return not self._missing

    def _unrun(self, trials: Iterator[Trial]) -> Iterator[Trial]:
        # A second pass over the same generator: holding a million trials would take gigabytes.
        submitted: set[str] = set()
        for trial in trials:
            if trial.digest in self._missing and trial.digest not in submitted:
                submitted.add(trial.digest)
                yield trial

    def _compile(self, meter: Meter) -> None:
        """Compile each formula once before the clock of the phase matters."""
        for trial in self._models.values() if self._backend.compiles else ():
            if self._stop.requests:
                return
            meter.message = f"compiling {trial.settings.optimizer}"
            meter.report()
            self._work.compile(trial, lambda trial: self._study.datasets.get(trial.problem, trial.replicate))
        meter.message = ""

    def _keep(self, records: list[Record], where: Mapping[str, str], meter: Meter) -> None:
        self._store.save(records, where)
        self.ran += len(records)
        for one in records:
            self._missing.discard(one.trial.digest)
            self._finished.add(one.trial.digest)
            meter.count(one, self._cost(one.trial))
