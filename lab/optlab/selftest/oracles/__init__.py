"""Published numbers, each file with its source and protocol, as they were taken down; nothing here is computed."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any


@functools.cache
def read(name: str) -> dict[str, Any]:
    """The oracle of this name."""
    found: dict[str, Any] = json.loads((files(__name__) / f"{name}.json").read_text(encoding="utf-8"))
    return found
