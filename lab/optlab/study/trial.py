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
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from optlab.hyper import Value
from optlab.identity import ByIdentity
from optlab.registry import Catalogue
from optlab.settings import Pairs, Settings

NUMERICS = 4
"""Raised when the same trial gives other numbers than before (a changed kernel or initial draw): all stored trials then run again."""

FIRST_CONFIRMATION = 1_000_000
"""Replicate numbers of the confirmation phase begin here, so that they share no chance with the tuning replicates."""

TUNING, CONFIRMATION, HALVING = "tuning", "confirmation", "halving"


@dataclass(frozen=True)
class Split:
    """How rows are shared out. `resplit`: each replicate draws its own split and noise; else all share those of replicate 0.

    folds: 0, or k: one test set, and of the other rows replicate r validates on fold r mod k (`optlab.study.folds`).
    """

    validation: float = 0.2
    test: float = 0.2
    scale: str | float | None = None
    resplit: bool = False
    folds: int = 0

    def replicate(self, replicate: int) -> int:
        """The replicate whose data this replicate has; the fold where there are folds. Both phases count from 0."""
        if self.folds:
            return (replicate - FIRST_CONFIRMATION if replicate >= FIRST_CONFIRMATION else replicate) % self.folds
        return replicate if self.resplit else 0


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


# Texts of records are put together from pieces that are remembered: neighbouring cells differ in a field or two, most often in the rule's
# hyper-parameters. Written by json.dumps as a whole they were the dearest part of planning a study.


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


LABELS = ("optimizer", "activation", "output", "cost", "schedule", "initializer")
"""Names of plugins are labels; their digests say what they compute."""

_SETTINGS = tuple(sorted(field.name for field in dataclasses.fields(Settings)))
_FOLDED = tuple(sorted(field.name for field in dataclasses.fields(Split)))
_SPLIT = tuple(name for name in _FOLDED if name != "folds")  # without folds a split is written as before there were any


def _members(text: Callable[[Any], str], names: Sequence[str]) -> ByIdentity[str]:
    """A function of the values of these names: the members of a JSON object."""
    return ByIdentity(lambda *values: ",".join([f'"{name}":{text(value)}' for name, value in zip(names, values, strict=True)]))


def _settings(text: Callable[[Any], str], names: Sequence[str]) -> Callable[[Settings], str]:
    """A function that writes these fields of settings as a JSON object: what stands before `hyper`, that, and what stands after it."""
    at, hyper = names.index("hyper"), ByIdentity(text)
    ends = [(operator.attrgetter(*part), _members(text, part)) for part in (names[:at], names[at + 1 :])]
    (first, before), (last, after) = ends
    return lambda settings: f'{{{before(*first(settings))},"hyper":{hyper(settings.hyper)},{after(*last(settings))}}}'


def _split(text: Callable[[Any], str], split: Split) -> str:
    names = _FOLDED if split.folds else _SPLIT
    return f"{{{_members(text, names)(*[getattr(split, name) for name in names])}}}"


_hashed_settings = _settings(ByIdentity(canonical), [name for name in _SETTINGS if name not in LABELS])
_hashed_rest = ByIdentity(
    lambda sizes, task, split, plugins: f"{canonical(sizes)},{canonical(task)},{_split(canonical, split)},{canonical(plugins)}"
)
_name = ByIdentity(lambda *names: ",".join(map(canonical, names)))
_described_settings = _settings(ByIdentity(_plain), _SETTINGS)
_described_before = ByIdentity(
    lambda plugins, problem, hyper: (
        f'{{"numerics":{NUMERICS},"plugins":{_plain(dict(plugins))},"problem":{_plain(problem)},"problem_hyper":{_plain(dict(hyper))},'
    )
)
_described_after = ByIdentity(
    lambda sizes, split, task: f',"sizes":{_plain(sizes)},"split":{_split(_plain, split)},"task":{_plain(task)}}}'
)


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
        rest = _hashed_rest(self.sizes, self.task, self.split, self.plugins)
        text = f"[{NUMERICS},{_hashed_settings(self.settings)},{rest}]"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @functools.cached_property
    def id(self) -> str:
        """Short name of the cell within its study."""
        text = f'[{_name(self.problem, self.problem_hyper, self.contender)},"{self.identity}"]'
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    @functools.cached_property
    def description(self) -> str:
        """The same as readable JSON, for the store; floats read back exactly."""
        before = _described_before(self.plugins, self.problem, self.problem_hyper)
        return f'{before}"settings":{_described_settings(self.settings)}{_described_after(self.sizes, self.split, self.task)}'


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


class PluginDigests:
    """Digests of the plugins a run uses. Array code is digested by parsing its source, so each is asked for once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[tuple[str, str, Pairs], str] = {}
        self._digest, self._rest = ByIdentity(self._found), ByIdentity(self._others)
        self._together = ByIdentity(lambda rule, rest: (("optimizer", rule), *rest))

    def of(self, settings: Settings) -> tuple[tuple[str, str], ...]:
        """(role, digest) of each plugin in `settings`; the same tuple for settings that differ in numbers alone."""
        return self._together(self._digest("optimizers", settings.optimizer, settings.hyper), self._rest(*_beside_the_rule(settings)))

    def _others(self, activation: tuple[str, ...], activation_hyper: tuple[Pairs, ...], *pairs: Any) -> tuple[tuple[str, str], ...]:
        hidden = enumerate(zip(activation, activation_hyper, strict=True), start=1)
        found = [(f"activation {k}", self._digest("activations", name, hyper)) for k, (name, hyper) in hidden]
        roles = (("output", "activations"), ("cost", "costs"), ("schedule", "schedules"), ("initializer", "initializers"))
        for (role, kind), name, hyper in zip(roles, pairs[::2], pairs[1::2], strict=True):
            found.append((role, self._digest(kind, name, hyper)))
        return tuple(found)

    def _found(self, kind: str, name: str, hyper: Pairs) -> str:
        plugin = self._catalogue.find(kind, name)
        options: dict[str, Value] = plugin.options(dict(hyper))
        return self._known.setdefault((kind, name, tuple(options.items())), plugin.digest(options))


_beside_the_rule = operator.attrgetter(
    "activation", "activation_hyper", "output", "output_hyper", "cost", "cost_hyper", "schedule", "schedule_hyper", "initializer",
    "initializer_hyper",
)  # fmt: skip
