"""The store's two tables of texts that many trials share: configurations and environments, each known by the digest of its text."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from optlab.study import seals

_MOST_KNOWN = 2000


class Described:
    """Ids of the descriptions in one table. Remembered until `forget`, which a transaction that is undone asks for.

    stored: makes what is stored of a text.
    """

    def __init__(self, connection: sqlite3.Connection, table: str, stored: Callable[[str], str | bytes] = str) -> None:
        self._connection, self._table, self._stored = connection, table, stored
        self._known: dict[bytes, int] = {}

    def ids(self, descriptions: Sequence[str]) -> list[int]:
        """The ids of descriptions, entered on first sight: some hundreds at a time, in three statements for all of them."""
        digests = [hashlib.blake2b(one.encode(), digest_size=16).digest() for one in descriptions]
        asked = dict(zip(digests, descriptions, strict=True))
        new = {digest: text for digest, text in asked.items() if digest not in self._known}
        if len(self._known) + len(new) > _MOST_KNOWN:  # the trials of a cell come together: a million cells need no memory
            self._known, new = {}, asked
        if new:
            self._known |= self._found(new)
        return [self._known[digest] for digest in digests]

    def _found(self, new: Mapping[bytes, str]) -> dict[bytes, int]:
        places = ", ".join("?" * len(new))
        there = dict(self._connection.execute(f"SELECT digest, id FROM {self._table} WHERE digest IN ({places})", list(new)))
        (first,) = self._connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {self._table}").fetchone()
        entered = {digest: row for row, digest in enumerate((one for one in new if one not in there), start=first)}
        rows = [(row, digest, self._stored(new[digest])) for digest, row in entered.items()]
        self._connection.executemany(seals.inserted(self._table), rows)
        return there | entered

    def forget(self) -> None:
        """Look up again what is asked next."""
        self._known.clear()
