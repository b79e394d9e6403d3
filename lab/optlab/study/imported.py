"""Published runs that a study shows beside its own: read when the study is loaded, kept with its record, in no trial and no claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab import published
from optlab.errors import OptlabError, nearest
from optlab.evidence import words
from optlab.study.entries import Published

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Imported:
    """What a study keeps of a folder of records.

    records: as `optlab.published.frames` takes them, those of the test problems below alone. problems: test problem -> what the study calls
    it. others: test problems in the folder that stand for none of the study.
    """

    folder: str
    records: tuple[dict[str, Any], ...]
    problems: Mapping[str, str]
    others: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The optimizers as they are shown."""
        return tuple(dict.fromkeys(f"{record['optimizer']}{published.SUFFIX}" for record in self.records))

    @property
    def text(self) -> str:
        """What they are, for the protocol."""
        where = words.listed([there if there == here else f"{there} as {here}" for there, here in self.problems.items()])
        left_out = f"; not shown: {words.listed(self.others)}" if self.others else ""
        runs = words.plural(len(self.records), "run")
        return f"{words.listed(self.names)}: {runs} of {where}, from {self.folder}; in no claim and no test{left_out}"

    def plain(self) -> dict[str, Any]:
        """For the record of the study; `frames` reads it."""
        return {"records": list(self.records), "problems": dict(self.problems), "folder": self.folder}


def load(entry: Published | None, folder: Path, problems: list[str], contenders: list[str], source: str) -> Imported | None:
    """The records of a study's key `published`; a path in it is relative to `folder`. None where there is no such key.

    problems, contenders: what the study has.

    Raises:
        OptlabError: no folder, a file that is no record, a problem that one of the two sides does not have; begins with `source`.
    """
    if entry is None:
        return None
    where = f"{source}: published"
    for there, here in entry.problems.items():
        if here not in problems:
            known = f"{nearest(here, problems)}; it has {', '.join(problems)}"
            raise OptlabError(f"{where}.problems: {there} = {here!r}: the study has no such problem{known}")
    try:
        records = list(published.records(folder / Path(entry.folder).expanduser()))
    except OptlabError as error:
        raise OptlabError(f"{where}: {error}") from error
    test_problems = tuple(dict.fromkeys(str(record["testproblem"]) for record in records))
    for there in entry.problems:
        if there not in test_problems:
            known = f"{nearest(there, test_problems)}; there are {', '.join(test_problems)}"
            raise OptlabError(f"{where}.problems: {there!r}: {entry.folder} holds no run of such a test problem{known}")
    shown = {there: there for there in test_problems if there in problems and there not in entry.problems} | entry.problems
    if not shown:
        raise OptlabError(
            f"{where}: none of the test problems in {entry.folder} ({', '.join(test_problems)}) is a problem of the study "
            f"({', '.join(problems)}); if one is, say so with problems = {{ {test_problems[0]} = {next(iter(problems))!r} }}"
        )
    for here in shown.values():
        same = [there for there, one in shown.items() if one == here]
        if len(same) > 1:
            raise OptlabError(f"{where}.problems: {' and '.join(same)} are both called {here!r}; keep one of them")
    kept = tuple(record for record in records if record["testproblem"] in shown)
    found = Imported(entry.folder, kept, shown, tuple(there for there in test_problems if there not in shown))
    for name in found.names:
        if name in contenders:
            raise OptlabError(f"{where}: a contender of the study is called {name!r}, as published runs are; give it another name")
    return found


def frames(kept: Mapping[str, Any] | None) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """(frame, curves) of what `Imported.plain` gave."""
    return published.frames(kept["records"], problems=kept["problems"]) if kept else None
