"""A plugin that returns garbage, never returns or ends its process, and signals, cost no other trial anything."""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.plugin import Positive, optimizer
from optlab.study import pace, processes
from optlab.study.progress import Progress
from optlab.study.run import run_study
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.store import Store
from tests.faults.plugins import written
from tests.study.support import TINY, tiny

Exact = dict[str, tuple[Any, ...]]


def exact(path: Path) -> Exact:
    with Store(path, create=False) as store:
        return store.exact()


def one_each(folder: Path, *initializers: str, **changes: Any) -> Study:
    """A study of one trial for each initializer."""
    keys = {"optimizer": "gd", "lr": 0.1, "l2": 0.0, "seeds": 1, "confirm": 0} | changes
    return tiny(plugin=[str(written(folder))], initializer=list(initializers), **keys)


def test_processes_change_no_bit_and_a_clock_that_goes_backwards_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tiny().run(tmp_path / "threads.db", workers=2).complete
    before = itertools.count(4e9, -3600.0)
    monkeypatch.setattr(time, "time", lambda: next(before))
    assert tiny().run(tmp_path / "processes.db", workers=2, trial_limit=60).complete
    assert exact(tmp_path / "processes.db") == exact(tmp_path / "threads.db")


def test_a_trial_beyond_the_limit_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    study = one_each(tmp_path, "forever", "harmless", "glorot_uniform")
    results = study.run(tmp_path / "lab.db", workers=1, trial_limit=1.5)
    assert results.complete
    frame = results.frame().set_index("initializer")
    assert frame["status"].to_dict() == {"forever": "error", "harmless": frame["status"]["harmless"], "glorot_uniform": "done"}
    assert "after 1.5 s, the limit for a trial" in frame["sentence"]["forever"] and "--trial-limit" in frame["sentence"]["forever"]


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_a_dead_worker_costs_at_most_its_trial(tmp_path: Path) -> None:
    study = one_each(tmp_path, "deadly", "deadly_once", "harmless", "glorot_uniform")
    results = study.run(tmp_path / "lab.db", workers=1, processes=True)
    frame = results.frame()
    assert results.complete and len(frame) == 4 and frame["digest"].is_unique
    broken = frame.query("status == 'error'")
    assert set(broken["initializer"]) == {"deadly"}
    assert all("ended 2 times (SIGKILL, as the system does where memory runs out)" in one for one in broken["sentence"])
    # What was tried again, and what waited behind a dying trial, has the numbers of an undisturbed run.
    calm = one_each(tmp_path, "deadly_once", "harmless", "glorot_uniform")
    (tmp_path / "struck").touch()
    calm.run(tmp_path / "calm.db", workers=1)
    assert exact(tmp_path / "calm.db").items() <= exact(tmp_path / "lab.db").items()


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
@pytest.mark.parametrize(
    ("bad", "asked", "said"),
    [("deadly", {"processes": True}, "ended 2 times (SIGKILL"), ("forever", {"trial_limit": 1.5}, "after 1.5 s, the limit for a trial")],
)
def test_those_that_share_a_call_with_a_bad_trial_lose_nothing(
    bad: str, asked: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LONGEST", "SHORTEST"):
        monkeypatch.setattr(processes, name, 60.0)  # all but the first trials go out at once
    names, told = ["glorot_uniform", bad, "harmless"], []
    study = one_each(tmp_path, *names, lr=[0.1, 0.2])
    results = run_study(study, tmp_path / "lab.db", workers=1, progress=lambda progress: told.append(progress.message), **asked)
    frame = results.frame()
    assert results.complete and len(frame) == 6 and any("its trials are tried again one by one" in one for one in told)
    broken = frame.query("status == 'error'")
    assert list(broken["initializer"]) == [bad, bad] and broken["sentence"].str.contains(said, regex=False).all()
    one_each(tmp_path, "glorot_uniform", "harmless", lr=[0.1, 0.2]).run(tmp_path / "calm.db", workers=1)
    assert exact(tmp_path / "calm.db").items() <= exact(tmp_path / "lab.db").items()


def test_garbage_and_sys_exit_break_their_trial_alone(tmp_path: Path) -> None:
    names = ("leaving", "garbage", "greedy", "glorot_uniform")
    frame = one_each(tmp_path, *names).run(tmp_path / "lab.db", workers=2).frame().set_index("initializer")
    assert frame["status"].to_dict() == {"leaving": "error", "garbage": "error", "greedy": "error", "glorot_uniform": "done"}
    assert frame["sentence"]["leaving"] == "SystemExit: 3"
    assert "garbage returned shapes" in frame["sentence"]["garbage"]
    assert "Unable to allocate" in frame["sentence"]["greedy"]


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_is_a_time(limit: float, tmp_path: Path) -> None:
    with pytest.raises(OptlabError, match="number of seconds > 0"):
        tiny().run(tmp_path / "lab.db", trial_limit=limit)
    assert not (tmp_path / "lab.db").exists()


def test_a_plugin_of_a_session_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    @optimizer
    def mine(w, g, *, lr: Positive = 0.1):  # type: ignore[no-untyped-def]
        return w - lr * g

    with pytest.raises(OptlabError, match="the optimizer 'mine' was defined in a session.*put it into a file"):
        tiny(optimizer=["gd", mine]).run(tmp_path / "lab.db", processes=True)
    assert not (tmp_path / "lab.db").exists()


@pytest.mark.long
def test_arrays_of_a_session_are_sent(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    keys = {"problem": (rng.normal(size=(40, 3)), rng.integers(2, size=40)), "validation": 0.25, "confirm": 0}
    tiny(**keys).run(tmp_path / "threads.db")
    tiny(**keys).run(tmp_path / "processes.db", workers=1, processes=True)
    assert exact(tmp_path / "processes.db") == exact(tmp_path / "threads.db")


@pytest.mark.parametrize("processes", [False, True])
def test_asked_once_running_trials_are_saved_and_the_rest_is_gone_on_with(processes: bool, tmp_path: Path) -> None:
    slow, stop = {**TINY, "epochs": 400, "confirm": 0}, Stop()

    def ask(progress: Progress) -> None:
        if progress.done >= 1 and not stop.requests:
            stop.ask()

    results = run_study(Study(**slow), tmp_path / "lab.db", workers=1, progress=ask, stop=stop, processes=processes)
    if not results.complete:  # all may be done at once where trials are fast
        assert "error" not in set(results.frame()["status"])
    assert Study(**slow).run(tmp_path / "lab.db").complete
    Study(**slow).run(tmp_path / "calm.db")
    assert exact(tmp_path / "lab.db") == exact(tmp_path / "calm.db")


def test_asked_twice_processes_end_at_once(tmp_path: Path) -> None:
    stop = Stop()

    def ask(progress: Progress) -> None:
        if not progress.message and progress.phase == "tuning" and not stop.requests:
            stop.ask()
            stop.ask()

    study = tiny(epochs=10_000_000, evaluate_every=0, confirm=0)
    results = run_study(study, tmp_path / "lab.db", workers=2, stop=stop, progress=ask, processes=True)
    assert not results.complete and len(results.frame()) == 0


def test_a_trial_far_beyond_the_others_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LONG", 0.1)
    stop, seen = Stop(), []

    def look(progress: Progress) -> None:
        seen.append(progress.message)
        if "has run for" in progress.message:
            stop.ask()
            stop.ask()

    monkeypatch.setattr(pace, "FAR", 0.0)
    run_study(
        tiny(epochs=10_000_000, evaluate_every=0, confirm=0, optimizer="gd"), tmp_path / "lab.db", workers=1, stop=stop, progress=look
    )
    (named,) = [one for one in seen if "has run for" in one][:1]
    assert named.startswith("gd on iris (lr = 0.001, replicate 0) has run for") and "--trial-limit SECONDS would end it" in named


CLI = "from optlab.cli import main; main()"
TOML = """
problem = "iris"
optimizer = "gd"
layers = [4]
epochs = {epochs}
seeds = {seeds}
confirm = 0
initializer = "{initializer}"
baselines = false
"""


def started(folder: Path, *words: str, **keys: Any) -> subprocess.Popen[str]:
    """`optlab run` in a process of its own."""
    file = written(folder)
    (folder / "study.toml").write_text(TOML.format(**{"epochs": 20, "seeds": 1, "initializer": "forever"} | keys))
    command = [sys.executable, "-c", CLI, "run", "study.toml", "--store", "lab.db", "--plugin", str(file), *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(child: subprocess.Popen[str], text: str) -> None:
    """Read what it says until `text` is in it, and nothing is being compiled."""
    assert child.stderr is not None
    for line in child.stderr:
        if text in line and "compiling" not in line:
            time.sleep(0.5)
            return
    pytest.fail(f"it never said {text!r}")


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_the_third_control_c_ends_a_plugin_that_never_returns(tmp_path: Path) -> None:
    with started(tmp_path) as child:
        wait_for(child, "tuning 0/1")
        for _ in range(2):
            child.send_signal(signal.SIGINT)
            wait_for(child, "stopping")
        child.send_signal(signal.SIGINT)
        error = child.communicate(timeout=60)[1]
    assert child.returncode == 130
    assert error.splitlines()[-1] == "optlab: interrupted; what was finished is kept, and the same command goes on from there"


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_sigterm_saves_what_runs_and_says_how_to_go_on(tmp_path: Path) -> None:
    keys = {"initializer": "harmless", "seeds": 300, "epochs": 3000}
    with started(tmp_path, "--workers", "1", **keys) as child:
        wait_for(child, "tuning 0/300")
        deadline = time.monotonic() + 60
        while not exact(tmp_path / "lab.db") and time.monotonic() < deadline:
            time.sleep(0.1)
        child.send_signal(signal.SIGTERM)
        error = child.communicate(timeout=120)[1]
    assert child.returncode == 143
    assert "the same command goes on from there" in error.splitlines()[-1] and "Traceback" not in error
    assert 0 < len(exact(tmp_path / "lab.db")) < 300


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_twenty_dead_workers_lose_and_double_nothing(tmp_path: Path) -> None:
    study = {**TINY, "epochs": 2000, "seeds": 10, "confirm": 0}
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.done >= 4 * (len(killed) + 1) and len(killed) < 20:
            pids = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "optlab.study.worker"], capture_output=True, text=True).stdout
            for pid in pids.split()[:1]:
                killed.append(int(pid))
                os.kill(int(pid), signal.SIGKILL)

    results = Study(**study).run(tmp_path / "lab.db", workers=2, processes=True, progress=kill)
    assert results.complete and len(killed) >= 10
    Study(**study).run(tmp_path / "calm.db", workers=2)
    assert exact(tmp_path / "lab.db") == exact(tmp_path / "calm.db")
