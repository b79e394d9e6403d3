"""The store: one SQLite file with one row per trial ever finished, shared by studies, written by one thread of one process at a time.

A trial is known by its digest alone; studies refer to trials. What `save` returned from is on disk.
"""

from __future__ import annotations

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
from optlab.study import packed, seals, storefile, tables
from optlab.study.described import Described
from optlab.study.finished import FINALS, Record
from optlab.study.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_PATH", "FINALS", "Record", "Store"]

DEFAULT_PATH = Path("reports/lab.db")

CHUNK = 2000
"""Rows that are read at a time: as fast as more, and 12 MB."""

_INSERT = {table: seals.inserted(table) for table in ("trial", "curve", "diagnosis", "study_trial")}
_DIAGNOSED = _INSERT["diagnosis"].replace("INSERT", "INSERT OR REPLACE", 1)


class Store:
    """An open store.

    Args:
        path: the file; made with its folders where it is missing and `create` says so.
        create: False to read only what is there, also where nothing can be written.

    Attributes:
        uri: the address under which SQLite opened it.

    Raises:
        OptlabError: a file that is foreign, damaged, newer than this optlab or not writable; it is left as it was.
    """

    def __init__(self, path: str | Path = DEFAULT_PATH, *, create: bool = True) -> None:
        self.path = Path(path)
        self._connection, self.uri = storefile.writing(self.path) if create else storefile.reading(self.path)
        self._configurations = Described(self._connection, "configuration", packed.pack)
        self._environments = Described(self._connection, "environment")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the store is not usable afterwards."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is written inside, or nothing of it."""
        with self.faults() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._configurations.forget()  # ids may be of what is now undone
                self._environments.forget()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def faults(self) -> Iterator[sqlite3.Connection]:
        """The connection, for reading; SQLite's errors become sentences."""
        try:
            yield self._connection
        except storefile.FAULTS as error:
            raise storefile.fault(self.path, error) from error

    # -- trials ---------------------------------------------------------------------------------------------------------

    def finished(self, diagnosed: bool = False) -> set[str]:
        """Digests of all trials with an outcome. Those that ended with an error have none and are tried again.

        diagnosed: of those alone that were diagnosed too.
        """
        only = " AND id IN (SELECT trial FROM diagnosis)" if diagnosed else ""
        with self.faults() as connection:
            return {digest.hex() for (digest,) in connection.execute(f"SELECT digest FROM trial WHERE status != 'error'{only}")}

    def save(self, records: Sequence[Record], environment: Mapping[str, str]) -> None:
        """Store finished trials in one transaction; on return they are on disk.

        Raises:
            OptlabError: the disk is full or the file is gone; none of these records is stored, all earlier ones are.
        """
        with self.transaction() as connection:
            [where] = self._environments.ids([json.dumps(dict(environment), sort_keys=True)])
            pairs = [(record, bytes.fromhex(record.trial.digest)) for record in records]
            connection.executemany("DELETE FROM trial WHERE digest = ? AND status = 'error'", [(digest,) for _, digest in pairs])
            pairs = [(one, digest) for one, digest in pairs if one.diagnosis is None or not self._diagnosed_later(one, digest)]
            first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM trial").fetchone()[0]
            rows = range(first, first + len(pairs))
            cells = self._configurations.ids([one.trial.cell.description for one, _ in pairs])
            trials = [_trial_row(row, cell, where, *pair) for row, cell, pair in zip(rows, cells, pairs, strict=True)]
            connection.executemany(_INSERT["trial"], trials)
            blocks = curve_blocks.packed([one.curves for one, _ in pairs])
            connection.executemany(_INSERT["curve"], [(row, *block) for row, block in zip(rows, blocks, strict=True)])
            looked_at = [(row, one.diagnosis, 1) for row, (one, _) in zip(rows, pairs, strict=True) if one.diagnosis is not None]
            connection.executemany(_INSERT["diagnosis"], looked_at)

    def _diagnosed_later(self, record: Record, digest: bytes) -> bool:
        """Whether this trial has an outcome already, which stays; the diagnosis of its second run then joins it."""
        found = "SELECT trial.id, curve.digest FROM trial JOIN curve ON curve.trial = trial.id WHERE trial.digest = ?"
        former = self._connection.execute(found, (digest,)).fetchone()
        if former is not None and record.status != "error":
            same = former[1] == curve_blocks.digest(record.curves)
            self._connection.execute(_DIAGNOSED, (former[0], record.diagnosis, same))
        return former is not None

    # -- studies --------------------------------------------------------------------------------------------------------

    def record_study(self, name: str, description: Mapping[str, Any], trials: Iterable[Trial]) -> None:
        """Enter a study, or replace what was entered under its name; the outcomes of its former trials stay."""
        with self.transaction() as connection:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            text = json.dumps(dict(description), sort_keys=True)
            connection.execute(
                "INSERT INTO study (name, description, changed) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET description = excluded.description, changed = excluded.changed",
                (name, text, now),
            )
            connection.execute(f"{seals.sealed('study')} WHERE name = ?", (name,))
            study = self.study_id(name)
            connection.execute("DELETE FROM study_trial WHERE study = ?", (study,))
            self._plan(study, trials)

    def annotate(self, name: str, description: Mapping[str, Any]) -> None:
        """Replace a study's description, and nothing else."""
        with self.transaction() as connection:
            study, text = self.study_id(name), json.dumps(dict(description), sort_keys=True)
            connection.execute("UPDATE study SET description = ? WHERE id = ?", (text, study))
            connection.execute(f"{seals.sealed('study')} WHERE id = ?", (study,))

    def add_trials(self, name: str, trials: Iterable[Trial]) -> None:
        """Enter more trials of a study, after those that it has."""
        with self.transaction():
            self._plan(self.study_id(name), trials)

    def _plan(self, study: int, trials: Iterable[Trial]) -> None:
        last = "SELECT coalesce(max(position), -1) + 1 FROM study_trial WHERE study = ?"
        first = self._connection.execute(last, (study,)).fetchone()[0]
        rows = (
            (study, k, bytes.fromhex(one.digest), one.problem, one.contender, one.phase, one.cell.id)
            for k, one in enumerate(trials, start=first)
        )
        self._connection.executemany(_INSERT["study_trial"], rows)

    def study_id(self, name: str) -> int:
        """The row of a study.

        Raises:
            OptlabError: there is no study of this name.
        """
        row = self._connection.execute("SELECT id FROM study WHERE name = ?", (name,)).fetchone()
        if row is None:
            known = self.studies()
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise OptlabError(f"the store {self.path} has no study called {name!r}{nearest(name, known)}; {has}")
        return int(row[0])

    def studies(self) -> list[str]:
        """Names of the studies, the latest run first."""
        with self.faults() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM study ORDER BY changed DESC, id DESC")]

    def study(self, name: str) -> dict[str, Any]:
        """What `record_study` was given.

        Raises:
            OptlabError: there is no study of this name.
        """
        with self.faults():
            (((_, text),),) = self.rows(f"SELECT {seals.sound('study')}, description FROM study WHERE id = ?", self.study_id(name))
            found: dict[str, Any] = json.loads(text)
            return found

    def changed(self, name: str) -> str:
        """When a study was last run: ISO 8601, UTC."""
        with self.faults() as connection:
            return str(connection.execute("SELECT changed FROM study WHERE id = ?", (self.study_id(name),)).fetchone()[0])

    # -- reading --------------------------------------------------------------------------------------------------------

    def frame(self, which: str | Sequence[str]) -> pd.DataFrame:
        """One row per finished trial, of a study (by name) or of these digests; columns as `optlab.study.tables` says.

        Under digests alone a trial has no contender and no phase but those its optimizer and its replicate number imply.

        Raises:
            OptlabError: there is no study of this name, or what is stored of it is damaged.
        """
        with self.faults():
            return tables.frame(self._chunks(tables.STUDY_ROWS, tables.DIGEST_ROWS, which), self._descriptions)

    def curves(self, which: str | Sequence[str]) -> pd.DataFrame:
        """Learning curves, one row per trial and evaluated epoch: digest, then `optlab.study.curves.COLUMNS`."""
        return tables.long_curves(row for rows in self.curve_blocks(which) for row in rows)

    def curve_blocks(self, which: str | Sequence[str]) -> Iterator[list[tuple[bytes, bytes]]]:
        """(digest, block) of these trials' curves (`optlab.study.curves.unpack`), some at a time: for studies larger than memory."""
        with self.faults():
            for rows in self._chunks(tables.STUDY_CURVES, tables.DIGEST_CURVES, which):
                yield [(digest, block) for _, digest, block in rows]

    def environments(self, which: str) -> list[dict[str, str]]:
        """The environments that the trials of a study ran in, the most frequent first."""
        with self.faults():
            return [json.loads(text) for rows in self.rows(tables.STUDY_ENVIRONMENTS, self.study_id(which)) for _, text in rows]

    def exact(self) -> dict[str, tuple[Any, ...]]:
        """digest -> all that the digest determines, curves by the digest of their float64 numbers: to compare stores bit for bit."""
        with self.faults():
            return {digest.hex(): tuple(rest) for rows in self.rows(tables.EXACT) for _, digest, *rest in rows}

    def _descriptions(self, configurations: Sequence[int]) -> Iterator[tuple[int, str]]:
        for rows in self.rows(tables.CONFIGURATIONS, json.dumps(configurations)):
            yield from ((key, text) for _, key, text in rows)

    def _chunks(self, by_study: str, by_digest: str, which: str | Sequence[str]) -> Iterator[list[Any]]:
        if isinstance(which, str):
            yield from self.rows(by_study, self.study_id(which))
        else:
            for digest in which:
                yield from self.rows(by_digest, bytes.fromhex(digest))

    def rows(self, query: str, *parameters: Any) -> Iterator[list[Any]]:
        """Rows of a query whose first column says whether their seals are whole, `CHUNK` at a time.

        Raises:
            OptlabError: one is not.
        """
        found = self._connection.execute(query, parameters)
        while rows := found.fetchmany(CHUNK):
            if not all(row[0] for row in rows):
                raise storefile.damaged(self.path, "a row is not as it was written")
            yield rows


def _trial_row(row: int, configuration: int, environment: int, record: Record, digest: bytes) -> tuple[Any, ...]:
    """In the order of `seals.SEALED`."""
    trial = record.trial
    return (
        row, digest, configuration, environment, trial.seed, trial.replicate, bytes.fromhex(trial.data), record.status, record.sentence,
        record.metric, record.steps, record.epochs, record.seconds, record.flops, *record.finals(),
        record.roc_auc, record.confusion, record.bad_epoch, record.bad_step, record.bad_layer,
    )  # fmt: skip
