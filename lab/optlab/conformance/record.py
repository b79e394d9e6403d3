"""What a gate says: single checks, and the report of one plugin. Plain data, so that every view of it shows the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Number = float | int | str


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        section: the heading it stands under.
        what: what was looked at.
        passed: None when it is reported and not judged (the convention at a kink, where a value overflows).
        sentence: the finding in words.
        numbers: what the sentence rests on.
    """

    section: str
    what: str
    passed: bool | None
    sentence: str
    numbers: Mapping[str, Number] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As plain data; numbers that JSON cannot hold (inf, nan) become text."""
        numbers = {
            key: value if not isinstance(value, float) or value - value == 0.0 else str(value) for key, value in self.numbers.items()
        }
        return {"section": self.section, "what": self.what, "passed": self.passed, "sentence": self.sentence, "numbers": numbers}


@dataclass(frozen=True)
class Report:
    """All checks of one plugin."""

    kind: str
    name: str
    distribution: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(check.passed is not False for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.passed is False)

    @property
    def verdict(self) -> str:
        """``all 13 checks passed`` or ``2 of 13 checks failed``; what is only reported does not count."""
        judged = sum(check.passed is not None for check in self.checks)
        return f"{len(self.failures)} of {judged} checks failed" if self.failures else f"all {judged} checks passed"

    def sections(self) -> dict[str, list[Check]]:
        """Checks by heading, in the order of first appearance."""
        found: dict[str, list[Check]] = {}
        for check in self.checks:
            found.setdefault(check.section, []).append(check)
        return found

    def record(self) -> dict[str, Any]:
        """As plain data."""
        head = {"kind": self.kind, "name": self.name, "distribution": self.distribution, "ok": self.ok}
        return head | {"checks": [check.record() for check in self.checks]}
