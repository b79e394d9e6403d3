"""Opening the store's file: is it ours, is it whole, can this version read it? A file that is not is never written to.

What is checked on opening: the header (application, version, number of pages), then the tables' structure and by SQLite the whole tree and
its indices, once per process and state of the file, the tree up to `CHECKED` bytes. Every row has a seal besides, which is checked when
the row is read (`optlab.study.seals`), so what a larger store gives out is checked, too; `optlab store info --check` reads all of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optlab.errors import OptlabError
from optlab.study import packed, seals, structure
from optlab.study.migrations import MIGRATIONS

APPLICATION_ID = int.from_bytes(b"optl", "big")
BUSY = 30.0
"""Seconds to wait for another process that writes: a commit takes 0.1 ms, a vacuum of a large store some seconds."""
CHECKED = 1 << 30
"""Bytes up to which a file is looked at as a whole on opening: 100,000 trials in 192 MB take 0.45 s (`quick_check`, which does not compare
the indices by which trials are found, 0.2 to 0.4 s)."""
_MAGIC = b"SQLite format 3\x00"
_HEADER = 100
_NO_PLACE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
"""What SQLite says where it cannot make the files of a log."""
FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What Python's sqlite3 raises on a file that is damaged or cannot be used."""
_checked: set[tuple[object, ...]] = set()


def inspect(path: Path) -> None:
    """Refuse a file that is no store, from its header alone (https://sqlite.org/fileformat2.html, 1.3).

    Raises:
        OptlabError: a folder, unreadable, not SQLite, of another application, cut short, or of a newer optlab.
    """
    try:
        if path.is_dir():
            raise OptlabError(f"the store {path} is a folder; give the path of a file")
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
    if header[18] != header[19] or header[18] not in (1, 2):  # how it is written and read: without a log, or with one
        raise damaged(path, "its header is not as it was written")
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    whole = pages * (65536 if page == 1 else page)
    if size < whole and not _has(path, "-wal") and not _has(path, "-journal"):
        raise OptlabError(f"the store {path} is cut short ({size} bytes of {whole}); restore it from a copy, or {remedy}")


def _has(path: Path, ending: str) -> bool:
    """Whether SQLite left a file with something in it beside the store, from which it completes it."""
    beside = path.with_name(path.name + ending)
    return beside.exists() and beside.stat().st_size > 0


def _check_version(path: Path, version: int) -> None:
    if version > len(MIGRATIONS):
        raise OptlabError(
            f"the store {path} was written by a newer optlab (schema {version}, this one reads up to {len(MIGRATIONS)}); "
            "upgrade optlab, or give another file with --store"
        )


def writing(path: Path) -> tuple[sqlite3.Connection, str]:
    """A connection that may write to a store of the current schema, and its address; an older one is migrated, a missing one made.

    Raises:
        OptlabError: see `inspect`; also a file that is damaged or cannot be written.
    """
    inspect(path)
    if path.exists() and not _writable(path):  # SQLite would open it all the same, and fail when the first trials have run
        raise OptlabError(f"the store {path} cannot be written, nor a log beside it; give a file in a writable folder with --store")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        uri = f"{path.resolve().as_uri()}?mode=rwc"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise OptlabError(f"the store {path} cannot be opened ({error}); give a writable file with --store") from error
    with closed_on_error(connection, path):
        check(connection, path)
        migrate(connection, path)
        # Write-ahead log: readers see a running study, and a commit costs 0.1 ms. NORMAL survives a killed process.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    return connection, uri


def reading(path: Path) -> tuple[sqlite3.Connection, str]:
    """A connection that changes nothing in a store, which may be running, or lie where nothing can be written; and the address it took.

    An older store is migrated.

    Raises:
        OptlabError: see `inspect`; also a file that is missing or damaged, or an older one that cannot be migrated where it is.
    """
    inspect(path)
    if not path.exists() or not path.stat().st_size:
        raise OptlabError(f"there is no store {path}; run a study first, or give another file with --store")
    connection, uri = _reading(path)
    with closed_on_error(connection, path):
        check(connection, path)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version == len(MIGRATIONS):
            return connection, uri
    connection.close()
    if not _writable(path):
        raise OptlabError(
            f"the store {path} is of an older optlab (schema {version}) and cannot be brought up to date where nothing can be written; "
            "copy it into a writable folder"
        )
    writing(path)[0].close()
    return reading(path)


def _reading(path: Path) -> tuple[sqlite3.Connection, str]:
    """The first of the ways to read that works here.

    Where the folder is writable: as any other, so that the last one to leave takes the log away. Else read-only. Where SQLite cannot make
    the files of a log and there is none: as a file that nobody changes. (Not otherwise: it would not see who writes meanwhile.)
    """
    modes = ["mode=rw" if _writable(path) else "mode=ro", *([] if _has(path, "-wal") else ["mode=ro&immutable=1"])]
    for mode in modes:
        uri = f"{path.resolve().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None)
        try:
            functions(connection)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return connection, uri
        except FAULTS as error:
            connection.close()
            if isinstance(error, UnicodeDecodeError) or error.sqlite_errorcode & 0xFF not in _NO_PLACE:
                raise fault(path, error) from error
            failed = error
    raise OptlabError(
        f"the store {path} cannot be read ({failed}); copy it, with {path.name}-wal and {path.name}-shm if any, into a writable folder"
    ) from failed


def functions(connection: sqlite3.Connection) -> None:
    """Make the functions of this optlab known to a connection's SQL: `seal`, `pack`, `plain`."""
    seals.install(connection)
    packed.install(connection)


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def fault(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> OptlabError:
    """What SQLite says, as a sentence with the remedy."""
    undecodable = isinstance(error, UnicodeDecodeError) or any(part in str(error) for part in ("UTF-8", "user-defined function"))
    if isinstance(error, sqlite3.OperationalError) and not undecodable:  # the disk is full, the file is gone, somebody else has it locked
        return OptlabError(f"the store {path} failed ({error}); what was saved before is kept: mend that and run again")
    # A text that is none: `seal` is called with it, or a message quotes it.
    return damaged(path, "a text is not as it was written" if undecodable else str(error))


def damaged(path: Path, what: str) -> OptlabError:
    """The sentence about a file whose contents are not what was written."""
    return OptlabError(f"the store {path} is damaged ({what}); restore it from a copy, or give another file with --store")


@contextmanager
def closed_on_error(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Close the connection if anything fails; SQLite's own errors become sentences."""
    try:
        yield
    except FAULTS as error:
        connection.close()
        raise fault(path, error) from error
    except BaseException:
        connection.close()
        raise


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Have SQLite look at the whole tree, once per process and state of the file.

    Raises:
        OptlabError: it is damaged.
    """
    state = tuple((one.st_ino, one.st_size, one.st_mtime_ns) for one in map(_stat, (path, path.with_name(path.name + "-wal"))) if one)
    if state in _checked:
        return
    if structure.differs(connection):
        raise damaged(path, "its tables are not as they were made")
    if path.stat().st_size <= CHECKED:
        first = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if first != "ok":
            raise damaged(path, first.strip("* ").replace("\n", " "))
    _checked.add(state)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date, one transaction per step."""
    functions(connection)
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
