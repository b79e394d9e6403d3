"""Trials as a store holds them, to be compared with others: which there are, all that one's digest determines, digests of many.

Reads a store without opening it for writing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optlab.errors import OptlabError
from optlab.settings import Settings
from optlab.study import seals
from optlab.study.finished import FINALS
from optlab.study.speed import rows
from optlab.study.trial import Cell, Split, Trial

NUMBERS = ("status", "metric", "steps", "epochs", *FINALS, "roc_auc", "confusion", "bad_epoch", "bad_step", "bad_layer")
"""What a digest determines beside the curves. The last five may be missing: older stores and tuning replicates have no area."""

ROLES = ("optimizer", "activation", "output", "cost", "schedule", "initializer")

_INDEX = """
    SELECT study.name, study_trial.problem, study_trial.contender, trial.id, trial.status
    FROM study_trial JOIN study ON study.id = study_trial.study JOIN trial ON trial.digest = study_trial.digest
    ORDER BY study.id, study_trial.position"""
_DETAILS = f"""
    SELECT {seals.sound("trial", "configuration", "curve")}, trial.id, trial.digest, plain(configuration.description),
           environment.description, trial.seed, trial.replicate, trial.data,
           curve.digest, curve.block, {", ".join(f"trial.{name}" for name in NUMBERS)}
    FROM trial JOIN configuration ON configuration.id = trial.configuration JOIN environment ON environment.id = trial.environment
    JOIN curve ON curve.trial = trial.id WHERE trial.id IN ({{}})"""
_EXACT = f"""
    SELECT study.name, study_trial.problem, study_trial.contender, trial.digest, curve.digest, trial.status, trial.steps, trial.epochs,
           {", ".join(f"trial.{name}" for name in FINALS)}
    FROM study_trial JOIN study ON study.id = study_trial.study JOIN trial ON trial.digest = study_trial.digest
    JOIN curve ON curve.trial = trial.id"""


@dataclass(frozen=True)
class Place:
    """Where a stored trial stands in a study."""

    study: str
    problem: str
    contender: str
    row: int
    status: str

    @property
    def stratum(self) -> tuple[str, str, str]:
        return self.study, self.problem, self.contender


@dataclass(frozen=True)
class Stored:
    """All that is stored of a trial.

    about: what `Cell.description` wrote. numbers: by the names `NUMBERS`. curve: digest and block. sound: all of it is as it was written
    (`optlab.study.seals`).
    """

    digest: str
    about: Mapping[str, Any]
    environment: Mapping[str, str]
    seed: int
    replicate: int
    data: str
    numbers: Mapping[str, Any]
    curve: tuple[bytes, bytes]
    sound: bool

    def trial(self, contender: str, phase: str = "") -> Trial:
        """The trial that this is the outcome of.

        Raises:
            OptlabError: the description lacks something, or does not lead to the digest it is stored under.
        """
        try:
            about = self.about
            settings = Settings(**{name: _tuples(value) for name, value in about["settings"].items()})
            problem_hyper = tuple(about["problem_hyper"].items())
            plugins = tuple(sorted(about["plugins"].items(), key=lambda pair: _rank(pair[0])))
            cell = Cell(
                about["problem"], problem_hyper, about["task"], contender, settings, tuple(about["sizes"]), Split(**about["split"]), plugins
            )
            trial = Trial(cell, self.seed, self.replicate, phase, self.data)
            found = trial.digest
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            why = f"{type(error).__name__}: {error}"
            raise OptlabError(f"its description is incomplete ({why}); another version of optlab stored it") from error
        if found != self.digest:
            raise OptlabError("its description does not lead to its digest: another version of optlab stored it, or the store was changed")
        return trial


def index(path: Path) -> list[Place]:
    """Every trial of every study, in their order; a trial that several studies share stands there once for each.

    Raises:
        OptlabError: the file is no store.
    """
    return [Place(*row) for row in rows(path, _INDEX)]


def details(path: Path, places: Iterable[Place]) -> dict[int, Stored]:
    """Row -> what is stored there."""
    rows_of_them = ",".join(str(int(place.row)) for place in places)
    found = {}
    for sound, row, digest, about, environment, seed, replicate, data, curve, block, *rest in rows(path, _DETAILS.format(rows_of_them)):
        try:
            texts = json.loads(about), json.loads(environment)
        except ValueError as error:
            raise OptlabError(f"the store {path} is damaged: trial {digest.hex()[:12]} has no readable description ({error})") from error
        numbers = dict(zip(NUMBERS, rest, strict=True))
        found[row] = Stored(digest.hex(), *texts, seed, replicate, data.hex(), numbers, (curve, block), bool(sound))
    return found


def fingerprints(path: Path, study: str) -> Iterator[dict[str, Any]]:
    """For each problem and contender of a study: how many trials are finished, a digest of which, and one of all their numbers."""
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for name, problem, contender, *numbers in rows(path, _EXACT):
        if name == study:
            found.setdefault((problem, contender), []).append(tuple(numbers))
    for (problem, contender), trials in found.items():
        trials.sort(key=lambda one: one[0])
        which, all_of_it = (hashlib.blake2b(digest_size=16) for _ in range(2))
        for digest, curve, status, *rest in trials:
            which.update(digest)
            exact = [value.hex() if isinstance(value, float) else value for value in rest]
            all_of_it.update(digest + curve + repr((status, exact)).encode())
        yield {
            "problem": problem,
            "contender": contender,
            "trials": len(trials),
            "which": which.hexdigest(),
            "numbers": all_of_it.hexdigest(),
        }


def _rank(role: str) -> tuple[int, int]:
    """The order of `optlab.study.trial.PluginDigests`, which JSON objects with sorted keys do not keep."""
    what, _, number = role.partition(" ")
    return ROLES.index(what), int(number or 0)


def _tuples(value: Any) -> Any:
    """Lists of JSON as the tuples that settings hold."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
