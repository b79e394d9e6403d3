"""``--set key=value`` and ``--set key+=value``: changes to a study file without editing it."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from optlab.errors import OptlabError
from optlab.study import axes


def apply_overrides(study: Mapping[str, Any], overrides: Iterable[str], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A copy of a study's dictionary with each ``key=value`` (replace) or ``key+=value`` (add to the list) applied in turn.

    Dots go down into tables: ``hyper.mine.beta=[0, 0.9]``. A value is read as TOML; what is no TOML is a word, or words and
    numbers between commas: ``optimizer=adam,gd``. Adding to a single value or to a grid makes a list of it first; `defaults`
    holds what an absent key stands for.

    Raises:
        OptlabError: no ``=``, or a path through something that is no table.
    """
    changed = copy.deepcopy(dict(study))
    for text in overrides:
        left, equals, right = text.partition("=")
        adding = left.endswith("+")
        path = [part.strip() for part in left.removesuffix("+").strip().split(".")]
        if not equals or not all(path) or not right.strip():
            raise OptlabError(f"--set {text}: there is no key and value; write --set key=value, or --set key+=value to add to a list")
        table = changed
        for depth, part in enumerate(path[:-1], start=1):
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise OptlabError(f"--set {text}: {'.'.join(path[:depth])} is no table; it has the value {table!r}")
        value = parse_value(right.strip())
        if adding:
            before = table.get(path[-1], (defaults or {}).get(path[-1]) if len(path) == 1 else None)
            value = _added(before, value, text)
        table[path[-1]] = value
    return changed


def parse_value(text: str) -> Any:
    """``0.1``, ``[1, 2]``, ``{log = [1e-4, 1], points = 5}``, ``true`` as TOML reads them; ``adam`` and ``adam,gd`` as words."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        parsed = {}
    if parsed.keys() == {"value"}:
        return parsed["value"]
    if "," in text and not any(bracket in text for bracket in "[]{}"):
        return [parse_value(part.strip()) for part in text.split(",") if part.strip()]
    return text


def _added(before: Any, value: Any, text: str) -> list[Any]:
    try:
        base = [] if before is None else axes.as_list(before)
        extra = axes.as_list(value)
    except ValueError as error:
        raise OptlabError(f"--set {text}: {error}") from error
    return base + [one for one in extra if one not in base]
