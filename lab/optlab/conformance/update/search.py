"""The dialect that a rule is, or the one that it follows longest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optlab.conformance.dialects import DIALECTS
from optlab.conformance.dialects.record import Dialect
from optlab.conformance.update import departure, tapes
from optlab.conformance.update.departure import Departure
from optlab.conformance.update.hypers import Mapped, mapped, neutral, settings
from optlab.conformance.update.paths import Paths, References, rate_name
from optlab.conformance.update.tapes import Tape
from optlab.hyper import Value
from optlab.rules import Rule

SCREEN = 8
"""Steps of the first tape after which all but a few dialects have been left."""

Setting = dict[str, Value]


@dataclass(frozen=True)
class Match:
    """A dialect that the rule follows on every tape at every setting.

    idle: hyper-parameters of the rule that change nothing; zeroed: those that the dialect does not have and that are 0 here.
    """

    mapped: Mapped
    idle: tuple[str, ...] = ()
    zeroed: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """``adam, eps outside the root, ..., its eps fixed at 1e-07``."""
        parts = [self.mapped.dialect.name]
        parts += [f"its {own} fixed at {value:g}" for own, value in self.mapped.assumed.items()]
        parts += [f"{name} has no effect" for name in self.idle]
        parts += [f"{name} = 0 here" for name in self.zeroed]
        return parts[0] + "".join(f"; {part}" for part in parts[1:])


@dataclass(frozen=True)
class Near:
    """A dialect and where the rule leaves it. compared: how many tapes it went along before; size: of the difference, of the way gone."""

    mapped: Mapped
    departure: Departure
    compared: int
    size: float

    @property
    def progress(self) -> tuple[int, int, float]:
        return self.compared, self.departure.step, -self.size


@dataclass(frozen=True)
class Found:
    """matches: dialects that the rule cannot be told from; nearest: dialects that it leaves, those it follows longest first."""

    matches: tuple[Match, ...]
    nearest: tuple[Near, ...]


class Search:
    """One rule at one choice of its options, against dialects."""

    def __init__(self, rule: Rule, defaults: Mapping[str, Value]) -> None:
        self.rule, self.defaults = rule, dict(defaults)
        self.paths, self.references = Paths(rule), References()
        self.tapes: tuple[Tape, ...] = tapes.ordinary()
        if rate_name(rule) == "lr":
            self.tapes += (tapes.changing(),)

    def among(self, families: Sequence[str]) -> Found:
        """Against all dialects of these families."""
        return self.of(one for one in DIALECTS if one.rule in families)

    def others(self, families: Sequence[str]) -> Found:
        """Against all dialects but those of these families."""
        return self.of(one for one in DIALECTS if one.rule not in families)

    def of(self, dialects: Iterable[Dialect]) -> Found:
        """Against these dialects; of several that the rule cannot be told from, those that leave least unexplained."""
        candidates = [one for dialect in dialects for one in mapped(self.rule, dialect)]
        candidates.sort(key=lambda one: (one.dialect.defect, one.far))
        matches: list[Match] = []
        nearest: list[Near] = []
        for one in candidates:
            if matches and one.far > matches[0].mapped.far:
                break
            found = self.against(one)
            if isinstance(found, Match):
                matches.append(found)
            else:
                nearest.append(found)
        nearest.sort(key=lambda near: near.progress, reverse=True)
        return Found(tuple(matches), tuple(nearest))

    def against(self, one: Mapped) -> Match | Near:
        """One dialect: with all of the rule's hyper-parameters moving, then with those that it lacks at 0."""
        every = settings(self.rule, one, self.defaults)
        left = self.departs(one, every)
        if left is None:
            return Match(one, idle=one.extra)
        at_zero = neutral(self.rule, one.extra) if one.extra else None
        if at_zero is not None:
            still = self.departs(one, [{**values, **at_zero} for values in every])
            if still is None:
                return Match(one, zeroed=one.extra)
            left = max(left, still, key=lambda near: near.progress)
        return left

    def departs(self, one: Mapped, every: Sequence[Setting]) -> Near | None:
        """Where the rule leaves the dialect, None where it never does."""
        for compared, (values, tape, steps) in enumerate(self._order(every)):
            found = self.paths(tape, values)[:steps]
            expected = self.references(one.dialect, tape, one.hyper(values), steps)
            left = departure.first(found, expected, tape.start, tape.name)
            if left is not None and left.step > SCREEN:
                doubt = self.references.doubt(one.dialect, tape, one.hyper(values), steps)
                left = departure.first(found, expected, tape.start, tape.name, doubt)
            if left is not None:
                return Near(one, left, compared, _size(found, expected, tape.start))
        return None

    def _order(self, every: Sequence[Setting]) -> Iterator[tuple[Setting, Tape, int]]:
        yield every[0], self.tapes[0], SCREEN
        for values in every:
            for tape in self.tapes:
                yield values, tape, tapes.STEPS


def _size(found: departure.Array, expected: departure.Array, start: departure.Array) -> float:
    with np.errstate(all="ignore"):
        way = float(np.linalg.norm(expected - start))
        off = float(np.linalg.norm(found - expected))
    return off / way if way > 0 and math.isfinite(off) and math.isfinite(way) else math.inf
