"""Trials that came by mail share calls of the kernel as those of threads do, and nothing else."""

from typing import Any

import numpy as np
import pytest

from optlab import execution, loop
from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.study.bench import Bench
from optlab.study.shipment import Shipment
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Data
from tests.study.support import tiny


def given(**changes: Any) -> tuple[Bench, Stop, list[Trial], dict[str, Any]]:
    study, stop = tiny(**changes), Stop()
    trials = list(study.trials())
    return Bench(Shipment.of(study), stop), stop, trials, {one.data: study.datasets.get(one.problem, one.replicate) for one in trials}


def test_neighbours_share_a_call_and_have_the_numbers_they_have_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, _, trials, datasets = given()
    shared, original = list[int](), loop.run

    def run(kernel: Any, model: Any, jobs: Any, **rest: Any) -> Any:
        shared.append(len(jobs))
        return original(kernel, model, jobs, **rest)

    began: list[int] = []
    monkeypatch.setattr(execution.loop, "run", run)
    with single_threaded():
        together = bench.run(trials, datasets, lambda: began.append(len(shared)))
        assert began == [0] and sum(shared) == len(trials) == 16 and shared == [8, 8]
        alone = [bench.run([trial], datasets)[0] for trial in trials]
    for one, other, trial in zip(together, alone, trials, strict=True):
        assert one is not None and other is not None and one.trial.digest == other.trial.digest == trial.digest
        assert one.status == other.status and np.array_equal(one.curves[:, 3:], other.curves[:, 3:], equal_nan=True)


def test_what_is_another_one_here_breaks_its_trials_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, _, trials, datasets = given()
    prepare = bench.prepare

    def refusing(trial: Trial, data: Data) -> Trial:
        if trial.contender == "gd":
            raise OptlabError("the optimizer of gd is another one on this worker")
        return prepare(trial, data)  # type: ignore[arg-type]

    monkeypatch.setattr(bench, "prepare", refusing)
    found = bench.run(trials, datasets)
    assert [one is not None and one.status == "error" for one in found] == [trial.contender == "gd" for trial in trials]


def test_after_a_wish_to_stop_no_trial_begins() -> None:
    bench, stop, trials, datasets = given()
    stop.ask()
    assert bench.run(trials, datasets) == [None] * len(trials)
