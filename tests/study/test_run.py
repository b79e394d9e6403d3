"""No trial is lost, doubled or different: for any number of threads, any order, and after a kill."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.execution import Executor
from optlab.outcome import Outcome
from optlab.prepared import Prepared, Tuned
from optlab.settings import Settings
from optlab.streams import Streams
from optlab.study import pool
from optlab.study.progress import Progress
from optlab.study.run import Stop, run_study
from optlab.study.spec import Study
from optlab.study.store import Store
from optlab.study.trial import Trial
from tests.study.support import MINE, TINY, plugin_file, tiny

Exact = dict[str, tuple[Any, ...]]


def exact(path: Path) -> Exact:
    with Store(path, create=False) as store:
        return store.exact()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Exact:
    path = tmp_path_factory.mktemp("undisturbed") / "lab.db"
    assert tiny().run(path, workers=1).complete
    return exact(path)


def test_it_runs_every_trial_once(undisturbed: Exact, tmp_path: Path) -> None:
    results = tiny().run(tmp_path / "lab.db")
    frame = results.frame()
    assert results.complete and frame["digest"].is_unique
    assert frame["phase"].value_counts().to_dict() == {"tuning": 16, "confirmation": 4}
    assert set(frame["status"]) <= {"done", "stuck", "diverged"}
    assert np.isfinite(frame["test_metric"]).all()
    assert len(undisturbed) == 20


@pytest.mark.parametrize("workers", [2, 4])
def test_threads_change_no_bit(workers: int, undisturbed: Exact, tmp_path: Path) -> None:
    tiny().run(tmp_path / "lab.db", workers=workers)
    assert exact(tmp_path / "lab.db") == undisturbed


@pytest.mark.parametrize("seed", [0, 1])
def test_order_changes_no_bit(seed: int, undisturbed: Exact, tmp_path: Path) -> None:
    def shuffled(trials: list[Trial]) -> list[Trial]:
        return random.Random(seed).sample(trials, len(trials))

    run_study(tiny(), tmp_path / "lab.db", workers=2, order=shuffled)
    assert exact(tmp_path / "lab.db") == undisturbed


def test_nothing_is_run_twice(undisturbed: Exact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny().run(tmp_path / "lab.db")
    monkeypatch.setattr(Executor, "__call__", pytest.fail)
    seen: list[Progress] = []
    assert tiny().run(tmp_path / "lab.db", progress=seen.append).complete
    assert {(one.done, one.total, one.found) for one in seen} == {(16, 16, 16), (4, 4, 4)}
    assert exact(tmp_path / "lab.db") == undisturbed


def test_one_more_learning_rate_runs_only_its_own_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(confirm=0).run(tmp_path / "lab.db")
    seen: list[float] = []

    def noting(self: Executor, trials: Sequence[tuple[Settings, Streams]], *arguments: Any) -> list[Outcome | BaseException]:
        seen.extend(dict(settings.hyper)["lr"] for settings, _ in trials)
        return execute(self, trials, *arguments)

    execute = Executor.__call__
    monkeypatch.setattr(Executor, "__call__", noting)
    tiny(confirm=0, lr=[1e-3, 1e-1, 1.0]).run(tmp_path / "lab.db")
    assert seen == [1.0] * 8


def test_a_new_contender_runs_alone_and_joins_the_study(tmp_path: Path) -> None:
    tiny(confirm=0).run(tmp_path / "lab.db")
    file = plugin_file(tmp_path, MINE)
    seen: list[Progress] = []
    results = tiny(confirm=0, optimizer=["gd", "adam", "mine"], plugin=[str(file)]).run(tmp_path / "lab.db", progress=seen.append)
    assert (seen[-1].found, seen[-1].total) == (16, 24)
    assert results.frame()["contender"].value_counts().to_dict() == {"gd": 8, "adam": 8, "mine": 8}


KILLED = """
import os, signal, sys
from optlab.study import pool, progress
from optlab.study.spec import Study

progress.INTERVAL, pool.TOGETHER = 0.0, 1  # a commit of one or two trials and a report after it, however fast they are

def kill(progress):
    if progress.phase == {phase!r} and progress.done >= {after}:
        os.kill(os.getpid(), signal.SIGKILL)  # the workers are in the middle of their trials

Study(**{keys!r}).run(sys.argv[1], workers=2, progress=kill)
"""


@pytest.mark.parametrize(("phase", "after"), [("tuning", 0), ("tuning", 1), ("tuning", 9), ("confirmation", 2)])
def test_a_killed_run_goes_on_to_the_same_bits(phase: str, after: int, tmp_path: Path) -> None:
    # At most 32 trials are given out and not stored, so a commit is never the whole of a study: the kill strikes before its end.
    keys = {**TINY, "epochs": 300, "evaluate_every": 50, "confirm": 20}
    code = KILLED.format(keys=keys, phase=phase, after=after)
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path / "killed.db")], check=False)
    assert child.returncode == -signal.SIGKILL
    left = exact(tmp_path / "killed.db")
    study = Study(**keys)
    study.run(tmp_path / "whole.db")
    whole = exact(tmp_path / "whole.db")
    assert after <= len(left) < len(whole)
    assert left.items() <= whole.items()
    assert study.run(tmp_path / "killed.db").complete
    assert exact(tmp_path / "killed.db") == whole


def test_what_is_counted_is_on_disk(tmp_path: Path) -> None:
    def check(progress: Progress) -> None:
        with Store(tmp_path / "lab.db", create=False) as reader:
            assert len(reader.finished()) >= progress.done - progress.found

    tiny().run(tmp_path / "lab.db", progress=check)


def test_control_c_saves_what_runs_and_the_next_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optlab.study.progress.INTERVAL", 0.0)  # a report after each commit, however fast the trials are
    monkeypatch.setattr(pool, "TOGETHER", 1)
    seen: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress)
        if progress.done >= 2 and not any(one.message for one in seen[:-1] if one.message.startswith("stopping")):
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    slow = {**TINY, "epochs": 300}
    results = run_study(Study(**slow), tmp_path / "lab.db", workers=1, progress=interrupt)
    assert signal.getsignal(signal.SIGINT) is before
    assert not results.complete
    assert 2 <= len(results.frame()) < 16
    assert any("Ctrl-C again" in one.message for one in seen)
    assert Study(**slow).run(tmp_path / "lab.db").complete


def test_stopping_now_gives_up_running_trials(tmp_path: Path) -> None:
    stop = Stop()
    threading.Timer(0.5, lambda: (stop.ask(), stop.ask())).start()
    study = tiny(epochs=10_000_000, evaluate_every=0, confirm=0)
    results = run_study(study, tmp_path / "lab.db", stop=stop)
    assert not results.complete and len(results.frame()) == 0


def test_a_failing_trial_keeps_its_sentence_and_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned = Prepared.tuned

    def failing(self: Prepared, settings: Settings) -> Tuned:
        if settings.optimizer == "adam" and settings.l2:
            raise MemoryError("no room\nat all") if dict(settings.hyper)["lr"] > 0.01 else OptlabError("a sentence")
        return tuned(self, settings)

    monkeypatch.setattr(Prepared, "tuned", failing)
    results = tiny(confirm=0).run(tmp_path / "lab.db")
    failed = results.frame().query("status == 'error'")
    assert results.complete and len(results.frame()) == 16
    assert sorted(set(failed["sentence"])) == ["MemoryError: no room at all", "a sentence"]
    assert len(failed) == 4
    monkeypatch.setattr(Prepared, "tuned", tuned)  # mended: they are tried again
    assert "error" not in set(tiny(confirm=0).run(tmp_path / "lab.db").frame()["status"])


def test_a_store_that_fails_ends_the_run_and_keeps_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save, calls = Store.save, []

    def full(self: Store, records: Any, about: Any) -> None:
        calls.append(len(records))
        if len(calls) > 2:
            raise OptlabError("the store failed (disk full)")
        save(self, records, about)

    monkeypatch.setattr(Store, "save", full)
    monkeypatch.setattr(pool, "TOGETHER", 1)
    with pytest.raises(OptlabError, match="disk full"):
        tiny().run(tmp_path / "lab.db")
    assert len(exact(tmp_path / "lab.db")) == sum(calls[:2])


def test_contenders_that_share_a_trial_run_it_once(tmp_path: Path) -> None:
    from optlab import variant

    study = tiny(optimizer=["gd", variant("gd", name="twin")])
    frame = study.run(tmp_path / "lab.db").frame()
    assert frame["contender"].value_counts().to_dict() == {"gd": 10, "twin": 10}
    assert frame["digest"].nunique() == 10


def test_resplit_replicates_differ_in_their_data(tmp_path: Path) -> None:
    frame = tiny(resplit=True, optimizer="adam", lr=0.1, l2=0, seeds=3, confirm=0).run(tmp_path / "lab.db").frame()
    assert frame["train_cost"].nunique() == 3


def test_progress_adds_up(tmp_path: Path) -> None:
    seen: list[Progress] = []
    tiny(lr=[1e-3, 1e-1, 1e8]).run(tmp_path / "lab.db", progress=seen.append)
    tuning = [one for one in seen if one.phase == "tuning"]
    done = [one.done for one in tuning]
    assert done == sorted(done) and (done[0], done[-1], tuning[-1].total) == (0, 24, 24)
    assert tuning[-1].eta == 0.0 and tuning[-1].rate > 0
    assert tuning[-1].best.split()[0] in ("gd", "adam")
    frame = tiny(lr=[1e-3, 1e-1, 1e8]).run(tmp_path / "lab.db").frame().query("phase == 'tuning'")
    assert tuning[-1].diverged == (frame["status"] == "diverged").sum()
    assert tuning[-1].stuck == (frame["status"] == "stuck").sum()


def test_workers_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(OptlabError, match="workers = 0"):
        tiny().run(tmp_path / "lab.db", workers=0)
    assert not (tmp_path / "lab.db").exists()


def test_memory_of_a_plan_does_not_hold_its_trials() -> None:
    trials = tiny(lr=list(np.logspace(-6, 0, 500)), seeds=50).trials()
    assert iter(trials) is trials  # a generator: 200,000 trials of this study are never all there
    assert next(trials).replicate == 0
