"""Real runs of a small sweep that are ended by SIGKILL in a named phase, and what must hold of the store they leave.

Phases are recognised from outside: by the lines of ``--progress json``, and by the locks on the store's file.
"""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optlab.study import storefile, tables
from optlab.study.migrations import MIGRATIONS
from optlab.study.spec import Study
from optlab.study.store import Store

Exact = dict[str, tuple[Any, ...]]

STUDY = """
problem = "iris"
optimizer = ["gd", "adam", "mine"]
plugin = ["mine.py"]
layers = [4]
epochs = {epochs}
evaluate_every = 40
batch_size = 16
lr = [0.01, 0.1]
seeds = 16
confirm = 16
baselines = false
"""

RULE = """
from optlab.plugin import Positive, hookimpl, optimizer, sqrt

@optimizer
def mine(w, g, v, *, lr: Positive = 0.1):
    v = {constant} * v + g
    return w - lr * v / sqrt(1 + v * v), v

@hookimpl
def register_optimizers(register):
    register(mine)
"""

PHASES = ("starting", "compiling", "mid-trial", "commit", "migration", "confirmation", "report")
PATIENCE = 300.0
EPOCHS = 3000


class Sweep:
    """A study in a folder of its own; its rule has a constant of its own, so that no cache has its code.

    killed: how many runs were ended in each phase.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng, self.store = folder, random.Random(seed), folder / "lab.db"
        self.killed, self.left = dict.fromkeys(PHASES, 0), list[Exact]()
        folder.mkdir(parents=True)
        (folder / "sweep.toml").write_text(STUDY.format(epochs=EPOCHS))
        (folder / "mine.py").write_text(RULE.format(constant=repr(self.rng.uniform(0.1, 0.9))))

    def kill(self, phase: str) -> None:
        """Kill a run in this phase; keep what the store holds then. A run that is over too soon is forgotten, and begun anew."""
        for _ in range(5):
            if self._struck(phase):
                self.killed[phase] += 1
                if self.store.exists():
                    self.left.append(exact(self.store))
                return
            self._forget()
        raise AssertionError(f"no run was caught in its phase {phase}")

    def _struck(self, phase: str) -> bool:
        if phase != "migration":
            child = Child(self.folder, self.store)
            child.wait_for(phase, self.store, self.rng)
            return child.kill()
        before_migrations(self.store)
        with reading(self.store):  # a commit waits for its readers: the run stands in the midst of the migration
            child = Child(self.folder, self.store)
            child.wait_for(phase, self.store, self.rng)
            return child.kill()

    def _forget(self) -> None:
        for ending in ("", "-wal", "-shm"):
            self.store.with_name(self.store.name + ending).unlink(missing_ok=True)

    def check(self) -> int:
        """Go on to the end, and hold all that there was against an undisturbed run; return the number of trials."""
        study = Study.load(self.folder / "sweep.toml")
        assert study.run(self.store).complete
        assert study.run(self.folder / "whole.db").complete
        whole, finished = exact(self.folder / "whole.db"), exact(self.store)
        assert finished.keys() == whole.keys()
        for found in (*self.left, finished):
            for digest, numbers in found.items():
                assert same(numbers, whole[digest]), f"{numbers} is not {whole[digest]}"
        page = self.folder / "report" / "index.html"
        assert not page.exists() or page.read_text().rstrip().endswith("</html>")
        return len(whole)


def same(numbers: tuple[Any, ...], whole: tuple[Any, ...]) -> bool:
    """Bit for bit, but for what a store of schema 1 had no column for."""
    extras = len(tables.EXTRAS)
    if numbers[-1 - extras : -1] == (None,) * extras:
        return numbers[: -1 - extras] + numbers[-1:] == whole[: -1 - extras] + whole[-1:]
    return numbers == whole


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Hold a read transaction on a store that has no write-ahead log."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM trial").fetchone()
        yield
    finally:
        connection.close()


class Child:
    """A run in a process of its own, and what it has said so far."""

    def __init__(self, folder: Path, store: Path) -> None:
        words = ["run", "sweep.toml", "--store", str(store), "--out", "report", "--progress", "json", "--workers", "2"]
        code = "from optlab.cli import main; main()"
        self._child = subprocess.Popen(
            [sys.executable, "-c", code, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._child.stderr is not None
        self.lines.extend(self._child.stderr)  # a line at a time

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def wait_for(self, phase: str, store: Path, rng: random.Random) -> None:
        """Return in the midst of this phase, or when the run is over."""
        if phase == "starting":
            time.sleep(rng.uniform(0.0, 1.5))
            return
        if phase == "compiling":
            self._until(lambda: any(one["message"].startswith("compiling mine") for one in self.reports))
            time.sleep(rng.uniform(0.0, 0.5))
        elif phase == "mid-trial":
            self._until(lambda: any(one["phase"] == "tuning" and not one["message"] for one in self.reports))
            time.sleep(rng.uniform(0.0, 0.3))
        elif phase == "commit":
            self._until(lambda: any(one["phase"] == "tuning" and not one["message"] for one in self.reports))
            self._until(lambda: locked(store), pause=0.0)
        elif phase == "migration":
            self._until(lambda: locked(store), pause=0.0)
            time.sleep(rng.uniform(0.0, 0.2))
        elif phase == "confirmation":
            self._until(lambda: any(one["phase"] == "confirmation" and not one["message"] for one in self.reports))
            time.sleep(rng.uniform(0.0, 0.1))
        else:
            self._until(lambda: any(one["phase"] == "report" for one in self.reports))
            time.sleep(rng.uniform(0.0, 2.0))

    def _until(self, true: Callable[[], bool], pause: float = 0.002) -> None:
        end = time.monotonic() + PATIENCE
        while not true() and self._child.poll() is None:
            assert time.monotonic() < end, self.lines
            time.sleep(pause)

    def kill(self) -> bool:
        """Send SIGKILL; whether it struck a run that was not over."""
        self._child.send_signal(signal.SIGKILL)
        return self.ended() == -signal.SIGKILL

    def ended(self) -> int:
        code = self._child.wait(PATIENCE)
        self._reader.join()
        assert self._child.stderr is not None
        self._child.stderr.close()
        return code


def exact(path: Path) -> Exact:
    """All numbers of a store, which must open and be whole."""
    with Store(path, create=False) as store:
        found = store.exact()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*), count(DISTINCT digest) FROM trial").fetchone() == (len(found), len(found))
        assert connection.execute("SELECT count(*) FROM curve").fetchone() == (len(found),)
    connection.close()
    return found


def locked(path: Path) -> bool:
    """Whether a process is inside a transaction that writes."""
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0.0, isolation_level=None)
    except sqlite3.Error:
        return False
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        return False
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    finally:
        connection.close()


FIRST_COLUMNS = {
    "environment": "id, digest, description",
    "configuration": "id, digest, description",
    "trial": "id, digest, configuration, environment, seed, replicate, data, status, sentence, metric, steps, epochs, seconds, flops, "
    "train_cost, train_metric, validation_cost, validation_metric, test_cost, test_metric",
    "curve": "trial, block, digest",
    "study": "id, name, description, changed",
    "study_trial": "study, position, digest, problem, contender, phase, cell",
}


def before_migrations(path: Path) -> None:
    """Make the store what the first version of optlab would have left: schema 1, with the same trials; made if missing."""
    old = path.with_name("old.db")
    old.unlink(missing_ok=True)
    with sqlite3.connect(old) as connection:
        storefile.functions(connection)
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {storefile.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    if path.exists():
        connection.execute("ATTACH ? AS new", (str(path),))
        for table, columns in FIRST_COLUMNS.items():
            texts = columns.replace("description", "plain(description)")  # then they were not packed
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {texts} FROM new.{table}")
        connection.commit()
    connection.close()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    old.replace(path)
