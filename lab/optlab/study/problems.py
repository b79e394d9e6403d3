"""The problems of a study and their data: drawn, split and scaled once, kept read-only, named by a digest of their content."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError
from optlab.registry import Catalogue
from optlab.settings import Pairs, pairs
from optlab.sources import Problem
from optlab.streams import Streams
from optlab.study import folds
from optlab.study.axes import listed
from optlab.study.contenders import complete_hyper
from optlab.study.entries import ProblemEntry
from optlab.study.schema import Spec
from optlab.study.trial import Split

if TYPE_CHECKING:
    from optlab.data import Dataset

KEPT = 32
"""Data sets kept in memory: re-split studies have one per replicate, and memory must not grow with the number of trials."""


@dataclass(frozen=True, eq=False)
class StudyProblem:
    """A problem as a study calls it: `label` names hyper-parameters that were given."""

    label: str
    plugin: Problem
    hyper: Pairs


def resolve(spec: Spec, catalogue: Catalogue, source: str, folder: Path) -> tuple[StudyProblem, ...]:
    """The problems of a study; paths of tables are relative to `folder`.

    Raises:
        OptlabError: a name, hyper-parameter or file that does not exist, or two problems of one name; begins with `source`.
    """
    found: dict[str, StudyProblem] = {}
    for entry in spec.problem:
        where = f"{source}: problem"
        try:
            plugin = _from_file(entry, folder) or catalogue.problem(str(entry.name))
        except OptlabError as error:
            raise OptlabError(f"{where}: {error}") from error
        if spec.scale is not None:
            plugin = dataclasses.replace(plugin, scale=spec.scale)
        names = sorted(entry.hyper)
        for values in itertools.product(*(listed(entry.hyper[name]) for name in names)):
            given = dict(zip(names, values, strict=True))
            hyper = complete_hyper(plugin, given, where, "problem")
            label = plugin.name + (f"({', '.join(f'{key}={value}' for key, value in given.items())})" if given else "")
            if label in found:
                raise OptlabError(f"{where}: {label!r} is listed twice; drop one, or give it another name")
            found[label] = StudyProblem(label, plugin, pairs(hyper))
    return tuple(found.values())


def _from_file(entry: ProblemEntry, folder: Path) -> Problem | None:
    """The problem that the entry's file holds; None where it names no file."""
    from optlab import table

    about: dict[str, Any] = {"task": entry.task, "scale": "standard" if entry.scale is None else entry.scale, "name": entry.name or ""}
    if entry.npz is not None:
        return table.npz_problem(folder / Path(entry.npz).expanduser(), **about)
    if entry.parquet is not None:
        return table.parquet_problem(folder / Path(entry.parquet).expanduser(), str(entry.target), **about)
    if entry.csv is not None:
        return table.csv_problem(folder / Path(entry.csv).expanduser(), str(entry.target), **about)
    return None


class Datasets:
    """Data of (problem, replicate), prepared on first use. Safe between threads."""

    def __init__(self, problems: Mapping[str, StudyProblem], seed: int, split: Split) -> None:
        self._problems, self._seed, self._split = problems, seed, split
        self._kept: OrderedDict[tuple[str, int], Dataset] = OrderedDict()
        self._digests: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()

    def get(self, problem: str, replicate: int) -> Dataset:
        """The data of this replicate; arrays are read-only.

        Raises:
            OptlabError: data that cannot be drawn, split or scaled; the sentence names the problem.
        """
        key = problem, self._split.replicate(replicate)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._prepare(*key)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def digest(self, problem: str, replicate: int) -> str:
        """Digest of the content: every number of every part, and what the targets mean."""
        key = problem, self._split.replicate(replicate)
        if key not in self._digests:
            self._digests[key] = content_digest(self.get(problem, replicate))
        return self._digests[key]

    def _prepare(self, problem: str, replicate: int) -> Dataset:
        from optlab.data import problem_dataset

        chosen, split = self._problems[problem], self._split
        streams = Streams(self._seed, 0 if split.folds else replicate)
        if split.folds:
            dataset = folds.dataset(chosen.plugin, dict(chosen.hyper), streams, split.test, split.folds, replicate)
        else:
            dataset = problem_dataset(
                chosen.plugin, dict(chosen.hyper), streams.split(), streams.noise(), validation=split.validation, test=split.test
            )
        for part in (dataset.train, dataset.validation, dataset.test):
            if part is not None:
                part.X.flags.writeable = part.Y.flags.writeable = False
        return dataset


def content_digest(dataset: Dataset) -> str:
    """32 hexadecimal digits that change with any bit of any part of the data, or its task."""
    digest = hashlib.blake2b(dataset.task.encode(), digest_size=16)
    for part in (dataset.train, dataset.validation, dataset.test):
        if part is None:
            digest.update(b"none")
            continue
        for array in (part.X, part.Y):
            digest.update(f"{array.shape} {array.dtype.str}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()
