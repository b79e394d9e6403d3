"""One fully specified training run, and the digest that says which run it is.

Two trials have the same digest exactly when they must give the same numbers: it covers the settings, the digests of every plugin the
run uses, the content of the data, the seeds, and `NUMERICS`. What a run is called does not enter: neither the contender's label nor
the problem's name nor the phase.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from optlab.hyper import Value
from optlab.registry import Catalogue
from optlab.settings import Pairs, Settings

NUMERICS = 3
"""Raised when the same trial gives other numbers than before (a changed kernel or initial draw): all stored trials then run again."""

FIRST_CONFIRMATION = 1_000_000
"""Replicate numbers of the confirmation phase begin here, so that they share no chance with the tuning replicates."""

TUNING, CONFIRMATION = "tuning", "confirmation"


@dataclass(frozen=True)
class Split:
    """How rows are shared out. `resplit`: each replicate draws its own split and noise; else all share those of replicate 0."""

    validation: float = 0.2
    test: float = 0.2
    scale: str | float | None = None
    resplit: bool = False

    def replicate(self, replicate: int) -> int:
        """The replicate whose streams draw this replicate's data."""
        return replicate if self.resplit else 0


@dataclass(frozen=True)
class Cell:
    """Everything about a trial but its replicate.

    problem: what the study calls it. sizes: nodes per layer, inputs and outputs included. plugins: (role, digest) of every plugin
    whose formula or code the run executes.
    """

    problem: str
    problem_hyper: Pairs
    task: str
    contender: str
    settings: Settings
    sizes: tuple[int, ...]
    split: Split
    plugins: tuple[tuple[str, str], ...]

    @functools.cached_property
    def identity(self) -> str:
        """Canonical text of what determines the numbers, data and seeds apart."""
        fields = _fields(self.settings)
        # Names of plugins are labels; their digests say what they compute.
        for label in ("optimizer", "activation", "output", "cost", "schedule", "initializer"):
            del fields[label]
        if fields["schedule_unit"] == "epoch":  # the only unit there was when the first trials were stored
            del fields["schedule_unit"]
        text = canonical([NUMERICS, fields, self.sizes, self.task, _fields(self.split), self.plugins])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @functools.cached_property
    def id(self) -> str:
        """Short name of the cell within its study."""
        text = canonical([self.problem, self.problem_hyper, self.contender, self.identity])
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    @functools.cached_property
    def description(self) -> str:
        """The same as readable JSON, for the store; floats read back exactly."""
        about = {
            "problem": self.problem,
            "problem_hyper": dict(self.problem_hyper),
            "task": self.task,
            "sizes": self.sizes,
            "settings": _fields(self.settings),
            "split": _fields(self.split),
            "plugins": dict(self.plugins),
            "numerics": NUMERICS,
        }
        return json.dumps(about, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Trial:
    """A cell, a replicate of it, and the data (by the digest of their content) it is run on."""

    cell: Cell
    seed: int
    replicate: int
    phase: str
    data: str

    @property
    def problem(self) -> str:
        return self.cell.problem

    @property
    def contender(self) -> str:
        return self.cell.contender

    @property
    def settings(self) -> Settings:
        return self.cell.settings

    @functools.cached_property
    def digest(self) -> str:
        """32 hexadecimal digits; see the module's docstring."""
        text = f"{self.cell.identity} {self.data} {self.seed} {self.replicate}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _fields(record: Settings | Split) -> dict[str, Any]:
    # Not dataclasses.asdict: its deep copies took most of the time of planning a study.
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def canonical(value: Any) -> str:
    """JSON with sorted keys and floats as hexadecimal text: equal exactly when every bit of every number is."""
    return json.dumps(_exact(value), sort_keys=True, separators=(",", ":"))


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _exact(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(one) for one in value]
    return value


class PluginDigests:
    """Digests of the plugins a run uses. Array code is digested by parsing its source, so each is asked for once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[tuple[str, str, Pairs], str] = {}

    def of(self, settings: Settings) -> tuple[tuple[str, str], ...]:
        """(role, digest) of each plugin in `settings`."""
        found = [("optimizer", self._digest("optimizers", settings.optimizer, settings.hyper))]
        hidden = zip(settings.activation, settings.activation_hyper, strict=True)
        found += [(f"activation {k}", self._digest("activations", name, hyper)) for k, (name, hyper) in enumerate(hidden, start=1)]
        found += [
            ("output", self._digest("activations", settings.output, settings.output_hyper)),
            ("cost", self._digest("costs", settings.cost, settings.cost_hyper)),
            ("schedule", self._digest("schedules", settings.schedule, settings.schedule_hyper)),
            ("initializer", self._digest("initializers", settings.initializer, settings.initializer_hyper)),
        ]
        return tuple(found)

    def _digest(self, kind: str, name: str, hyper: Pairs) -> str:
        plugin = self._catalogue.find(kind, name)
        options: dict[str, Value] = plugin.options(dict(hyper))
        key = (kind, name, tuple(options.items()))
        if key not in self._known:
            self._known[key] = plugin.digest(options)
        return self._known[key]
