"""One process writes a store; a second one is told which, and may read."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from optlab.errors import OptlabError
from optlab.study import backends, hold
from optlab.study.store import Store
from tests.study.support import TINY, tiny

HOLDS = """
import sys, time
from pathlib import Path
from optlab.study.hold import held

with held(Path(sys.argv[1]), "a run of somebody's study"):
    print("held", flush=True)
    time.sleep(60)
"""

FIRST = """
import sys, time
from optlab.study.spec import Study

def slow(progress):
    print(progress.done, flush=True)
    if progress.done > 2:
        time.sleep(60)

Study(**{keys!r}).run(sys.argv[1], workers=1, progress=slow)
"""


def child(code: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_the_second_is_told_who_holds_it_and_a_kill_frees_it(tmp_path: Path) -> None:
    first = child(HOLDS, tmp_path / "lab.db")
    try:
        assert said(first) == "held"
        with pytest.raises(OptlabError) as caught, hold.held(tmp_path / "lab.db", "another"):
            pytest.fail("two held it")
        sentence = str(caught.value)
        assert f"in use by a run of somebody's study (process {first.pid} on " in sentence and "optlab report" in sentence
        assert time.strftime("since %Y-%m-%d") in sentence and "\n" not in sentence
        (tmp_path / "other name.db").symlink_to(tmp_path / "lab.db")
        seen = hold.holder(tmp_path / "other name.db")
        assert seen is not None and seen.pid == first.pid
    finally:
        ended(first)
    assert hold.holder(tmp_path / "lab.db") is None  # though its note is still there
    with hold.held(tmp_path / "lab.db", "another"):
        mine = hold.holder(tmp_path / "lab.db")
        assert mine is not None and (mine.what, mine.pid) == ("another", os.getpid())
    assert hold.holder(tmp_path / "lab.db") is None


@pytest.mark.parametrize("asked", [{"dask": "tcp://127.0.0.1:1"}, {"processes": True}, {}])
def test_a_run_that_is_refused_hires_nobody_first(asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "hired", lambda *_: pytest.fail("it hired workers"))
    Store(tmp_path / "lab.db").close()
    with hold.held(tmp_path / "lab.db", "somebody's work"), pytest.raises(OptlabError, match="in use by somebody's work"):
        tiny().run(tmp_path / "lab.db", **asked)


def test_nobody_holds_what_is_not_there_and_asking_makes_no_file(tmp_path: Path) -> None:
    assert hold.holder(tmp_path / "lab.db") is None and not list(tmp_path.iterdir())


def test_a_place_for_no_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptlabError, match="cannot be locked"), hold.held(tmp_path / "file" / "lab.db", "a run"):
        pytest.fail("held")


def test_two_runs_never_run_a_trial_both_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    first = child(FIRST.format(keys={**TINY, "epochs": 300}), path)
    try:
        while int(said(first)) <= 2:
            pass
        with pytest.raises(OptlabError, match=rf"in use by a run of study \(process {first.pid} on"):
            tiny().run(path)
        with Store(path, create=False) as reader:
            assert len(reader.frame("study")) == len(reader.finished()) > 2
    finally:
        ended(first)
    study = tiny(epochs=300)
    assert study.run(path).complete
    with Store(path, create=False) as store:
        assert len(store.frame("study")) == 20 and store.frame("study")["digest"].is_unique


def test_the_second_command_ends_with_a_sentence(tmp_path: Path, optlab, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text('problem = "iris"\noptimizer = "gd"\nlayers = [4]\nepochs = 2\nlr = 0.1\nseeds = 1\nconfirm = 0\n')
    with hold.held(tmp_path / "lab.db", "a run of theirs"):
        code, _, err = optlab("run", "study.toml", "--store", "lab.db")
    assert code == 2 and err.strip().splitlines()[-1].startswith("optlab: the store lab.db is in use by a run of theirs (process ")
