"""The store: one SQLite file with one row per trial ever finished, shared by studies, written by one thread of one process at a time.

A trial is known by its digest alone; studies refer to trials. What `save` returned from is on disk.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from optlab.errors import OptlabError, nearest
from optlab.study import curves as curve_blocks
from optlab.study import storefile, tables
from optlab.study.finished import FINALS, Record
from optlab.study.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_PATH", "FINALS", "Record", "Store"]

DEFAULT_PATH = Path("reports/lab.db")

_TRIAL = ("digest", "configuration", "environment", "seed", "replicate", "data", "status", "sentence", "metric", "steps", "epochs",
          "seconds", "flops", *FINALS, *tables.EXTRAS)  # fmt: skip
_INSERT = f"INSERT INTO trial (id, {', '.join(_TRIAL)}) VALUES (?, {', '.join('?' * len(_TRIAL))})"
_DIAGNOSIS = "INSERT OR REPLACE INTO diagnosis (trial, numbers, same) VALUES (?, ?, ?)"
_MOST_KNOWN = 1000


class Store:
    """An open store.

    Args:
        path: the file; made with its folders where it is missing and `create` says so.
        create: False to read only what is there.

    Raises:
        OptlabError: a file that is foreign, damaged, newer than this optlab or not writable; it is left as it was.
    """

    def __init__(self, path: str | Path = DEFAULT_PATH, *, create: bool = True) -> None:
        self.path = Path(path)
        self._connection = storefile.connect(self.path, create)
        self._configurations: dict[bytes, int] = {}
        self._environments: dict[bytes, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the store is not usable afterwards."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._faults():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._configurations.clear()  # ids may be of what is now undone
                self._environments.clear()
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OptlabError(f"the store {self.path} failed ({error}); what was saved before is kept: mend that and run again") from error

    # -- trials ---------------------------------------------------------------------------------------------------------

    def finished(self, diagnosed: bool = False) -> set[str]:
        """Digests of all trials with an outcome. Those that ended with an error have none and are tried again.

        diagnosed: of those alone that were diagnosed too.
        """
        only = " AND id IN (SELECT trial FROM diagnosis)" if diagnosed else ""
        with self._faults():
            return {digest.hex() for (digest,) in self._connection.execute(f"SELECT digest FROM trial WHERE status != 'error'{only}")}

    def save(self, records: Sequence[Record], environment: Mapping[str, str]) -> None:
        """Store finished trials in one transaction; on return they are on disk.

        Raises:
            OptlabError: the disk is full or the file is gone; none of these records is stored, all earlier ones are.
        """
        with self._transaction() as connection:
            where = self._key("environment", self._environments, json.dumps(dict(environment), sort_keys=True))
            pairs = [(record, bytes.fromhex(record.trial.digest)) for record in records]
            connection.executemany("DELETE FROM trial WHERE digest = ? AND status = 'error'", [(digest,) for _, digest in pairs])
            pairs = [(one, digest) for one, digest in pairs if one.diagnosis is None or not self._diagnosed_later(one, digest)]
            first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM trial").fetchone()[0]
            numbered = list(enumerate(pairs, start=first))
            connection.executemany(_INSERT, [(row, *self._trial_row(one, digest, where)) for row, (one, digest) in numbered])
            blocks = [(row, curve_blocks.pack(one.curves), curve_blocks.digest(one.curves)) for row, (one, _) in numbered]
            connection.executemany("INSERT INTO curve (trial, block, digest) VALUES (?, ?, ?)", blocks)
            looked_at = [(row, one.diagnosis, 1) for row, (one, _) in numbered if one.diagnosis is not None]
            connection.executemany(_DIAGNOSIS, looked_at)

    def _diagnosed_later(self, record: Record, digest: bytes) -> bool:
        """Whether this trial has an outcome already, which stays; the diagnosis of its second run then joins it."""
        found = "SELECT trial.id, curve.digest FROM trial JOIN curve ON curve.trial = trial.id WHERE trial.digest = ?"
        former = self._connection.execute(found, (digest,)).fetchone()
        if former is not None and record.status != "error":
            same = former[1] == curve_blocks.digest(record.curves)
            self._connection.execute(_DIAGNOSIS, (former[0], record.diagnosis, same))
        return former is not None

    def _trial_row(self, record: Record, digest: bytes, environment: int) -> tuple[Any, ...]:
        trial, what = record.trial, self._key("configuration", self._configurations, record.trial.cell.description)
        return (
            digest, what, environment, trial.seed, trial.replicate, bytes.fromhex(trial.data), record.status, record.sentence,
            record.metric, record.steps, record.epochs, record.seconds, record.flops, *record.finals(),
            record.roc_auc, record.confusion, record.bad_epoch, record.bad_step, record.bad_layer,
        )  # fmt: skip

    def _key(self, table: str, known: dict[bytes, int], description: str) -> int:
        """The id of a description, entered on first sight; remembered until a transaction is rolled back."""
        digest = hashlib.blake2b(description.encode(), digest_size=16).digest()
        if digest not in known:
            if len(known) >= _MOST_KNOWN:  # the trials of a cell come together: a million cells need no memory
                known.clear()
            insert = f"INSERT INTO {table} (digest, description) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
            entered = self._connection.execute(insert, (digest, description))
            if entered.rowcount == 1:
                known[digest] = int(entered.lastrowid or 0)
            else:
                known[digest] = int(self._connection.execute(f"SELECT id FROM {table} WHERE digest = ?", (digest,)).fetchone()[0])
        return known[digest]

    # -- studies --------------------------------------------------------------------------------------------------------

    def record_study(self, name: str, description: Mapping[str, Any], trials: Iterable[Trial]) -> None:
        """Enter a study, or replace what was entered under its name; the outcomes of its former trials stay."""
        with self._transaction() as connection:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            text = json.dumps(dict(description), sort_keys=True)
            connection.execute(
                "INSERT INTO study (name, description, changed) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET description = excluded.description, changed = excluded.changed",
                (name, text, now),
            )
            study = self._study_id(name)
            connection.execute("DELETE FROM study_trial WHERE study = ?", (study,))
            rows = (
                (study, k, bytes.fromhex(one.digest), one.problem, one.contender, one.phase, one.cell.id) for k, one in enumerate(trials)
            )
            connection.executemany("INSERT INTO study_trial VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def annotate(self, name: str, description: Mapping[str, Any]) -> None:
        """Replace a study's description, and nothing else."""
        with self._transaction() as connection:
            text = json.dumps(dict(description), sort_keys=True)
            connection.execute("UPDATE study SET description = ? WHERE id = ?", (text, self._study_id(name)))

    def add_trials(self, name: str, trials: Iterable[Trial]) -> None:
        """Enter more trials of a study, after those that it has."""
        with self._transaction() as connection:
            study = self._study_id(name)
            first = connection.execute("SELECT coalesce(max(position), -1) + 1 FROM study_trial WHERE study = ?", (study,)).fetchone()[0]
            rows = (
                (study, k, bytes.fromhex(one.digest), one.problem, one.contender, one.phase, one.cell.id)
                for k, one in enumerate(trials, start=first)
            )
            connection.executemany("INSERT INTO study_trial VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _study_id(self, name: str) -> int:
        row = self._connection.execute("SELECT id FROM study WHERE name = ?", (name,)).fetchone()
        if row is None:
            known = self.studies()
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise OptlabError(f"the store {self.path} has no study called {name!r}{nearest(name, known)}; {has}")
        return int(row[0])

    def studies(self) -> list[str]:
        """Names of the studies, the latest run first."""
        with self._faults():
            return [name for (name,) in self._connection.execute("SELECT name FROM study ORDER BY changed DESC, id DESC")]

    def study(self, name: str) -> dict[str, Any]:
        """What `record_study` was given.

        Raises:
            OptlabError: there is no study of this name.
        """
        with self._faults():
            row = self._connection.execute("SELECT description FROM study WHERE id = ?", (self._study_id(name),)).fetchone()
            found: dict[str, Any] = json.loads(row[0])
            return found

    # -- reading --------------------------------------------------------------------------------------------------------

    def frame(self, which: str | Sequence[str]) -> pd.DataFrame:
        """One row per finished trial, of a study (by name) or of these digests; columns as `optlab.study.tables` says.

        Under digests alone a trial has no contender and no phase but those its optimizer and its replicate number imply.

        Raises:
            OptlabError: there is no study of this name.
        """
        with self._faults():
            if isinstance(which, str):
                rows = self._connection.execute(tables.STUDY_ROWS, (self._study_id(which),)).fetchall()
            else:
                rows = [row for digest in which for row in self._connection.execute(tables.DIGEST_ROWS, (bytes.fromhex(digest),))]
        return tables.frame(rows)

    def curves(self, which: str | Sequence[str]) -> pd.DataFrame:
        """Learning curves, one row per trial and evaluated epoch: digest, then `optlab.study.curves.COLUMNS`."""
        with self._faults():
            if isinstance(which, str):
                rows = self._connection.execute(tables.STUDY_CURVES, (self._study_id(which),)).fetchall()
            else:
                rows = [row for digest in which for row in self._connection.execute(tables.DIGEST_CURVES, (bytes.fromhex(digest),))]
        return tables.long_curves(rows)

    def environments(self, which: str) -> list[dict[str, str]]:
        """The environments that the trials of a study ran in, the most frequent first."""
        with self._faults():
            rows = self._connection.execute(tables.STUDY_ENVIRONMENTS, (self._study_id(which),)).fetchall()
        return [json.loads(description) for (description,) in rows]

    def exact(self) -> dict[str, tuple[Any, ...]]:
        """digest -> all that the digest determines, curves by the digest of their float64 numbers: to compare stores bit for bit."""
        with self._faults():
            rows = self._connection.execute(tables.EXACT).fetchall()
        return {digest.hex(): tuple(rest) for digest, *rest in rows}
