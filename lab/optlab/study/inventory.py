"""What a store holds: studies, trials, where they ran, bytes, who writes it; and on request whether all of it is whole."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from optlab.study import hold, seals
from optlab.study.store import Store


@dataclass(frozen=True)
class Listed:
    """A study in a store. trials: planned so far; finished: those with an outcome; changed: when it was last run, UTC."""

    name: str
    trials: int
    finished: int
    complete: bool
    changed: str


@dataclass(frozen=True)
class Inventory:
    """What a store holds.

    statuses: status -> trials; alone: trials of no study; environments: with the trials that ran there, the most first; bytes: of the
    file and its log, curve_bytes of them learning curves; faults: None where nobody looked, else what is wrong, a sentence part each.
    """

    path: str
    schema: int
    studies: tuple[Listed, ...]
    statuses: dict[str, int]
    alone: int
    environments: tuple[tuple[int, dict[str, str]], ...]
    bytes: int
    curve_bytes: int
    holder: hold.Holder | None
    faults: tuple[str, ...] | None

    @property
    def trials(self) -> int:
        return sum(self.statuses.values())


def take(store: Store, check: bool = False) -> Inventory:
    """The inventory of a store. check: read every page and every row, and say what is damaged."""
    with store.faults() as connection:
        files = (store.path, store.path.with_name(store.path.name + "-wal"))
        return Inventory(
            path=str(store.path),
            schema=int(connection.execute("PRAGMA user_version").fetchone()[0]),
            studies=tuple(_listed(store, name) for name in store.studies()),
            statuses=dict(connection.execute("SELECT status, count(*) FROM trial GROUP BY status ORDER BY count(*) DESC")),
            alone=int(connection.execute(f"SELECT count(*) FROM trial WHERE {ALONE}").fetchone()[0]),
            environments=tuple((int(count), json.loads(text)) for rows in store.rows(_ENVIRONMENTS) for _, count, text in rows),
            bytes=sum(file.stat().st_size for file in files if file.exists()),
            curve_bytes=int(connection.execute("SELECT coalesce(sum(length(block)), 0) FROM curve").fetchone()[0]),
            holder=hold.holder(store.path),
            faults=tuple(_faults(connection)) if check else None,
        )


_ENVIRONMENTS = f"""
    SELECT {seals.sound("environment")}, count(*), environment.description FROM trial
    JOIN environment ON environment.id = trial.environment GROUP BY environment.id ORDER BY count(*) DESC, environment.id"""

ALONE = "digest NOT IN (SELECT digest FROM study_trial)"
"""SQL: of trials that no study has."""


def _listed(store: Store, name: str) -> Listed:
    with store.faults() as connection:
        study = store.study_id(name)
        planned, finished = connection.execute(
            "SELECT count(DISTINCT study_trial.digest), count(DISTINCT trial.digest) FROM study_trial "
            "LEFT JOIN trial ON trial.digest = study_trial.digest AND trial.status != 'error' WHERE study_trial.study = ?",
            (study,),
        ).fetchone()
    return Listed(name, planned, finished, bool(store.study(name).get("complete", False)), store.changed(name))


def _faults(connection: sqlite3.Connection) -> list[str]:
    found = [str(line).strip("* ").replace("\n", " ") for (line,) in connection.execute("PRAGMA integrity_check(20)") if line != "ok"]
    found += [
        f"{table}: a row refers to {other} that is not there" for table, _, other, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    found += [f"{table}: {number} not as written" for table, number in seals.broken(connection).items()]
    lost = connection.execute("SELECT count(*) FROM trial WHERE id NOT IN (SELECT trial FROM curve)").fetchone()[0]
    return [*dict.fromkeys(found), *([f"trial: {lost} without a learning curve"] if lost else [])]
