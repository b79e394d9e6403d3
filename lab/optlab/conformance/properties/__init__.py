"""Properties of an update rule, measured: symmetries, convergence, cost, behaviour at the ends of time."""

from __future__ import annotations

from collections.abc import Iterator

from optlab.conformance.properties import behaviour, convergence, cost, symmetries
from optlab.conformance.record import Check
from optlab.rules import Rule
from optlab.stages import requests_of


def check(rule: Rule) -> Iterator[Check]:
    """All of them, at the rule's defaults."""
    for part in (convergence, cost) if requests_of(rule) else (symmetries, behaviour, convergence, cost):
        yield from part.check(rule)
