"""`optlab store`: what it prints, its exit codes, and that it changes nothing that it was not asked to change."""

import dataclasses
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optlab.study.store import Store
from tests.study.support import tiny
from tests.study.test_store import ENVIRONMENT, record
from tests.study.test_store_merge import ELSEWHERE, store_of

NUMBERS = ("replicate", "lr", "seconds", "test_cost", "bad_epoch", "train_cost")
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "lab.db"
    tiny(lr=[1e-2, 1e8]).run(path)
    return path


def test_info_says_what_is_there(study: Path, optlab: Command) -> None:
    code, out, err = optlab("store", "info", str(study), "--json", "--check")
    found = json.loads(out)
    with Store(study, create=False) as store:
        frame = store.frame("study")
    assert (code, err) == (0, "")
    assert found["statuses"] == frame["status"].value_counts().to_dict() and found["trials"] == len(frame)
    assert found["studies"][0] | {"changed": ""} == {"name": "study", "trials": 18, "finished": 18, "complete": True, "changed": ""}
    assert found["bytes"] == study.stat().st_size and found["bytes_per_trial"] == round(found["bytes"] / 18)
    assert (found["faults"], found["holder"], found["alone"], found["environments"][0][0]) == ([], None, 0, 18)
    code, out, _ = optlab("store", "info", str(study))
    assert code == 0 and "18 of 18" in out and "nobody now" in out and "diverged" in out


def test_a_damaged_row_is_found_by_a_check(study: Path, optlab: Command, tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    path.write_bytes(study.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE trial SET steps = steps + 1 WHERE id = 3")
    connection.execute("DELETE FROM curve WHERE trial = 4")
    connection.commit()
    connection.close()
    assert optlab("store", "info", str(path))[0] == 0
    code, out, _ = optlab("store", "info", str(path), "--check")
    assert code == 1 and "trial: 1 not as written; trial: 1 without a learning curve" in out


def test_merge_prints_conflicts_and_ends_with_1(optlab: Command, tmp_path: Path) -> None:
    other = dataclasses.replace(record(0), steps=511)
    a, b = store_of(tmp_path / "a.db", [record(0)]), store_of(tmp_path / "b.db", [other, record(1)], ELSEWHERE)
    code, out, _ = optlab("store", "merge", str(a), str(b))
    assert code == 1
    assert "1 new trial in" in out and "steps 510 here, 511 there (cpu a processor here, another processor there" in out
    code, out, _ = optlab("store", "merge", str(a), str(b), "--json")
    assert code == 1 and json.loads(out)["conflicts"][0]["values"] == {"steps": [510, 511]}
    assert optlab("store", "merge", str(tmp_path / "c.db"), str(b))[0] == 0


def test_merge_of_what_is_not_there_makes_nothing(optlab: Command, tmp_path: Path) -> None:
    code, _, err = optlab("store", "merge", str(tmp_path / "a.db"), str(tmp_path / "b.db"))
    assert code == 2 and "there is no store" in err and not list(tmp_path.iterdir())


def test_prune_drops_what_no_study_needs_and_only_when_told(optlab: Command, tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    records = [record(k) for k in range(3)]
    alone = [dataclasses.replace(record(k), trial=dataclasses.replace(record(k).trial, seed=7)) for k in range(40)]
    with Store(path) as store:
        store.save([*records, record(3, "error", rows=0)], ENVIRONMENT)
        store.save(alone, ELSEWHERE)
        store.record_study("a study", {}, [one.trial for one in (*records, record(3))])
        before, frame = store.exact(), store.frame("a study").query("status != 'error'")
    size = path.stat().st_size
    code, out, _ = optlab("store", "prune", str(path))
    assert code == 0 and "would drop 40 trials of no study and 1 trial that ended with an error" in out and "--yes" in out
    with Store(path, create=False) as store:
        assert store.exact() == before
    code, out, _ = optlab("store", "prune", str(path), "--yes", "--json")
    found = json.loads(out)
    assert (found["alone"], found["failed"], found["before"], found["dropped"]) == (40, 1, size, True)
    assert path.stat().st_size == found["after"] < size - 20_000
    with Store(path, create=False) as store:
        assert store.exact() == {digest: before[digest] for digest in frame["digest"]}
        assert store.frame("a study").reset_index(drop=True).equals(frame.reset_index(drop=True))
        assert store.environments("a study") == [ENVIRONMENT]
    assert "would drop 0 trials" in optlab("store", "prune", str(path))[1]
    assert optlab("store", "prune", str(tmp_path / "none.db"), "--yes")[0] == 2 and not (tmp_path / "none.db").exists()


# -- tables -------------------------------------------------------------------------------------------------------------------


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        texts = pd.read_csv(path, dtype=str)  # converted by Python, which rounds correctly in every version of pandas
        return texts.apply(lambda column: column.map(float) if column.name in NUMBERS else column)
    if path.suffix == ".jsonl":
        return pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])
    return pd.read_parquet(path)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_tables_hold_every_number_exactly(form: str, study: Path, optlab: Command, tmp_path: Path) -> None:
    assert optlab("store", "export", str(study), "--to", str(tmp_path / f"trials.{form}"))[0] == 0
    assert optlab("store", "export", str(study), "--to", str(tmp_path / "both"), "--format", form)[0] == 0
    with Store(study, create=False) as store:
        frame, curves = store.frame("study"), store.curves("study")
    assert (tmp_path / f"trials.{form}").read_bytes() == (tmp_path / "both" / f"trials.{form}").read_bytes()
    trials, long = read(tmp_path / f"trials.{form}"), read(tmp_path / "both" / f"curves.{form}")
    assert list(trials) == list(frame) and list(long) == list(curves)
    for name in ("digest", "status", *NUMBERS):
        pd.testing.assert_series_equal(trials[name], frame[name], check_dtype=False, check_exact=True)
    finite = np.isfinite(curves["train_cost"].to_numpy())
    assert not finite.all()  # it diverges
    np.testing.assert_array_equal(long["train_cost"].to_numpy(dtype=float)[finite], curves["train_cost"].to_numpy()[finite])
    assert list(long["digest"]) == list(curves["digest"])
    assert sorted(one.name for one in (tmp_path / "both").iterdir()) == [f"curves.{form}", f"trials.{form}"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--to", "x"], "does not say in which format"),
        (["--to", "x.xls"], "does not say in which format"),
        (["--to", "x.csv", "--format", "jsonl"], "disagree"),
        (["--to", "x", "--format", "parqet"], "did you mean 'parquet'"),
        (["--to", "x.csv", "--study", "studi"], "did you mean 'study'"),
        (["--to", "file/x.csv"], "cannot be written"),
        (["--to", "folder.csv"], "does not"),
    ],
)
def test_what_cannot_be_exported_is_said(
    words: list[str], sentence: str, study: Path, optlab: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    before = sorted(tmp_path.rglob("*"))
    code, _, err = optlab("store", "export", str(study), *words)
    if sentence == "does not":  # a folder with an ending is a folder all the same
        assert code == 0 and (tmp_path / "folder.csv" / "trials.csv").exists()
        return
    assert code == 2 and sentence in err and len(err.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
