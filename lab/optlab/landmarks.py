"""What is known of an objective: its lowest value and where it lies, a usual start, a usual box."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Point = tuple[float, ...]
Pair = tuple[float, float]


@dataclass(frozen=True)
class Landmarks:
    """As the author stated them, for any dimension: a point or box that is too short repeats its numbers.

    Attributes:
        minimum: the lowest value, or a function of the hyper-parameters; None: unknown.
        at: where it is taken, a list of points or a function of the hyper-parameters; no points: unknown, and so is the minimum.
        start: a usual start; (): a quarter (first, third, ... variable) or a third of the way through the box, off its diagonal.
        box: (low, high) of each variable: what pictures show and starts are drawn from.
    """

    minimum: float | Callable[..., float | None] | None = None
    at: Sequence[Point] | Callable[..., Sequence[Point]] = ()
    start: Point = ()
    box: Sequence[Pair] = ((-1.0, 1.0),)

    def resolve(self, dimension: int, values: Mapping[str, Any]) -> Known:
        """The landmarks at these hyper-parameters."""
        at = tuple(_repeat(point, dimension) for point in (self.at(**values) if callable(self.at) else self.at))
        minimum = self.minimum(**values) if callable(self.minimum) else self.minimum
        box = tuple(itertools.islice(itertools.cycle(self.box), dimension))
        start = (
            _repeat(self.start, dimension) if self.start else tuple(low + (high - low) / (4 - k % 2) for k, (low, high) in enumerate(box))
        )
        return Known(None if minimum is None or not at else float(minimum), at, start, box)


@dataclass(frozen=True)
class Known:
    """The landmarks of one objective in one dimension."""

    minimum: float | None
    at: tuple[Point, ...]
    start: Point
    box: tuple[Pair, ...]


def _repeat(point: Sequence[float], dimension: int) -> Point:
    return tuple(float(x) for x in itertools.islice(itertools.cycle(point), dimension))
