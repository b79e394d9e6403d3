"""The store keeps what it was given, migrates what is older, and leaves alone what is not its own."""

import dataclasses
import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.study import storefile
from optlab.study.curves import COLUMNS
from optlab.study.migrations import MIGRATIONS
from optlab.study.store import FINALS, Record, Store
from tests.study.test_curves import made_up
from tests.study.test_trial import CELL, TRIAL

ENVIRONMENT = {"cpu": "a processor", "numpy": "2.0"}


def record(replicate: int = 0, status: str = "done", contender: str = "adam", rows: int = 31) -> Record:
    cell = dataclasses.replace(CELL, contender=contender)
    trial = dataclasses.replace(TRIAL, replicate=replicate, cell=cell)
    return Record(trial, status, f"{status} it is", "accuracy", 510, 30, 0.25, 1e9, made_up(rows))


def filled(path: Path) -> Store:
    store = Store(path)
    records = [record(k) for k in range(3)]
    store.save(records, ENVIRONMENT)
    store.record_study("a study", {"protocol": 1}, [one.trial for one in records])
    return store


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    with filled(tmp_path / "deep" / "lab.db") as store:
        assert store.finished() == {record(k).trial.digest for k in range(3)}
        assert (store.studies(), store.study("a study")) == (["a study"], {"protocol": 1})
        assert store.environments("a study") == [ENVIRONMENT]
        frame, curves = store.frame("a study"), store.curves("a study")
    row, given = frame.iloc[1], record(1)
    assert list(frame["replicate"]) == [0, 1, 2]
    assert (row["digest"], row["contender"], row["cell"], row["phase"]) == (given.trial.digest, "adam", given.trial.cell.id, "tuning")
    assert (row["lr"], row["layers"], row["activation"], row["seconds"]) == (1e-3, "64-50-10", "sigmoid", 0.25)
    assert [row[name] for name in FINALS] == [given.curves[-1, COLUMNS.index(name)] for name in FINALS]  # float64, exactly
    assert len(curves) == 3 * 31 and list(curves.columns) == ["digest", *COLUMNS]
    np.testing.assert_allclose(curves.loc[curves["digest"].eq(row["digest"]), "test_cost"], given.curves[:, 8], rtol=1e-6)


def test_trials_can_be_read_by_digest_alone(tmp_path: Path) -> None:
    with filled(tmp_path / "lab.db") as store:
        frame = store.frame([record(2).trial.digest])
        assert (len(frame), frame["contender"].iloc[0], frame["phase"].iloc[0]) == (1, "adam", "tuning")
        assert set(store.curves([record(2).trial.digest])["digest"]) == {record(2).trial.digest}


def test_a_diverged_trial_has_curves_but_no_finals(tmp_path: Path) -> None:
    with Store(tmp_path / "lab.db") as store:
        store.save([record(0, "diverged")], ENVIRONMENT)
        row = store.frame([TRIAL.digest]).iloc[0]
        assert row["status"] == "diverged" and all(math.isnan(row[name]) for name in FINALS)
        assert len(store.curves([TRIAL.digest])) == 31


def test_an_error_is_no_outcome_and_gives_way_to_one(tmp_path: Path) -> None:
    with Store(tmp_path / "lab.db") as store:
        store.save([record(0, "error", rows=0)], ENVIRONMENT)
        assert store.finished() == set()
        assert store.frame([TRIAL.digest])["sentence"].iloc[0] == "error it is"
        store.save([record(0)], ENVIRONMENT)
        assert store.finished() == {TRIAL.digest}
        assert list(store.frame([TRIAL.digest])["status"]) == ["done"]


def test_an_outcome_is_never_replaced(tmp_path: Path) -> None:
    with filled(tmp_path / "lab.db") as store:
        before = store.exact()
        with pytest.raises(OptlabError, match="UNIQUE"):
            store.save([record(7), record(0)], ENVIRONMENT)
        assert store.exact() == before  # all of a transaction or nothing
        store.save([record(7)], ENVIRONMENT)
        assert len(store.exact()) == 4


def test_a_study_is_replaced_under_its_name_and_its_trials_stay(tmp_path: Path) -> None:
    with filled(tmp_path / "lab.db") as store:
        store.record_study("a study", {"protocol": 2}, [record(0, contender="renamed").trial])
        assert list(store.frame("a study")["contender"]) == ["renamed"]
        store.add_trials("a study", [record(1).trial])
        assert list(store.frame("a study")["contender"]) == ["renamed", "adam"]
        assert len(store.finished()) == 3


def test_an_unknown_study_is_named(tmp_path: Path) -> None:
    with filled(tmp_path / "lab.db") as store, pytest.raises(OptlabError, match=r"no study called 'a stdy' \(did you mean 'a study'"):
        store.frame("a stdy")


def test_a_study_without_outcomes_has_an_empty_frame(tmp_path: Path) -> None:
    with Store(tmp_path / "lab.db") as store:
        store.record_study("new", {}, [TRIAL])
        assert len(store.frame("new")) == 0 and {"digest", "lr", "status", "test_metric"} <= set(store.frame("new"))
        assert len(store.curves("new")) == 0


def test_a_second_process_may_read_while_one_writes(tmp_path: Path) -> None:
    with filled(tmp_path / "lab.db") as writer, Store(tmp_path / "lab.db", create=False) as reader:
        writer.save([record(3)], ENVIRONMENT)
        assert len(reader.finished()) == 4


# -- schema versions ----------------------------------------------------------------------------------------------------------


def version_1(path: Path) -> Path:
    """A store as version 0.1.0 wrote it: six trials of a study of gd on iris, two of them diverged."""
    connection = sqlite3.connect(path)
    connection.executescript((Path(__file__).parent / "version-1.sql").read_text())
    connection.close()
    return path


def test_a_store_of_version_1_migrates_with_its_contents(tmp_path: Path) -> None:
    path = version_1(tmp_path / "lab.db")
    connection = sqlite3.connect(path)
    before = connection.execute("SELECT digest, status, sentence, steps, test_cost, train_metric FROM trial ORDER BY id").fetchall()
    blocks = connection.execute("SELECT trial, block FROM curve").fetchall()
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
    with Store(path) as store:
        frame, curves = store.frame("of version 1"), store.curves("of version 1")
        assert store._connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert store._connection.execute("SELECT trial, block FROM curve").fetchall() == blocks
        assert len(store.exact()) == len(store.finished()) == 6 and store.finished(diagnosed=True) == set()
    kept = frame[["digest", "status", "sentence", "steps", "test_cost", "train_metric"]].astype(object)
    kept = kept.where(kept.notna(), None)
    assert [(bytes.fromhex(digest), *rest) for digest, *rest in kept.itertuples(index=False)] == before
    assert set(curves["digest"]) == set(frame["digest"]) and list(frame["status"].eq("diverged")).count(True) == 2
    absent = frame[["roc_auc", "confusion", "bad_epoch", "bad_step", "bad_layer", "sharpness", "dead_units", "zero_weights", "diagnosis"]]
    assert absent.isna().all(axis=None)


def test_a_store_of_the_present_version_migrates_with_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lab.db"
    with filled(path) as store:
        before = store.exact()
    later = (*MIGRATIONS, ("ALTER TABLE trial ADD COLUMN note TEXT NOT NULL DEFAULT 'none'", "CREATE TABLE extra (id INTEGER PRIMARY KEY)"))
    monkeypatch.setattr(storefile, "MIGRATIONS", later)
    with Store(path) as store:
        assert store.exact() == before
        assert store._connection.execute("PRAGMA user_version").fetchone()[0] == len(later)
        assert store._connection.execute("SELECT DISTINCT note FROM trial").fetchall() == [("none",)]


def test_a_migration_that_fails_leaves_the_former_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lab.db"
    with filled(path) as store:
        before = store.exact()
    monkeypatch.setattr(storefile, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE extra (id)", "this is no SQL")))
    with pytest.raises(OptlabError, match="syntax error"):
        Store(path)
    monkeypatch.setattr(storefile, "MIGRATIONS", MIGRATIONS)
    with Store(path) as store:
        assert store.exact() == before
        assert store._connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)


# -- files that are not ours --------------------------------------------------------------------------------------------------


def refused(path: Path, sentence: str) -> None:
    """Opening says `sentence` and changes neither the file nor its folder."""
    before = {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}
    with pytest.raises(OptlabError, match=sentence) as caught:
        Store(path)
    assert "\n" not in str(caught.value)
    assert {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()} == before


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("remember the milk " * 20)
    refused(path, "is no optlab store")


def test_the_database_of_another_application_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE trial (digest)")
    connection.commit()
    connection.close()
    refused(path, "of another application")


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    with filled(path) as store:
        store._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    refused(path, "newer optlab")


def test_a_truncated_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    filled(path).close()
    path.write_bytes(path.read_bytes()[:-5000])
    refused(path, "is cut short")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.db").mkdir()
    refused(tmp_path / "lab.db", "is a folder")


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "lab.db").touch()
    filled(tmp_path / "lab.db").close()


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(OptlabError, match="there is no store"):
        Store(tmp_path / "lab.db", create=False)
    assert not list(tmp_path.iterdir())


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptlabError, match=r"store .* cannot be"):
        Store(tmp_path / "file" / "lab.db")
