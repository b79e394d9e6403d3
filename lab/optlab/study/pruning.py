"""Dropping what no study needs: trials of no study, trials that ended with an error, and the space of what was dropped before."""

from __future__ import annotations

from dataclasses import dataclass

from optlab.study.inventory import ALONE
from optlab.study.store import Store

_FAILED = "status = 'error'"
_UNUSED = {
    "configuration": "id NOT IN (SELECT configuration FROM trial)",
    "environment": "id NOT IN (SELECT environment FROM trial)",
}


@dataclass(frozen=True)
class Pruned:
    """What was dropped, or would be.

    alone: trials of no study; failed: trials that ended with an error, which would run again anyway; before, after: bytes of the file
    (after: an estimate where nothing was dropped yet).
    """

    alone: int
    failed: int
    before: int
    after: int


def look(store: Store) -> Pruned:
    """What `prune` would drop."""
    with store.faults() as connection:
        alone, failed = (
            connection.execute(f"SELECT count(*) FROM trial WHERE {what}").fetchone()[0] for what in (f"{ALONE} AND NOT {_FAILED}", _FAILED)
        )
        total = connection.execute("SELECT count(*) FROM trial").fetchone()[0]
        free = connection.execute("PRAGMA freelist_count").fetchone()[0] * connection.execute("PRAGMA page_size").fetchone()[0]
        before = store.path.stat().st_size
        return Pruned(alone, failed, before, round((before - free) * (1 - (alone + failed) / total)) if total else before - free)


def prune(store: Store) -> Pruned:
    """Drop it, and give the space back to the disk. What is kept is not changed.

    Raises:
        OptlabError: no room for the file that is written anew; nothing is lost.
    """
    found = look(store)
    with store.transaction() as connection:
        connection.execute(f"DELETE FROM trial WHERE {_FAILED} OR {ALONE}")
        for table, unused in _UNUSED.items():
            connection.execute(f"DELETE FROM {table} WHERE {unused}")
    with store.faults() as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Pruned(found.alone, found.failed, found.before, store.path.stat().st_size)
