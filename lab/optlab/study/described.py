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
        self._insert = f"{seals.inserted(table)} ON CONFLICT (digest) DO NOTHING"
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
        (new,) = self._connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {self._table}").fetchone()
        if self._connection.execute(self._insert, (new, digest, self._stored(description))).rowcount == 1:
            return int(new)
        return int(self._connection.execute(f"SELECT id FROM {self._table} WHERE digest = ?", (digest,)).fetchone()[0])

    def forget(self) -> None:
        """Look up again what is asked next."""
        self._known.clear()
