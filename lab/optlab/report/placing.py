"""The one way files of reports are written: all or nothing, and no trace of a writer that was killed in between."""

import contextlib
import hashlib
import os
import platform
import re
import tempfile
import time
from pathlib import Path

OLD = 60.0
"""Seconds after which a draft whose process is gone is taken away."""

_HOST = hashlib.blake2b(platform.node().encode(), digest_size=4).hexdigest()
_DRAFT = re.compile(rf"\.optlab-(\d+)-{_HOST}-\w+\.tmp")


def place(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` all or nothing: a reader never sees half a file, and an interrupted run leaves the old one.

    Takes away what processes of this machine that were killed while they wrote into the same folder have left there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    handle, temporary = tempfile.mkstemp(prefix=f".optlab-{os.getpid()}-{_HOST}-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(folder: Path) -> None:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:  # another process may do the same now
        for entry in entries:
            draft = _DRAFT.fullmatch(entry.name)
            if draft is None or not entry.is_file(follow_symlinks=False) or _lives(int(draft[1])):
                continue
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > OLD:
                Path(entry.path).unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    """Whether there is such a process on this machine; yes on Windows, where asking with a signal would end it."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
