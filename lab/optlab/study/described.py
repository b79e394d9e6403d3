"""The store's two tables of texts that many trials share: configurations and environments, each known by the digest of its text."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable

from optlab.study import seals

_MOST_KNOWN = 1000


class Described:
    """Ids of the descriptions in one table. Remembered until `forget`, which a transaction that is undone asks for.

    stored: makes what is stored of a text.
    """

    def __init__(self, connection: sqlite3.Connection, table: str, stored: Callable[[str], str | bytes] = str) -> None:
        self._connection, self._table, self._stored = connection, table, stored
        self._known: dict[bytes, int] = {}

    def id(self, description: str) -> int:
        """The id of a description, entered on first sight."""
        digest = hashlib.blake2b(description.encode(), digest_size=16).digest()
        if digest not in self._known:
            if len(self._known) >= _MOST_KNOWN:  # the trials of a cell come together: a million cells need no memory
                self._known.clear()
            self._known[digest] = self._found(digest, description)
        return self._known[digest]

    def _found(self, digest: bytes, description: str) -> int:
        insert = f"INSERT INTO {self._table} (digest, description) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
        entered = self._connection.execute(insert, (digest, self._stored(description)))
        if entered.rowcount == 1:
            self._connection.execute(f"{seals.sealed(self._table)} WHERE id = ?", (entered.lastrowid,))
            return int(entered.lastrowid or 0)
        return int(self._connection.execute(f"SELECT id FROM {self._table} WHERE digest = ?", (digest,)).fetchone()[0])

    def forget(self) -> None:
        """Look up again what is asked next."""
        self._known.clear()
