"""Who writes a store: one process at a time, and the others can say which.

The lock is the system's own, on the file STORE.lock: it ends with its process, also when that is killed. Who has it stands in STORE.holder,
a file of its own, because older versions of the lock empty the file they fail to lock. Readers need neither.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from optlab.errors import OptlabError

PATIENCE = 0.5
"""Seconds that a writer waits: whoever asks with `holder` has the lock for a moment."""


@dataclass(frozen=True)
class Holder:
    """A process that writes a store. what: such as "a run of the study digits"; since: local time."""

    what: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"{self.what} (process {self.pid} on {self.host}, since {self.since})"


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Be the one process that writes the store at `path`, and say so to others.

    Raises:
        OptlabError: another process is, or no lock can be made beside the store.
    """
    from filelock import FileLock, Timeout

    store = path.resolve()  # under two names it is still one store
    lock, note = FileLock(_beside(store, ".lock"), timeout=PATIENCE), _beside(store, ".holder")
    try:
        lock.acquire()
    except Timeout:
        raise _taken(path, _noted(note)) from None
    except OSError as error:
        raise OptlabError(f"the store {path} cannot be locked ({error.strerror}); give a file in a writable folder with --store") from error
    try:
        _write(note, Holder(what, os.getpid(), platform.node(), f"{datetime.now():%Y-%m-%d %H:%M:%S}"), path)
        yield
    finally:
        with contextlib.suppress(OSError):  # a folder that is gone, or has become read-only, holds nobody up
            note.unlink()
        lock.release()


def holder(path: Path) -> Holder | None:
    """Who writes the store now; makes no file.

    None: nobody, or nobody who could be seen from here: the lock of another user, or of another machine where the file system tells no
    machine of the other's locks.
    """
    from filelock import FileLock, Timeout

    lock = _beside(path.resolve(), ".lock")
    if not lock.exists():
        return None
    try:
        with FileLock(lock, timeout=0):
            return None
    except Timeout:
        return _noted(_beside(path.resolve(), ".holder")) or Holder("another process", 0, "an unknown machine", "an unknown time")
    except OSError:
        return None


def refuse_held(path: Path) -> None:
    """Raise what `held` would where another process writes the store; makes no file.

    Raises:
        OptlabError: see `held`.
    """
    if (who := holder(path)) is not None:
        raise _taken(path, who)


def _taken(path: Path, who: Holder | None) -> OptlabError:
    return OptlabError(
        f"the store {path} is in use by {who or 'another process'}; wait until it has ended or give another file with --store "
        "(optlab report may read it meanwhile)"
    )


def _beside(store: Path, ending: str) -> Path:
    return store.with_name(store.name + ending)


def _write(note: Path, who: Holder, path: Path) -> None:
    try:
        note.write_text(json.dumps(asdict(who)), encoding="utf-8")
    except OSError as error:
        raise OptlabError(f"the store {path} cannot be held ({error.strerror}); mend that, or give another file with --store") from error


def _noted(note: Path) -> Holder | None:
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        return Holder(str(found["what"]), int(found["pid"]), str(found["host"]), str(found["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # its process is about to write it
