"""Processes killed while they write to a store: nothing that `save` returned from is lost, nothing is there twice, the file opens."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from optlab.study.migrations import MIGRATIONS
from optlab.study.store import Store
from tests.study.test_store import record

SAVES = """
import sys
from optlab.study.store import Store
from tests.study.test_store import ENVIRONMENT, record

with Store(sys.argv[1]) as store:
    print("open", flush=True)
    first = int(sys.argv[2])
    while True:
        records = [record(k) for k in range(first, first + 5)]
        store.save(records, ENVIRONMENT)
        first += 5
        print(first, flush=True)  # a pipe holds it, whatever becomes of this process
"""

MIGRATES = """
import sys
from optlab.study.store import Store

print("now", flush=True)
Store(sys.argv[1]).close()
"""


def started(code: str, *words: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, words)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline()
    return process


def killed(process: "subprocess.Popen[str]") -> list[str]:
    """What it had said until then."""
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    return [line for line in said.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.long)])
def test_a_kill_during_commits_loses_nothing_that_was_saved(tmp_path: Path, kills: int) -> None:
    path, rng, known = tmp_path / "lab.db", random.Random(0), 0
    for _ in range(kills):
        process = started(SAVES, path, known)
        time.sleep(rng.uniform(0.0, 0.05))
        said = killed(process)
        promised = int(said[-1]) if said else known
        with Store(path, create=False) as store:
            stored = store.exact()
            (rows,) = store.rows("SELECT 1, count(*), count(DISTINCT digest) FROM trial")
        known = len(stored)
        assert rows == [(1, known, known)]
        assert known in (promised, promised + 5)  # the batch that was being saved is there as a whole, or not at all
    assert set(stored) == {record(k).trial.digest for k in range(known)}
    assert known > 5 * kills


def first_version(path: Path, trials: int) -> None:
    """A store as version 1 left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("INSERT INTO environment VALUES (1, x'00', '{}')")
        connection.execute("INSERT INTO configuration VALUES (1, x'00', '{}')")
        rows = [(k, k.to_bytes(16, "big"), k / 7) for k in range(1, trials + 1)]
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO trial VALUES (?, ?, 1, 1, 0, 0, x'00', 'done', '', 'r2', 9, 3, 0.1, 1e6, ?, 1, 1, 1, 1, 1)", rows
        )
        connection.executemany("INSERT INTO curve VALUES (?, zeroblob(900), x'00')", [(row[0],) for row in rows])
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA application_id = {int.from_bytes(b'optl', 'big')}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA journal_mode = WAL")


def kept(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT trial.id, trial.digest, train_cost, block FROM trial JOIN curve ON trial = trial.id").fetchall()


@pytest.mark.parametrize(("kills", "trials"), [(4, 4000), pytest.param(100, 20000, marks=pytest.mark.long)])
def test_a_kill_during_a_migration_leaves_a_store_of_one_version(tmp_path: Path, kills: int, trials: int) -> None:
    path, rng = tmp_path / "lab.db", random.Random(1)
    first_version(path, trials)
    before, original, versions = kept(path), path.read_bytes(), set()
    begin = time.perf_counter()
    Store(path).close()
    took = time.perf_counter() - begin
    for _ in range(kills):
        path.write_bytes(original)
        process = started(MIGRATES, path)
        time.sleep(rng.uniform(0.0, 1.2 * took))
        killed(process)
        with closing(sqlite3.connect(path)) as connection:
            versions.add(connection.execute("PRAGMA user_version").fetchone()[0])
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert kept(path) == before
        with Store(path) as store:
            assert len(store.finished()) == trials
            assert list(store.rows("PRAGMA user_version")) == [[(len(MIGRATIONS),)]]
        assert kept(path) == before
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    assert versions <= set(range(1, len(MIGRATIONS) + 1))
