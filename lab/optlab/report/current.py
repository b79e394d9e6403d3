"""Whether a page on disk already says what a report would: drawing the quickstart's figures takes 4 s of a 6 s rerun."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import optlab


def fingerprint(frame: pd.DataFrame, record: Mapping[str, Any]) -> str:
    """A digest of what a page is made of: the outcomes, the record, and the code that reads and draws them."""
    digest = hashlib.blake2b(_code(), digest_size=12)
    digest.update(json.dumps(dict(record), sort_keys=True, default=str).encode())
    digest.update(frame.to_csv(index=False).encode())
    return digest.hexdigest()


@functools.cache
def _code() -> bytes:
    """A digest of this version's evidence and report, templates included: 1 ms, where a version number says nothing in a checkout."""
    root = Path(optlab.__file__).parent
    digest = hashlib.blake2b(optlab.__version__.encode(), digest_size=16)
    for part in ("evidence", "report"):
        for path in sorted((root / part).rglob("*")):
            if path.suffix in (".py", ".j2", ".css", ".js", ".json"):
                digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return digest.digest()


def is_current(page: Path, mark: str) -> bool:
    """Whether the page at this path was made with this fingerprint."""
    try:
        with page.open(encoding="utf-8") as file:
            return f'name="optlab-fingerprint" content="{mark}"' in file.read(4096)
    except OSError:
        return False
