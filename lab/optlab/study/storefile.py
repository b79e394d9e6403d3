"""Opening the store's file: is it ours, is it whole, can this version read it? A file that is not is never written to."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from optlab.errors import OptlabError
from optlab.study.migrations import MIGRATIONS

APPLICATION_ID = int.from_bytes(b"optl", "big")
_MAGIC = b"SQLite format 3\x00"
_HEADER = 100


def inspect(path: Path) -> None:
    """Refuse a file that is no store, from its header alone (https://sqlite.org/fileformat2.html, 1.3).

    Raises:
        OptlabError: a folder, unreadable, not SQLite, of another application, cut short, or of a newer optlab.
    """
    if path.is_dir():
        raise OptlabError(f"the store {path} is a folder; give the path of a file")
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
        size = path.stat().st_size
    except FileNotFoundError:
        return
    except OSError as error:
        raise OptlabError(f"the store {path} cannot be read ({error.strerror}); give another file with --store") from error
    if not header:
        return
    remedy = "give another file with --store"
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise OptlabError(f"{path} is no optlab store (not an SQLite file), so nothing was written to it; {remedy}")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise OptlabError(f"{path} is no optlab store (an SQLite file of another application), so nothing was written to it; {remedy}")
    _check_version(path, int.from_bytes(header[60:64], "big"))
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    log = path.with_name(path.name + "-wal")
    if size < pages * (65536 if page == 1 else page) and not (log.exists() and log.stat().st_size):
        raise OptlabError(f"the store {path} is cut short ({size} bytes of {pages * page}); restore it from a copy, or {remedy}")


def _check_version(path: Path, version: int) -> None:
    if version > len(MIGRATIONS):
        raise OptlabError(
            f"the store {path} was written by a newer optlab (schema {version}, this one reads up to {len(MIGRATIONS)}); "
            "upgrade optlab, or give another file with --store"
        )


def connect(path: Path, create: bool) -> sqlite3.Connection:
    """A connection to a store of the current schema; an older one is migrated, a missing one made where `create` says so.

    Raises:
        OptlabError: see `inspect`; also a file that is missing or cannot be written.
    """
    inspect(path)
    if not create and not path.exists():
        raise OptlabError(f"there is no store {path}; run a study first, or give another file with --store")
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise OptlabError(f"the store {path} cannot be opened ({error}); give a writable file with --store") from error
    try:
        migrate(connection, path)
        # Write-ahead log: readers see a running study, and a commit costs 0.1 ms. NORMAL survives a killed process.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        connection.close()
        raise OptlabError(f"the store {path} cannot be used ({error}); give a writable, whole store file with --store") from error
    except OptlabError:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date, one transaction per step."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    _check_version(path, version)
    while version < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been faster
            if version < len(MIGRATIONS):
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
                version += 1
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
