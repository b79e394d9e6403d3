"""A study is rebuilt from the record beside its report alone, without code from it, and its numbers are held against the recorded ones."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.plugin import Positive, optimizer
from optlab.study import replay
from optlab.study.spec import Study
from optlab.study.store import Store
from tests.study.support import MINE, plugin_file, tiny

STUDY = 'problem = "iris"\noptimizer = ["gd"]\nlayers = [4]\nepochs = 3\nlr = [0.03, 0.3]\nseeds = 2\nconfirm = 2\nbaselines = false\n'
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that used a plugin file, its store and the record of its report."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "small.toml").write_text(STUDY)
    plugin_file(folder)
    results = Study.load(folder / "small.toml", ["optimizer+=mine"], [folder / "mine.py"]).run(folder / "lab.db")
    replay.write(results, folder / "theirs")
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts}


def exact(path: Path | str) -> Any:
    with Store(path, create=False) as store:
        return store.exact()


def test_a_report_is_enough_to_run_its_study_again(optlab: Command, here: Path) -> None:
    (here / "small.toml").rename(here / "gone.toml")
    words = ["--plugin", "mine.py", "--store", "again.db", "--out", "ours", "-q"]
    code, out, err = optlab("run", "--replay", "theirs", *words)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"replay: all \d+ recorded trials came out the same, bit for bit", out.splitlines()[-1])
    assert exact("again.db") == exact("lab.db")
    first, second = (json.loads((here / folder / "record.json").read_text()) for folder in ("theirs", "ours"))
    assert first["outcomes"] == second["outcomes"]
    pages = [replay.load(here / name).study([here / "mine.py"]) for name in ("ours", "ours/index.html", "ours/record.json")]
    assert len({tuple(trial.digest for trial in study.trials()) for study in pages}) == 1

    about = json.loads((here / "ours/record.json").read_text())
    about["outcomes"][0]["numbers"] = "0" * 32
    about["environments"][0]["cpu"] = "Abacus"
    (here / "ours/record.json").write_text(json.dumps(about))
    code, out, _ = optlab("run", "--replay", "ours/record.json", *words)
    assert code == 1
    assert "the numbers are not the recorded ones (gd on iris: the same trials came out otherwise)" in out
    assert "CPU Abacus there" in out


def test_until_decided_is_repeated_too(here: Path) -> None:
    replay.write(Study.load("small.toml", ["lr=0.3"]).run("decided.db", until_decided=True), here / "decided")
    recorded = replay.load("decided")
    results = recorded.study().run("again.db", until_decided=recorded.until_decided)
    assert recorded.until_decided and recorded.agreement(results)
    assert exact("again.db") == exact("decided.db")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("run --replay theirs", "used the plugin file mine.py"),
        ("run --replay theirs --plugin other/mine.py", "other/mine.py is not the recorded one"),
        ("run --replay theirs --plugin mine.py --plugin other/mine.py", "did not use the plugin file other/mine.py"),
        ("run --replay theirs --plugin none.py", "none.py cannot be read"),
        ("run small.toml --replay theirs", "drop one of the two"),
        ("run --replay theirs --set epochs=3", "drop one of the two"),
        ("run --replay theirs --until-decided", "drop one of the two"),
        ("run --replay none", "there is no record"),
        ("run --replay small.toml", "is no record of a study"),
        ("run --replay empty.json", "it does not say that it is one"),
        ("run --replay newer.json", "upgrade optlab"),
        ("run small.toml --data .", "belongs to --replay"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(optlab: Command, here: Path, words: str, sentence: str) -> None:
    (here / "other").mkdir()
    plugin_file(here / "other", MINE.replace("0.9", "0.8"))
    (here / "empty.json").write_text("{}")
    (here / "newer.json").write_text('{"optlab_record": 2}')
    before = files(here)
    code, out, err = optlab(*words.split())
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert sentence in err
    assert files(here) == before


def test_own_data_are_known_by_their_content(optlab: Command, here: Path) -> None:
    rows = [f"{a},{b},{a + b}" for a, b in np.random.default_rng(0).normal(size=(40, 2))]
    (here / "own.csv").write_text("\n".join(["a,b,y", *rows]))
    (here / "own.toml").write_text(STUDY.replace('problem = "iris"\n', "") + '[problem]\ncsv = "own.csv"\ntarget = "y"\n')
    replay.write(Study.load("own.toml").run("own.db"), here / "own")
    (here / "moved").mkdir()
    (here / "own.csv").rename(here / "moved/own.csv")
    assert "own.csv cannot be read" in optlab("run", "--replay", "own", "--store", "b.db")[2]
    recorded = replay.load("own")
    assert recorded.agreement(recorded.study(data="moved").run("b.db"))
    (here / "moved/own.csv").write_text("\n".join(["a,b,y", *rows[1:]]))
    assert "are not the recorded ones" in optlab("run", "--replay", "own", "--store", "c.db", "--data", "moved")[2]
    assert not (here / "c.db").exists()


def test_what_only_python_had_is_named(tmp_path: Path) -> None:
    @optimizer
    def session(w: Any, g: Any, *, lr: Positive = 0.1) -> Any:
        return w - lr * g

    X = np.random.default_rng(0).normal(size=(30, 2))
    study = tiny(problem=(X, X.sum(axis=1)), optimizer=["gd", session], target=None, epochs=1, confirm=0)
    replay.write(study.run(tmp_path / "lab.db"), tmp_path / "page")
    with pytest.raises(OptlabError, match="arrays given in Python and the optimizer 'session' was defined in a running Python; run the"):
        replay.load(tmp_path / "page").study()


def test_a_study_of_names_alone_is_replayed_though_it_was_written_in_python(tmp_path: Path) -> None:
    from optlab import catalogue

    study = tiny(optimizer=[catalogue()["optimizers"]["gd"], "adam"], confirm=0)
    replay.write(study.run(tmp_path / "lab.db"), tmp_path / "page")
    again: Study = replay.load(tmp_path / "page").study()
    assert [one.digest for one in again.trials()] == [one.digest for one in study.trials()]


def test_the_record_holds_no_code_and_names_no_folder_of_plugins(here: Path) -> None:
    record = json.loads((here / "theirs/record.json").read_text())["record"]
    assert [one["file"] for one in record["ingredients"]["plugins"]] == ["mine.py"]
    assert "hookimpl" not in json.dumps(record)
