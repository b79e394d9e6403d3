"""What stored trials were run with, found again: plugins by the digests of their formulas, data by the digest of their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab import registry
from optlab.errors import OptlabError
from optlab.study import problems, schema
from optlab.study.entries import FILES
from optlab.study.problems import Datasets, StudyProblem
from optlab.study.stored import Place, Stored
from optlab.study.trial import NUMERICS, PluginDigests, Trial

if TYPE_CHECKING:
    from optlab.data import Dataset


class Origins:
    """Finds what trials need.

    Args:
        records: name of a study -> what the store recorded of it. plugins: plugin files. data: where own data lie, None: where they were.

    Raises:
        OptlabError: a plugin file that cannot be used.
    """

    def __init__(self, records: Mapping[str, Mapping[str, Any]], plugins: Sequence[Path], data: Path | None) -> None:
        self.catalogue = registry.load(plugins) if plugins else registry.installed()
        self._records, self._data, self._digests = records, data, PluginDigests(self.catalogue)
        self._problems: dict[str, dict[str, StudyProblem]] = {}
        self._datasets: dict[tuple[Any, ...], Datasets] = {}

    def trial(self, place: Place, one: Stored) -> Trial:
        """A stored trial, ready to be run again.

        Raises:
            OptlabError: it cannot be, and why: a part of a sentence on it.
        """
        if one.numbers["status"] == "error":
            raise OptlabError("it ended with an error, so there is nothing to compare")
        numerics = one.about.get("numerics")
        if numerics != NUMERICS:
            raise OptlabError(f"it was stored with numerics {numerics} and this optlab has {NUMERICS}, so its numbers must differ")
        trial = one.trial(place.contender)
        if trial.settings.time_limit and one.numbers["status"] == "stopped":
            raise OptlabError("it was ended by its budget in seconds, which is not reproducible")
        self._check_plugins(trial)
        found = self._of(place, trial).digest(trial.problem, trial.replicate)
        if found != trial.data:
            raise OptlabError(
                f"the data of {trial.problem} are not those it was trained on (digest {found[:12]}, stored {trial.data[:12]}); "
                "give the folder of the right file with --data"
            )
        return trial

    def dataset(self, place: Place, trial: Trial) -> Dataset:
        """The data of a trial that `trial` let through."""
        return self._of(place, trial).get(trial.problem, trial.replicate)

    def _check_plugins(self, trial: Trial) -> None:
        names = _names(trial)
        try:
            now = dict(self._digests.of(trial.settings))
        except OptlabError as error:
            raise OptlabError(f"a plugin is missing or has changed: {error}") from error
        for role, digest in trial.cell.plugins:
            if now.get(role) != digest:
                kind = role.partition(" ")[0]
                raise OptlabError(
                    f"the formula of the {kind} {names.get(role, '')!r} is not the one that ran (digest {now.get(role, 'none')[:12]}, "
                    f"stored {digest[:12]}); give that one with --plugin"
                )

    def _of(self, place: Place, trial: Trial) -> Datasets:
        key = place.study, trial.problem, trial.cell.problem_hyper, trial.seed, trial.cell.split
        if key not in self._datasets:
            self._datasets[key] = Datasets({trial.problem: self._problem(place.study, trial)}, trial.seed, trial.cell.split)
        return self._datasets[key]

    def _problem(self, study: str, trial: Trial) -> StudyProblem:
        if study not in self._problems:
            self._problems[study] = of_record(self._records[study], f"study {study}", self.catalogue, self._data)
        found = self._problems[study].get(trial.problem)
        if found is None:
            raise OptlabError(f"its problem {trial.problem!r} is not in the record of the study {study}, so its data cannot be found")
        return found


def of_record(record: Mapping[str, Any], source: str, catalogue: registry.Catalogue, data: Path | None) -> dict[str, StudyProblem]:
    """The problems of a recorded study by name; its own data are read.

    Raises:
        OptlabError: a problem that is not there any more, or that was never in a file.
    """
    about = record.get("ingredients") or {}
    missing = [one for one in about.get("python") or () if one.startswith("its data")]
    if missing:
        raise OptlabError(f"{missing[0]}, which no file holds")
    given = {key: value for key, value in record["settings"].items() if key not in ("plugin", "published")}
    spec = schema.read(relocated(given, data), source)
    return {one.label: one for one in problems.resolve(spec, catalogue, source, Path(about.get("folder") or "."))}


def relocated(given: Mapping[str, Any], data: Path | None) -> dict[str, Any]:
    """A study's keys with the files of its own data in the folder `data`, if there is one."""
    if data is None or "problem" not in given:
        return dict(given)
    folder, problem = data.resolve(), given["problem"]

    def moved(entry: Any) -> Any:
        if not isinstance(entry, Mapping):
            return entry
        return {key: str(folder / Path(str(value)).name) if key in FILES else value for key, value in entry.items()}

    return {**given, "problem": [moved(one) for one in problem] if isinstance(problem, list) else moved(problem)}


def _names(trial: Trial) -> dict[str, str]:
    """Role -> name of the plugin in it."""
    settings = trial.settings
    hidden = {f"activation {k}": name for k, name in enumerate(settings.activation, start=1)}
    return hidden | {role: getattr(settings, role) for role in ("optimizer", "output", "cost", "schedule", "initializer")}
