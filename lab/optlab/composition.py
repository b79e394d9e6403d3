"""Schedules put together by a short notation, the same in a study file, in Python and on the command line.

``warmup+cosine``: the factors are multiplied; both run from the first unit to the last (torch's ChainedScheduler).
``warmup then cosine``: one after the other. The first ends where the hyper-parameter `until` says; each part counts its own units from 0
and takes the length of its own part for the whole run (torch's SequentialLR). ``+`` binds closer than ``then``.
``one_cycle and mu: cyclic``: several hyper-parameters, each with its own; without a name it is lr.

The hyper-parameters are those of the parts. Where two parts share a name it is written ``part.name``; a part that occurs twice is
``step.1``, ``step.2``, or ``mu.cyclic`` where it occurs under several hyper-parameters.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from optlab.base import Options
from optlab.errors import OptlabError
from optlab.hyper import Count, Domain, HyperParameter, Value
from optlab.sources import Schedule

if TYPE_CHECKING:
    import numpy as np

Clauses = tuple[tuple[str, tuple[tuple[Schedule, ...], ...]], ...]
"""(hyper-parameter, schedules at the same time, one after the other) of each clause."""

_TARGET = re.compile(r"([A-Za-z_][\w.]*)\s*:(.*)", re.DOTALL)
_COUNT: Domain = get_args(Count)[1]
_FIRST_UNTIL = 5
"""Default of the first `until`; the second is twice that, and so on."""


@dataclass(frozen=True, eq=False)
class Part:
    """One schedule within a composed one; own: its hyper-parameters' names -> what they are called in the whole."""

    schedule: Schedule
    own: Mapping[str, str]

    def at(self, t: np.ndarray, total: int, values: Mapping[str, Value]) -> np.ndarray:
        return self.schedule.at(t, total, {name: values[outer] for name, outer in self.own.items()})

    def meaning(self, options: Options) -> str:
        """What it computes, up to swept hyper-parameters: these are found by `own`, so names enter."""
        fixed = {name: options[outer] for name, outer in self.own.items() if outer in options}
        return f"{self.schedule.digest(fixed)} {sorted(self.own.items())}"


@dataclass(frozen=True, eq=False)
class Stretch:
    """Schedules that run at the same time; until: name of the hyper-parameter that says where they end, None for the last."""

    parts: tuple[Part, ...]
    until: str | None


@dataclass(frozen=True, eq=False)
class Composed(Schedule):
    """Several schedules as one. clauses: hyper-parameter that is changed -> its stretches, one after the other."""

    clauses: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)

    @property
    def parts(self) -> Iterator[Part]:
        return (part for stretches in self.clauses.values() for stretch in stretches for part in stretch.parts)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(self.clauses)

    @property
    def module(self) -> str:
        return __name__

    @property
    def doc(self) -> str:
        each = {part.schedule.name: part.schedule for part in self.parts}
        return "\n".join(f"{name}: {schedule.doc}" for name, schedule in each.items())

    def __call__(self, t: Any, total: int, **hyper: Any) -> np.ndarray:
        """Factors in the units t of a run of `total`, like a plugin's own function."""
        import numpy as np

        return self.at(np.asarray(t, dtype=float), total, self.values(hyper))

    def at(self, t: np.ndarray, total: int, values: Mapping[str, Value]) -> np.ndarray:
        if len(self.clauses) > 1:
            raise OptlabError(f"schedule {self.name!r} changes {' and '.join(self.clauses)}; ask for its factors by_target")
        (stretches,) = self.clauses.values()
        return self._run(stretches, t, total, values)

    def by_target(self, total: int, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, np.ndarray]:
        import numpy as np

        values, t = self.values(given), np.arange(total, dtype=float)
        return {target: self._run(stretches, t, total, values) for target, stretches in self.clauses.items()}

    def _run(self, stretches: tuple[Stretch, ...], t: np.ndarray, total: int, values: Mapping[str, Value]) -> np.ndarray:
        import numpy as np

        found, begin = np.ones(len(t)), 0
        for stretch in stretches:
            end = total if stretch.until is None else int(values[stretch.until])
            if stretch.until is not None and end <= begin:
                raise OptlabError(f"schedule {self.name!r}: {stretch.until} = {end} lies before its part begins; give more than {begin}")
            here = (t >= begin) & ((t < end) | (stretch.until is None))
            for part in stretch.parts if here.any() else ():
                found[here] *= part.at(t[here] - begin, end - begin, values)
            begin = end
        return found

    def digest(self, options: Options = MappingProxyType({})) -> str:
        fixed = self.options(options)
        structure = [
            (target, [([part.meaning(fixed) for part in stretch.parts], stretch.until) for stretch in stretches])
            for target, stretches in self.clauses.items()
        ]
        return hashlib.blake2b(repr((self.kind, structure, sorted(fixed.items()))).encode(), digest_size=12).hexdigest()


def is_composed(text: str) -> bool:
    """Whether a schedule's name is more than one plugin's."""
    return "+" in text or ":" in text or len(text.split()) > 1


def composed(text: str, find: Callable[[str], Schedule]) -> Schedule:
    """The schedule that a name or the notation of this module stands for; find: plugins by their own name.

    Raises:
        OptlabError: a part that is no schedule, an empty part, a hyper-parameter that is changed twice.
    """
    if not is_composed(text):
        return find(text)
    clauses = tuple((target, tuple(tuple(map(find, names)) for names in stretches)) for target, stretches in _read(text))
    match clauses:
        case (("lr", ((only,),)),):
            return only
    return _put_together(clauses)


# Both are asked for each trial anew: without a cache they took a tenth of a short training.
@functools.lru_cache(maxsize=1024)
def _read(text: str) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """(hyper-parameter, names at the same time, one after the other) of each clause."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for clause in re.split(r"\sand\s", f" {text} "):
        named = _TARGET.fullmatch(clause.strip())
        target, sequence = (named[1], named[2]) if named else ("lr", clause)
        if target in found:
            raise OptlabError(f"schedule {text!r} changes {target} twice; join the two by + or then")
        stretches = re.split(r"\sthen\s", f" {sequence} ")
        found[target] = tuple(tuple(_checked(name.strip(), text) for name in stretch.split("+")) for stretch in stretches)
    return tuple(found.items())


def _checked(name: str, text: str) -> str:
    if not name.isidentifier():
        example = "'warmup+cosine', 'warmup then cosine' or 'one_cycle and mu: cyclic'"
        raise OptlabError(f"schedule {text!r}: {name!r} is no name of a schedule; write for example {example}")
    return name


@functools.lru_cache(maxsize=1024)
def _put_together(read: Clauses) -> Composed:
    """The schedule with these clauses, its hyper-parameters named."""
    labels = _labels(read)
    ends = {(target, k) for target, stretches in read for k in range(len(stretches) - 1)}
    often = Counter(name for _, schedule in labels.values() for name in schedule.hyper) + Counter({"until": len(ends)})
    hyper: dict[str, HyperParameter] = {}

    def called(label: str, one: HyperParameter) -> str:
        name = one.name if often[one.name] == 1 else f"{label}.{one.name}"
        if name in hyper:
            raise OptlabError(f"schedule: {label} has a hyper-parameter {one.name!r} of its own, so it cannot stand before then; rename it")
        hyper[name] = replace(one, name=name)
        return name

    clauses = {}
    for target, stretches in read:
        found = []
        for k, stretch in enumerate(stretches):
            here = [labels[target, k, j] for j in range(len(stretch))]
            parts = [Part(schedule, {name: called(label, one) for name, one in schedule.hyper.items()}) for label, schedule in here]
            until = HyperParameter("until", _FIRST_UNTIL * (k + 1), _COUNT)
            found.append(Stretch(tuple(parts), called(here[0][0], until) if (target, k) in ends else None))
        clauses[target] = tuple(found)
    return Composed(_spelt(read), composed, hyper, clauses=clauses, distribution="its parts")


def _spelt(read: Clauses) -> str:
    """The notation in its one usual spelling."""
    return " and ".join(
        ("" if target == "lr" else f"{target}: ") + " then ".join("+".join(one.name for one in stretch) for stretch in stretches)
        for target, stretches in read
    )


def _labels(read: Clauses) -> dict[tuple[str, int, int], tuple[str, Schedule]]:
    """What each part is called, by where it stands: hyper-parameter, stretch, place."""
    places = {
        (target, k, j): schedule
        for target, stretches in read
        for k, stretch in enumerate(stretches)
        for j, schedule in enumerate(stretch)
    }  # fmt: skip
    everywhere = Counter(schedule.name for schedule in places.values())
    under = Counter((where[0], schedule.name) for where, schedule in places.items())
    numbers: Counter[tuple[str, str]] = Counter()
    found = {}
    for where, schedule in places.items():
        own = (where[0], schedule.name)
        numbers[own] += 1
        label = schedule.name if everywhere[schedule.name] == under[own] else f"{where[0]}.{schedule.name}"
        found[where] = (label if under[own] == 1 else f"{label}.{numbers[own]}", schedule)
    return found
