"""A study on a file of one's own: three kinds of file give the same trials, the record names scaling and split, faults are one sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab.errors import OptlabError
from optlab.study.spec import Study
from tests.study.support import tiny

ROWS = 40
FILES = {
    "csv": {"csv": "data.csv", "target": "price"},
    "parquet": {"parquet": "data.parquet", "target": "price"},
    "npz": {"npz": "data.npz"},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    X = np.random.default_rng(0).normal(3, 5, size=(ROWS, 2)).round(3)
    y = X[:, 0] - 2 * X[:, 1] + 0.5
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "price": y})
    frame.to_csv(tmp_path / "data.csv", index=False)
    frame.to_parquet(tmp_path / "data.parquet")
    np.savez(tmp_path / "data.npz", X=X, y=y)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["parquet", "npz"])
def test_the_kind_of_file_changes_no_trial(kind: str, folder: Path) -> None:
    one, other = tiny(problem=FILES["csv"]), tiny(problem=FILES[kind])
    assert [trial.digest for trial in one.trials()] == [trial.digest for trial in other.trials()]
    assert list(one.problems) == list(other.problems) == ["data"]


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(("given", "scale"), [({}, "standard"), ({"scale": "minmax"}, "minmax"), ({"scale": 10}, "10.0")])
def test_the_record_names_rows_scaling_and_split(kind: str, given: dict[str, Any], scale: str, folder: Path) -> None:
    study = tiny(problem={**FILES[kind], **given}, validation=0.1, test=0.3, name=kind)
    protocol = dict(study.protocol().pairs())
    rows = f"{ROWS * 6 // 10} training, {ROWS // 10} validation, {ROWS * 3 // 10} test"
    assert protocol["problems"] == f"data: regression, 2 features, 1 target, rows: {rows}, scale {scale}"
    assert "validation" in protocol["splits"]
    record = study.run(folder / "lab.db").record
    assert record["data"] == [protocol["problems"]]
    assert ["splits", protocol["splits"]] in record["protocol"]


def test_a_path_is_relative_to_the_study_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "study.toml").write_text('optimizer = "gd"\n[problem]\nnpz = "data.npz"\nname = "mine"\n')
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    study = Study.from_file(folder / "study.toml")
    assert list(study.problems) == ["mine"]
    (folder / "again.toml").write_text(study.toml())
    assert [one.digest for one in Study.from_file(folder / "again.toml").trials()] == [one.digest for one in study.trials()]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ({"csv": "data.csv", "npz": "data.npz"}, "names one file, and here are csv and npz"),
        ({"npz": "data.npz", "target": "y"}, "its array y, so target means nothing"),
        ({"parquet": "data.parquet"}, 'parquet problem needs target = "COLUMN"'),
        ({"parquet": 3, "target": "price"}, "parquet = 3 is not allowed"),
        ({"npz": "data.npz", "tsk": "regression"}, "no key 'tsk' .did you mean 'task'"),
        ({"npz": "data.npz", "task": "regresion"}, "'regresion' is not allowed"),
        ({"npz": "data.npz", "epochs": 3}, r"stands below \[problem\]"),
        ({"npz": "data.npz", "scale": "standart"}, "'standart' is not allowed"),
        ({"npz": "absent.npz"}, "absent.npz cannot be read .No such file"),
        ({"target": "price"}, "needs csv = .*or parquet, or npz"),
        ({"name": "iris", "target": "y"}, "target names a column of a file"),
    ],
)
def test_a_fault_in_the_table_is_one_sentence(problem: dict[str, Any], words: str, folder: Path) -> None:
    with pytest.raises(OptlabError, match=words) as caught:
        tiny(problem=problem)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("Study: problem")
    assert not (folder / "reports").exists()
