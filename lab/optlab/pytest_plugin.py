"""For pytest users: the fixture `conformance`, with which a package of plugins tests each of them in one line.

    def test_mine(conformance):
        conformance("mine")

pytest loads this module at every start, in projects that never use it too: it imports nothing heavier than pytest itself.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from optlab.base import Plugin
    from optlab.conformance.record import Report

Conformance = Callable[["str | PathLike[str] | Plugin"], "tuple[Report, ...]"]


def _conformance(plugin: str | PathLike[str] | Plugin) -> tuple[Report, ...]:
    __tracebackhide__ = True  # a failing test shows its own line, not these
    from optlab.base import Plugin
    from optlab.conformance import gates
    from optlab.errors import OptlabError

    try:
        chosen = gates.chosen(str(plugin)) if isinstance(plugin, str | PathLike) else [plugin]
        if not all(isinstance(one, Plugin) for one in chosen):
            raise OptlabError(f"{plugin!r} is no plugin; give a name, a file, or a function decorated with @optimizer or its like")
        reports = tuple(gates.check(one) for one in chosen)
    except OptlabError as error:
        raise OptlabError(str(error)) from None  # from here: the sentence says all
    failed = [words(report) for report in reports if not report.ok]
    if failed:
        raise AssertionError("\n".join(failed))
    return reports


def words(report: Report) -> str:
    """What failed, one line for each check, under a line that says how many."""
    lines = (f"  {check.section}, {check.what}: {check.sentence}" for check in report.failures)
    return "\n".join([f"{report.kind} {report.name}: {report.verdict}", *lines])


@pytest.fixture(scope="session")
def conformance() -> Conformance:
    """`optlab check` as an assertion: ``conformance("mine")``, of an installed plugin, a decorated function, or all of a file.

    Fails with the sentences of the checks that failed. Returns the reports, so that a test may ask more of them.
    """
    return _conformance
