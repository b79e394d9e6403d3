"""`optlab selftest`: published numbers, and what this lab's own training makes of the same protocols.

Each module reproduces one oracle: `NAME`, `TITLE`, `REMARK`, and `numbers(progress)`, which yields a `Number` at a time. Nothing here
trains by itself: networks go through `optlab.train` with explicit starts and mini-batches, objectives through `optlab.minimise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from optlab.errors import OptlabError, nearest
from optlab.selftest import closed_forms, course_digits, deepobs, scikit_learn
from optlab.selftest.record import Number

PARTS = {part.NAME: part for part in (closed_forms, scikit_learn, course_digits, deepobs)}


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """These parts; all of them where none is named.

    Raises:
        OptlabError: there is no such part.
    """
    for name in names:
        if name not in PARTS:
            raise OptlabError(f"selftest has no part {name!r}{nearest(name, list(PARTS))}; it has {', '.join(PARTS)}")
    return tuple(names) or tuple(PARTS)


def about(name: str) -> tuple[str, str]:
    """(what the part reproduces, what its reader should know, if anything)."""
    return PARTS[name].TITLE, PARTS[name].REMARK


def numbers(name: str, progress: Callable[[str], None] = lambda words: None) -> Iterator[Number]:
    """The numbers of a part, each as it is reached. `progress` is told what is being run."""
    found: Iterator[Number] = PARTS[name].numbers(progress)
    return found
