"""Whether a store's tables, keys and indices are those of its version.

SQLite reads its schema from text in the file and takes it as it stands: after one changed bit an ``id INTEGER PRIEARY KEY`` is a column of
that type, and empty.
"""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing
from typing import Any

from optlab.study import packed, seals
from optlab.study.migrations import MIGRATIONS

_TABLES = "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name"
_PARTS = (
    'SELECT cid, name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid',
    'SELECT name, "unique", origin, partial FROM pragma_index_list(?) ORDER BY name',
    'SELECT "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    'SELECT seqno, cid, name, "desc", coll, key FROM pragma_index_xinfo(?) ORDER BY seqno',
)


def differs(connection: sqlite3.Connection) -> bool:
    """Whether what the connection sees is not what the migrations up to its version make; a file without a version has nothing to differ.

    An error leaves a transaction open: who opens a store closes the connection then.
    """
    connection.execute("BEGIN")  # version and tables of one moment: another process may be migrating the file
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    found = _structure(connection)
    connection.execute("COMMIT")
    return version > 0 and found != _made(version)


@functools.cache
def _made(version: int) -> list[Any]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        seals.install(connection)
        packed.install(connection)
        for step in MIGRATIONS[:version]:
            for statement in step:
                connection.execute(statement)
        return _structure(connection)


def _structure(connection: sqlite3.Connection) -> list[Any]:
    found = connection.execute(_TABLES).fetchall()
    return [(*one, *(connection.execute(query, (one[1],)).fetchall() for query in _PARTS)) for one in found]
