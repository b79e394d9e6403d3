"""Values at the edge of what is allowed: none, one, constant, as large as a float can be, long, foreign, hostile, many."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab import train
from optlab.errors import LONGEST, OptlabError
from optlab.study.spec import Study
from optlab.table import csv_problem
from tests.study.support import TINY, tiny

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
Command = Callable[..., tuple[int, str, str]]


def own(folder: Path, rows: list[str], name: str = "own.csv", **changes: Any) -> Study:
    """A study of a CSV file with the columns a, b, y."""
    (folder / name).write_text("\n".join(["a,b,y", *rows]))
    keys = {**TINY, "target": None, "confirm": 0, "lr": 0.1, "l2": 0.0, "problem": {"csv": str(folder / name), "target": "y"}}
    return Study(**keys | changes)


def test_no_epochs_evaluate_the_first_weights_alone(tmp_path: Path) -> None:
    results = tiny(epochs=0).run(tmp_path / "lab.db")
    frame = results.frame()
    assert results.complete and set(frame["steps"]) == {0} and set(results.curves()["epoch"]) == {0}
    assert results.verdict and len(results.evidence().ranked)


def test_one_row_trains_and_is_too_few_to_split(tmp_path: Path) -> None:
    outcome = train((np.ones((1, 2)), np.ones(1)), layers=(2,), epochs=2, quiet=True)
    assert outcome.status in ("done", "stuck") and np.isfinite(outcome.history["train_cost"]).all()
    with pytest.raises(OptlabError, match="own"):
        own(tmp_path, ["1,2,3.5"]).run(tmp_path / "lab.db")
    assert not (tmp_path / "lab.db").exists()


@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
def test_constant_features_and_targets_are_no_division_by_zero(scale: str, tmp_path: Path) -> None:
    frame = own(tmp_path, ["7,7,2.5"] * 20, scale=scale).run(tmp_path / "lab.db").frame()
    assert set(frame["status"]) <= {"done", "stuck"}
    assert np.isfinite(frame["train_cost"]).all()


@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
@pytest.mark.parametrize("value", ["1e308", "-1.7e308", "5e-324", "1e154"])
def test_numbers_as_large_as_a_float_can_be_end_in_a_sentence_or_in_divergence(value: str, scale: str, tmp_path: Path) -> None:
    rows = [f"{k % 3},{value if k % 2 else 1},{k / 7}" for k in range(20)]
    study = own(tmp_path, rows, scale=scale)
    if scale == "standard" and value in ("1e308", "-1.7e308"):
        with pytest.raises(OptlabError, match="divide them by something"):
            study.run(tmp_path / "lab.db")
        assert not (tmp_path / "lab.db").exists()
    else:
        assert set(study.run(tmp_path / "lab.db").frame()["status"]) <= {"done", "stuck", "diverged"}


def test_hostile_foreign_and_spaced_names_reach_the_page_as_text(optlab: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a study's name, its description, a contender, a class, a file: none of it becomes markup."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    monkeypatch.chdir(folder)
    label = HOSTILE.replace("/", "")
    data = "Zoë & Δοκιμή 'x' <b>.csv"
    rng = np.random.default_rng(0)
    rows = [f"{a},{b},{label if a > b else 'ж'}" for a, b in rng.normal(size=(60, 2)).round(3)]
    (folder / data).write_text("\n".join(["a,b,y", *rows]), encoding="utf-8")
    keys = {
        **TINY,
        "name": f"naïve {label}",
        "about": HOSTILE,
        "optimizer": ["gd", label],
        "lr": 0.1,
        "l2": 0.0,
        "confirm": 6,
        "target": None,
        "problem": None,
    }
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items() if value is not None)
    text += f"[variant.{json.dumps(label)}]\nof = 'adam'\n[problem]\ncsv = {json.dumps(data)}\ntarget = 'y'\n"
    (folder / "a study.toml").write_text(text, encoding="utf-8")
    code, out, err = optlab("run", "a study.toml", "--store", "the store.db", "--out", "the report", "-q")
    assert (code, err) == (0, "")
    page = (folder / "the report/index.html").read_text(encoding="utf-8")
    assert "&lt;img src=x" in page and "Δοκιμή" in page
    assert "<img src=x" not in page and "<script>alert" not in page and "x' <b>" not in page
    assert "optlab run 'a study.toml'" in out
    assert optlab("verify", "the store.db", "--sample", "4", "-q")[0] == 0
    assert optlab("run", "--replay", "the report", "--store", "again.db", "--out", "again", "-q")[0] == 0


def test_a_name_too_long_for_a_file_costs_one_sentence(optlab: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keys = {**TINY, "optimizer": ["gd"], "lr": 0.1, "l2": 0.0, "confirm": 0}
    for name in ("ü" * 200, "n" * 100_000):
        code, _, err = optlab("run", str(write(tmp_path, {**keys, "name": name})), "-q")
        assert (code, len(err.splitlines())) == (2, 1) and len(err) <= LONGEST + 10
        assert not (tmp_path / "reports").exists()
    code, _, err = optlab("run", "x" * 5000 + ".toml")
    assert (code, len(err.splitlines())) == (2, 1)
    code, _, err = optlab("run", "quickstart", "--store", f"{'y' * 300}.db")
    assert (code, len(err.splitlines())) == (2, 1)


def write(folder: Path, keys: dict[str, Any]) -> Path:
    (folder / "study.toml").write_text("".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in keys.items()))
    return folder / "study.toml"


def test_a_message_cannot_drive_a_terminal(optlab: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = optlab("run", "quickstart", "--set", "optimizer=\x1b[2J\x07ad\nam\ud800")
    assert code == 2
    assert len(err.splitlines()) == 1 and err.strip().isprintable() and "[2J" in err


@pytest.mark.parametrize("key", ["depth", "layers", "seeds", "confirm", "trials", "epochs"])
def test_numbers_that_no_computer_holds_are_refused_or_cost_nothing_yet(key: str) -> None:
    """A study is made without making its trials."""
    changes: dict[str, Any] = {key: 10**9}
    if key == "depth":
        changes |= {"layers": None, "width": 3}
    if key == "trials":
        changes |= {"search": "random", "lr": {"log": [1e-4, 1]}}
    if key == "layers":
        changes = {"layers": [10**6] * 3}
    keys = {name: value for name, value in {**TINY, **changes}.items() if value is not None}
    if key == "depth":
        with pytest.raises(OptlabError, match=key):
            next(Study(**keys).trials())
    else:
        assert next(Study(**keys).trials()).digest


def test_a_million_rows_are_read_split_and_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text("a,b,y\n" + "0.5,1.5,0\n2.5,0.25,1\n" * 500_000)
    problem = csv_problem(file, "y")
    X, y = problem.load(np.random.default_rng(0))
    assert X.shape == (1_000_000, 2) and y.sum() == 500_000
    study = tiny(problem={"csv": str(file), "target": "y"}, optimizer="gd", lr=0.1, l2=0.0, epochs=1, batch_size=4096, seeds=1, confirm=0)
    frame = study.run(tmp_path / "lab.db").frame()
    assert list(frame["status"]) == ["done"] and frame["validation_metric"].iloc[0] > 0.9
