"""The entries of a mapping that were used last; the others are forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

DATASETS = 32
"""Data sets that a worker process keeps: as many as a study does (`optlab.study.problems.KEPT`)."""


class Recent(OrderedDict[str, Any]):
    """At most `most` entries. Two of them that are used in the same order keep the same keys: so two processes agree on what one has."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def use(self, key: str, value: Any = None) -> Any:
        """The entry of this key, entered with `value` if it is new; now the one used last."""
        found = self.setdefault(key, value)
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
        return found

    def lacking(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Use these keys in turn, and return what another one of the same past needs to do so: None for an entry that it has."""
        sent = {}
        for key, value in given.items():
            sent[key] = None if key in self else value  # asked in turn: an entry before it may have driven it out
            self.use(key, value)
        return sent
