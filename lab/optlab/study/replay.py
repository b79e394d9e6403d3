"""A study rebuilt from the record that its report left, and whether it came to the same numbers again.

The record is a JSON file beside the page. It holds the study's keys, names and digests of what it was made of, where it ran, and digests
of its outcomes; it holds no code, and nothing in it is ever run: plugin files are given again, and known by their digests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError
from optlab.study import causes, environment, stored
from optlab.study.ingredients import source_digest
from optlab.study.origins import relocated
from optlab.study.spec import Study
from optlab.study.trial import NUMERICS

if TYPE_CHECKING:
    from optlab.study.results import Results

FILE = "record.json"
FORMAT = 1
_REMEDY = f"give the folder of a report, its index.html or its {FILE}"


def write(results: Results, folder: Path) -> Path:
    """Write the record of a study into the folder of its report, all or nothing."""
    from optlab.report.placing import place
    from optlab.study.store import Store

    with Store(results.store, create=False) as opened:
        environments = opened.environments(results.name)
    about = {
        "optlab_record": FORMAT,
        "record": results.record,
        "environments": environments,
        "outcomes": list(stored.fingerprints(results.store, results.name)),
    }
    place(folder / FILE, (json.dumps(about, indent=1, sort_keys=True) + "\n").encode())
    return folder / FILE


@dataclass(frozen=True)
class Recorded:
    """What a record file says."""

    path: Path
    record: Mapping[str, Any]
    environments: Sequence[Mapping[str, str]]
    outcomes: Sequence[Mapping[str, Any]]

    @property
    def until_decided(self) -> bool:
        return bool(self.record["ingredients"].get("until_decided"))

    def study(self, plugins: Sequence[str | Path] = (), data: str | Path | None = None) -> Study:
        """The study again.

        plugins: the plugin files that the record names, in any order. data: the folder of its own data, if not where it was.

        Raises:
            OptlabError: a plugin file or data that are missing or not the recorded ones, or a part that only a running Python had.
        """
        about, files = self.record["ingredients"], [Path(file).expanduser() for file in plugins]
        if about["python"]:
            raise OptlabError(
                f"{self.path}: the study cannot be rebuilt from its record, for {' and '.join(dict.fromkeys(about['python']))}; "
                "run the program that made it, or put rules into a plugin file and data into a table"
            )
        self._check_files(about["plugins"], files)
        given = {key: value for key, value in self.record["settings"].items() if key not in ("plugin", "published")}
        given = relocated(given, None if data is None else Path(data))
        study = Study.from_record(given, f"record {self.path}", Path(about["folder"]), files, about["name"])
        study.reference, study.overrides = about["reference"], tuple(about["overrides"])
        for label in study.problems:
            wanted, found = about["data"].get(label), study.datasets.digest(label, 0)
            if found != wanted:
                raise OptlabError(
                    f"{self.path}: the data of {label} are not the recorded ones (digest {found[:12]}, recorded {str(wanted)[:12]}); "
                    "give the folder of the right file with --data"
                )
        return study

    def _check_files(self, named: Sequence[Mapping[str, str]], files: Sequence[Path]) -> None:
        wanted, given = {one["digest"]: one["file"] for one in named}, {source_digest(file): file for file in files}
        for digest, name in wanted.items():
            if digest in given:
                continue
            other = next((file for found, file in given.items() if file.name == name and found not in wanted), None)
            if other is not None:
                raise OptlabError(
                    f"{self.path}: the plugin file {other} is not the recorded one (digest {source_digest(other)[:12]}, recorded "
                    f"{digest[:12]}); a replay needs its text of then"
                )
            raise OptlabError(f"{self.path}: the study used the plugin file {name} (digest {digest[:12]}); give it with --plugin {name}")
        for digest, file in given.items():
            if digest not in wanted:
                raise OptlabError(f"{self.path}: the study did not use the plugin file {file}; a replay changes nothing, so drop it")

    def agreement(self, results: Results) -> Agreement:
        """Whether a run of the study came to the recorded numbers."""
        now = {(one["problem"], one["contender"]): one for one in stored.fingerprints(results.store, results.name)}
        different = []
        for one in self.outcomes:
            key = one["problem"], one["contender"]
            found = now.get(key)
            if found is None or found["which"] != one["which"]:
                different.append((*key, "other trials were run"))
            elif found["numbers"] != one["numbers"]:
                different.append((*key, "the same trials came out otherwise"))
        numerics = self.record["ingredients"]["numerics"]
        here = environment.describe()
        why = [f"optlab's numerics were {numerics} and are {NUMERICS}"] if numerics != NUMERICS else []
        why += causes.between(self.environments[0], here) if self.environments else []
        return Agreement(sum(one["trials"] for one in self.outcomes), tuple(different), tuple(why), "published" in self.record["settings"])


@dataclass(frozen=True)
class Agreement:
    """trials: recorded ones. different: (problem, contender, in what). causes: what is not as it was when they ran.

    published: others' runs were shown beside the study, which no replay repeats.
    """

    trials: int
    different: tuple[tuple[str, str, str], ...]
    causes: tuple[str, ...]
    published: bool = False

    def __bool__(self) -> bool:
        return not self.different

    @property
    def sentence(self) -> str:
        """The verdict of a replay."""
        if not self.different:
            beside = "; the published runs that were shown beside them are no part of it" if self.published else ""
            return f"replay: all {self.trials:,} recorded trials came out the same, bit for bit{beside}"
        who = "; ".join(f"{contender} on {problem}: {what}" for problem, contender, what in self.different)
        why = f"conditions differ: {'; '.join(self.causes)}" if self.causes else "on the same CPU and versions"
        return f"replay: the numbers are not the recorded ones ({who}); {why}"


def load(path: str | Path) -> Recorded:
    """The record in a file, beside a page, or in the folder of a report.

    Raises:
        OptlabError: there is none, or it is not one that this version reads.
    """
    given = Path(path).expanduser()
    file = given / FILE if given.is_dir() else given.with_name(FILE) if given.suffix in (".html", ".htm") else given
    try:
        about = json.loads(file.read_bytes())
    except OSError as error:
        raise OptlabError(f"there is no record of a study at {file} ({error.strerror}); {_REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise OptlabError(f"{file} is no record of a study ({' '.join(str(error).split())}); {_REMEDY}") from error
    for fault in _faults(about):
        raise OptlabError(f"{file} is no record of a study that this optlab reads: {fault}; {_REMEDY}")
    return Recorded(file, about["record"], about["environments"], about["outcomes"])


def _faults(about: Any) -> Iterator[str]:
    """What is wrong with the shape of a record, the first thing first."""
    if not isinstance(about, dict) or "optlab_record" not in about:
        yield "it does not say that it is one"
        return
    if about["optlab_record"] != FORMAT:
        yield f"its format is {about['optlab_record']!r} and not {FORMAT}; upgrade optlab"
        return
    shapes: dict[str, Any] = {"record": dict, "environments": list, "outcomes": list}
    yield from _misshapen(about, shapes, "")
    record = about["record"]
    yield from _misshapen(record, {"settings": dict, "ingredients": dict}, "record.")
    parts: dict[str, Any] = dict.fromkeys(("name", "reference", "folder"), str) | dict.fromkeys(("overrides", "plugins", "python"), list)
    parts |= {"numerics": int, "data": dict}
    ingredients = record["ingredients"]
    yield from _misshapen(ingredients, parts, "record.ingredients.")
    for name, wanted in (("overrides", str), ("python", str)):
        if not all(isinstance(one, wanted) for one in ingredients[name]):
            yield f"record.ingredients.{name} holds something else than text"
    for name, entries, keys in (
        ("record.ingredients.plugins", ingredients["plugins"], {"file": str, "digest": str}),
        ("outcomes", about["outcomes"], {"problem": str, "contender": str, "trials": int, "which": str, "numbers": str}),
        ("environments", about["environments"], {}),
    ):
        for entry in entries:
            if not isinstance(entry, dict):
                yield f"{name} holds something else than tables"
            yield from _misshapen(entry, keys, f"{name}.")


def _misshapen(table: Mapping[str, Any], wanted: Mapping[str, type], where: str) -> Iterator[str]:
    for name, kind in wanted.items():
        if name not in table:
            yield f"{where}{name} is missing"
        if not isinstance(table[name], kind):
            yield f"{where}{name} is {type(table[name]).__name__} and not {kind.__name__}"
