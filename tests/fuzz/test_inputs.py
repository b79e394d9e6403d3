"""Bad input of every kind is refused with one sentence; nothing is written, nothing of it runs."""

from pathlib import Path

import pytest

from tests.fuzz.inputs import KINDS
from tests.fuzz.support import counted, fuzz, harmless, watched

# Hypothesis warns while it prints a failing store of 200 kB: as an error that would hide what failed.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@counted
@pytest.mark.parametrize("kind", KINDS)
def test_fuzzed(kind: str, examples: int, tmp_path: Path) -> None:
    fuzz(*KINDS[kind](tmp_path), examples)


def test_the_guards_see_what_they_guard_against(tmp_path: Path) -> None:
    """A property that could not fail would prove nothing."""
    with watched() as events:
        eval("1 + 1")
    assert events
    with pytest.raises(AssertionError, match="it made something run"):
        harmless(lambda: eval("1 + 1"), tmp_path)
    with pytest.raises(AssertionError, match="it wrote to a file"):
        harmless(lambda: (tmp_path / "new").touch(), tmp_path)
