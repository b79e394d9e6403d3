"""Whatever happens to the file's bytes: the store says so in one sentence, or gives out what was put in."""

import random
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optlab.errors import OptlabError
from optlab.study import curves, seals, storefile
from optlab.study.store import Store
from tests.study.test_store import ENVIRONMENT, record


def store_of(path: Path, trials: int = 40) -> Path:
    with Store(path) as store:
        records = [record(k) for k in range(trials)]
        store.save(records, ENVIRONMENT)
        store.record_study("a study", {"protocol": 1}, [one.trial for one in records])
    return path


def contents(path: Path) -> tuple[Any, ...]:
    with Store(path, create=False) as store:
        tables = store.frame("a study"), store.curves("a study")
        return store.exact(), store.studies(), store.study("a study"), store.environments("a study"), tables


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return one[:-1] == other[:-1] and all(a.equals(b) for a, b in zip(one[-1], other[-1], strict=True))


def outcome(path: Path, whole: tuple[Any, ...]) -> str:
    """The sentence that reading gives, or "whole"."""
    try:
        found = contents(path)
    except OptlabError as error:
        sentence = str(error)
    else:
        assert same(found, whole), "other contents, and nothing said"
        return "whole"
    assert "\n" not in sentence and (str(path) in sentence or "learning curve is damaged" in sentence)
    return sentence


@pytest.mark.parametrize("count", [150, pytest.param(3000, marks=pytest.mark.long)])
def test_a_changed_byte_is_named_or_changes_nothing(tmp_path: Path, count: int) -> None:
    path = store_of(tmp_path / "lab.db")
    written, whole, rng = path.read_bytes(), contents(path), random.Random(0)
    found = []
    for _ in range(count):
        changed, place = bytearray(written), rng.randrange(len(written))
        changed[place] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        found.append(outcome(path, whole))
    assert len(written) > 60_000 and found.count("whole") < 0.6 * count  # unused bytes of pages are many in a small store


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        (b"id INTEGER PRIMARY KEY", b"id INTEGER PRIEARY KEY"),  # its own column, empty
        (b"digest BLOB NOT NULL UNIQUE", b"digest BLOB NOT NULL UNIQUF"),
        (b"ON DELETE CASCADE", b"ON DELETE RESTRIC"),
        (b"train_cost REAL", b"train_cost TEXT"),
        (b"CREATE TABLE trial", b"CREATE TABLE tr\xceal"),
        (b"\x02\x02\x00@  ", b"\x03\x02\x00@  "),  # how the file is written and read
    ],
)
def test_a_changed_structure_is_named(tmp_path: Path, written: bytes, changed: bytes) -> None:
    path = store_of(tmp_path / "lab.db", 2)
    whole, before = contents(path), path.read_bytes()
    assert before.count(written) >= 1
    path.write_bytes(before.replace(written, changed, 1))
    assert "is damaged" in outcome(path, whole)


@pytest.mark.parametrize("filling", [0, 255])
def test_a_page_that_is_lost_is_named(tmp_path: Path, filling: int) -> None:
    path = store_of(tmp_path / "lab.db")
    written, whole = path.read_bytes(), contents(path)
    for place in range(4096, len(written), 4096):
        path.write_bytes(written[:place] + bytes([filling]) * 4096 + written[place + 4096 :])
        assert outcome(path, whole) != "whole"


def test_a_cut_is_named_wherever_it_is(tmp_path: Path) -> None:
    path = store_of(tmp_path / "lab.db")
    written, whole = path.read_bytes(), contents(path)
    for size in range(1, len(written), 1013):
        path.write_bytes(written[:size])
        assert outcome(path, whole) != "whole"


def test_a_number_that_changed_is_seen_where_sqlite_sees_nothing(tmp_path: Path) -> None:
    changes = {"trial": "test_cost = 1", "study_trial": "contender = 'x'", "curve": "digest = zeroblob(16)", "study": "description = '{}'"}
    changes |= {"configuration": "description = pack('{}')", "environment": "description = '{}'"}
    for table, change in changes.items():
        path = store_of(tmp_path / f"{table}.db", 2)
        connection = sqlite3.connect(path)
        storefile.functions(connection)
        connection.execute(f"UPDATE {table} SET {change}")
        connection.commit()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        with pytest.raises(OptlabError, match="is damaged"):
            contents(path)
        with Store(path, create=False) as store, store.faults() as own:
            assert seals.broken(own)[table] >= 1


def test_seals_are_the_same_on_every_machine_and_in_every_version() -> None:
    # If this fails, every row of every user's store looks damaged.
    assert seals.seal(1, b"\x00\xff", "a \N{GREEK SMALL LETTER ALPHA}", 0.1, -1e300, None, 2**40) == 2297760357


def test_every_column_is_sealed() -> None:
    with _memory() as connection:
        for table, columns in seals.SEALED.items():
            assert {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} == {*columns, "seal"}


def _memory() -> Any:
    from contextlib import closing

    connection = sqlite3.connect(":memory:", isolation_level=None)
    storefile.migrate(connection, Path("memory"))
    return closing(connection)


def test_floats_keep_their_seal_however_sqlite_stores_them(tmp_path: Path) -> None:
    with _memory() as connection:
        connection.execute("INSERT INTO configuration (digest, description) VALUES (x'00', 'c')")
        connection.execute("INSERT INTO environment (digest, description) VALUES (x'00', 'e')")
        for k, value in enumerate([0.0, -0.0, 5.0, 1e300, -1e-310, float("inf"), 2.0**60, 7]):
            connection.execute(
                "INSERT INTO trial (id, digest, configuration, environment, seed, replicate, data, status, sentence, metric, steps, "
                "epochs, seconds, flops, test_cost) VALUES (?, ?, 1, 1, 0, 0, x'00', 'done', '', 'r2', 1, 1, ?, ?, ?)",
                (k + 1, bytes([k]), value, value, value),
            )
        for table in seals.SEALED:
            connection.execute(seals.sealed(table))
        assert seals.broken(connection) == {}


def test_what_a_trial_may_end_with_is_read_back_as_it_was_sealed(tmp_path: Path) -> None:
    values = [0.0, -0.0, 5.0, 1e300, -1e-310, float("inf"), 2.0**60, float("nan")]
    records = [record(k) for k in range(len(values))]
    for one, value in zip(records, values, strict=True):
        one.curves[-1, 4:] = value
    with Store(tmp_path / "lab.db") as store:
        store.save(records, ENVIRONMENT)
        with store.faults() as connection:
            assert seals.broken(connection) == {}
        kept = store.frame([one.trial.digest for one in records])["test_cost"].tolist()
    assert kept == pytest.approx(values, rel=0, abs=0, nan_ok=True)


def test_a_damaged_curve_is_named(tmp_path: Path) -> None:
    block = curves.pack(record().curves)
    for place in range(4, len(block)):
        changed = bytearray(block)
        changed[place] ^= 1
        with pytest.raises(OptlabError, match="damaged"):
            curves.unpack(bytes(changed))


def test_frames_are_the_same_for_any_number_of_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store_of(tmp_path / "lab.db", 11)
    with Store(path, create=False) as store:
        whole, curve = store.frame("a study"), store.curves("a study")
        for chunk in (1, 4, 11, 12):
            monkeypatch.setattr("optlab.study.store.CHUNK", chunk)
            pd.testing.assert_frame_equal(store.frame("a study"), whole)
            pd.testing.assert_frame_equal(store.curves("a study"), curve)
