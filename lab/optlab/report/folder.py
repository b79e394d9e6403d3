"""The files of a report's folder, so that a later report takes away what an earlier one wrote and no longer belongs there.

Nothing else is ever removed: the folder may hold the reader's own files.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from optlab.report.placing import place

LIST = "files.json"
PLACES = ("figures", "tables")
"""Folders that reports write into; a list that names files elsewhere was not written by one."""


def settle(out: Path, written: Iterable[Path]) -> list[str]:
    """Remove what the last report in ``out`` wrote and this one did not, and note what this one wrote; return what was removed."""
    now = sorted(path.relative_to(out).as_posix() for path in written)
    removed = []
    for name in sorted(set(_earlier(out)) - set(now)):
        path = out / name
        if path.is_file() and not path.is_symlink():
            path.unlink()
            removed.append(name)
    place(out / LIST, (json.dumps(now, indent=1) + "\n").encode())
    return removed


def _earlier(out: Path) -> list[str]:
    try:
        names = json.loads((out / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [name for name in names if isinstance(name, str) and _ours(name)] if isinstance(names, list) else []


def _ours(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and parts[0] in PLACES and parts[1] not in ("", ".", "..") and "\\" not in name
