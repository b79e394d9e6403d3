"""Putting stores together, from several machines say: by digest, so that what both have is compared and not doubled.

All of one source enters, in one transaction, or nothing of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optlab.errors import OptlabError
from optlab.study import hold, seals, storefile
from optlab.study.store import FINALS, Store
from optlab.study.tables import EXTRAS

_NUMBERS = ("status", "steps", "epochs", "flops", *FINALS, *EXTRAS)
_COPIED = ("digest", "seed", "replicate", "data", "status", "sentence", "metric", "steps", "epochs", "seconds", "flops", *FINALS, *EXTRAS)
_AGREE: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "settings": lambda record: record.get("settings"),
    "data": lambda record: record.get("data"),
    "formulas": lambda record: {name: (one.get("text"), one.get("values")) for name, one in record.get("formulas", {}).items()},
}
"""What of the records of two studies of one name must be the same; versions, times and words may differ."""


@dataclass(frozen=True)
class Conflict:
    """A trial that two stores have with other numbers. values: name -> (kept, other); environments: where each ran."""

    digest: str
    source: str
    values: Mapping[str, tuple[Any, Any]]
    environments: tuple[Mapping[str, str], Mapping[str, str]]


@dataclass
class Merged:
    """What came in.

    trials: new ones; known: that both had; filled: of these, such as got numbers that an older version had not stored; timed: such as
    differ, which they may because a limit in seconds ends them.
    """

    trials: int = 0
    known: int = 0
    filled: int = 0
    diagnoses: int = 0
    timed: int = 0
    studies: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def merge(into: Path, sources: Sequence[Path], studies: bool = True) -> Merged:
    """Bring what other stores have into the one at `into`, which is made where it is missing.

    Of a trial with other numbers there the one in `into` is kept and the two are reported. studies: also their studies; those of a name
    that `into` has get the trials of both.

    Raises:
        OptlabError: a source is no store or damaged, or a study differs from the one of its name; then nothing is written. Also where
            another process writes `into`.
    """
    _verify(into, sources, studies)
    found = Merged()
    with Store(into) as store, hold.held(into, "optlab store merge"):
        for source in sources:
            with Store(source, create=False) as other, _attached(store, other), store.transaction() as connection:
                _trials(connection, str(source), found)
                for name in other.studies() if studies else ():
                    _study(store, other, name)
                    found.studies.append(name)
    found.studies = list(dict.fromkeys(found.studies))
    return found


def _verify(into: Path, sources: Sequence[Path], studies: bool) -> None:
    """Look at all of it before anything is written."""
    known: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    itself = next((path for path in sources if path.resolve() == into.resolve()), None)
    if itself is not None:
        raise OptlabError(f"the store {itself} cannot be merged into itself; name another one")
    for path in (into, *sources) if into.exists() else sources:
        with Store(path, create=False) as store:
            with store.faults() as connection:
                broken = seals.broken(connection)
            if broken:
                raise storefile.damaged(path, f"{sum(broken.values())} rows are not as they were written")
            for name in store.studies() if studies else ():
                _refuse(name, *known.setdefault(name, (path, store.study(name))), path, store.study(name))


@contextmanager
def _attached(into: Store, other: Store) -> Iterator[None]:
    """The source under the name `other` in the connection of `into`, opened in the way that worked for reading it alone."""
    with into.faults() as connection:
        connection.execute("ATTACH ? AS other", (other.uri,))
        try:
            yield
        finally:
            connection.execute("DETACH other")


_BOTH = """FROM other.trial AS theirs JOIN trial AS ours ON ours.digest = theirs.digest AND 'error' NOT IN (ours.status, theirs.status)
    JOIN other.curve AS their_curve ON their_curve.trial = theirs.id JOIN curve AS our_curve ON our_curve.trial = ours.id"""
# What one of them did not store is no difference.
_DIFFER = " OR ".join(
    [f"ours.{name} != theirs.{name}" for name in EXTRAS]
    + [f"ours.{name} IS NOT theirs.{name}" for name in _NUMBERS if name not in EXTRAS]
    + ["our_curve.digest != their_curve.digest"]
)
_PAIRS = ", ".join(f"ours.{name}, theirs.{name}" for name in _NUMBERS)


def _trials(connection: sqlite3.Connection, source: str, found: Merged) -> None:
    for table in ("configuration", "environment"):
        connection.execute(
            f"INSERT INTO {table} (digest, description) SELECT digest, description FROM other.{table} "
            f"WHERE digest NOT IN (SELECT digest FROM {table}) ORDER BY id"
        )
    timed = set[bytes]()
    for conflict, limit in _conflicts(connection, source):
        timed.add(bytes.fromhex(conflict.digest))
        if limit:
            found.timed += 1
        else:
            found.conflicts.append(conflict)
    found.known += connection.execute(f"SELECT count(*) {_BOTH}").fetchone()[0]
    connection.execute("CREATE TEMP TABLE differing (digest BLOB PRIMARY KEY)")
    connection.executemany("INSERT INTO differing VALUES (?)", [(digest,) for digest in timed])
    same = f"{_BOTH} WHERE ours.digest NOT IN (SELECT digest FROM differing)"
    lacking = " OR ".join(f"(ours.{name} IS NULL AND theirs.{name} NOT NULL)" for name in EXTRAS)
    values = ", ".join(f"coalesce(ours.{name}, theirs.{name})" for name in EXTRAS)
    rows = connection.execute(f"SELECT {values}, ours.id {same} AND ({lacking})").fetchall()
    connection.executemany(f"UPDATE trial SET {', '.join(f'{name} = ?' for name in EXTRAS)}, seal = NULL WHERE id = ?", rows)
    found.filled += len(rows)
    # An error is no outcome: it gives way to one, and comes in only where there is nothing.
    connection.execute("DELETE FROM trial WHERE status = 'error' AND digest IN (SELECT digest FROM other.trial WHERE status != 'error')")
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM trial").fetchone()[0]
    found.trials += connection.execute(
        f"INSERT INTO trial (configuration, environment, {', '.join(_COPIED)}) "
        f"SELECT configuration.id, environment.id, {', '.join(f'theirs.{name}' for name in _COPIED)} FROM other.trial AS theirs "
        "JOIN other.configuration AS c ON c.id = theirs.configuration JOIN configuration ON configuration.digest = c.digest "
        "JOIN other.environment AS e ON e.id = theirs.environment JOIN environment ON environment.digest = e.digest "
        "WHERE theirs.digest NOT IN (SELECT digest FROM trial) ORDER BY theirs.id"
    ).rowcount
    connection.execute(
        "INSERT INTO curve (trial, block, digest) SELECT ours.id, curve.block, curve.digest FROM trial AS ours "
        "JOIN other.trial AS theirs ON theirs.digest = ours.digest JOIN other.curve ON curve.trial = theirs.id WHERE ours.id >= ? "
        "ORDER BY ours.id",
        (first,),
    )
    found.diagnoses += connection.execute(
        f"INSERT INTO diagnosis (trial, numbers, same) SELECT ours.id, diagnosis.numbers, diagnosis.same {_BOTH} "
        "JOIN other.diagnosis ON diagnosis.trial = theirs.id WHERE ours.id NOT IN (SELECT trial FROM diagnosis) "
        "AND ours.digest NOT IN (SELECT digest FROM differing) ORDER BY ours.id"
    ).rowcount
    connection.execute("DROP TABLE differing")
    for table in seals.SEALED:
        connection.execute(f"{seals.sealed(table)} WHERE seal IS NULL")


def _conflicts(connection: sqlite3.Connection, source: str) -> Iterator[tuple[Conflict, bool]]:
    """The trials that differ, and whether a limit in seconds, which ends a run where the machine is, explains it."""
    query = f"""SELECT ours.digest, plain(configuration.description), our_environment.description, their_environment.description,
        our_curve.digest, their_curve.digest, {_PAIRS} {_BOTH}
        JOIN configuration ON configuration.id = ours.configuration
        JOIN environment AS our_environment ON our_environment.id = ours.environment
        JOIN other.environment AS their_environment ON their_environment.id = theirs.environment WHERE {_DIFFER} ORDER BY ours.id"""
    for digest, description, ours, theirs, our_curve, their_curve, *numbers in connection.execute(query):
        pairs = dict(zip(_NUMBERS, zip(numbers[::2], numbers[1::2], strict=True), strict=True))
        values = {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and not (name in EXTRAS and None in pair)}
        if our_curve != their_curve:
            values["curves (digest)"] = our_curve.hex(), their_curve.hex()
        limit = json.loads(description)["settings"].get("time_limit")
        yield Conflict(digest.hex(), source, values, (json.loads(ours), json.loads(theirs))), bool(limit)


def _refuse(name: str, path: Path, ours: Mapping[str, Any], source: Path, theirs: Mapping[str, Any]) -> None:
    differing = [what for what, read in _AGREE.items() if read(ours) != read(theirs)]
    if differing:
        raise OptlabError(
            f"the study {name} in {source} is not the one in {path} (their {' and '.join(differing)} differ), so nothing was merged; "
            "merge the trials alone with --trials-only and run the study you want on the merged store, which finds them"
        )


def _study(into: Store, other: Store, name: str) -> None:
    """Enter a study of the source; one that is there gets the trials that it has not, and the record of the one that is complete."""
    with into.faults() as connection:
        theirs = connection.execute("SELECT id, description, changed FROM other.study WHERE name = ?", (name,)).fetchone()
        insert = "INSERT INTO study (name, description, changed) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING"
        connection.execute(insert, (name, *theirs[1:]))
        if other.study(name).get("complete") and not json.loads(_described(connection, name)).get("complete"):
            connection.execute("UPDATE study SET description = ? WHERE name = ?", (theirs[1], name))
        connection.execute(f"{seals.sealed('study')} WHERE name = ?", (name,))
        study = into.study_id(name)
        last = "SELECT coalesce(max(position), -1) FROM study_trial WHERE study = ?1"
        what = "digest, problem, contender, phase, cell"
        connection.execute(
            f"""INSERT INTO study_trial (study, position, {what})
            SELECT ?1, row_number() OVER (ORDER BY position) + ({last}), {what}
            FROM other.study_trial WHERE study = ?2
            AND ({what}) NOT IN (SELECT {what} FROM study_trial WHERE study = ?1)""",
            (study, theirs[0]),
        )
        connection.execute(f"{seals.sealed('study_trial')} WHERE study = ? AND seal IS NULL", (study,))


def _described(connection: sqlite3.Connection, name: str) -> str:
    return str(connection.execute("SELECT description FROM study WHERE name = ?", (name,)).fetchone()[0])
