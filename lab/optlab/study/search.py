"""Random and quasi-random search: points in the unit cube, one coordinate per axis, and the values that they stand for.

What is drawn depends on the study's seed and on the contender's own axes, on nothing else: another contender or problem changes nobody's
draws, contenders with the same axes draw the same points, and more trials keep the former ones. Sobol points are scrambled as by
Owen (1998), Halton points as by Owen (2017); both cover every single axis evenly, which random points do not.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optlab.study.axes import Range, Values

if TYPE_CHECKING:
    import numpy as np

ROLE = 4
"""The stream of the search, beside the four of `optlab.streams`."""

BLOCK = 64
"""Points per call: a power of two, for which a Sobol sequence is balanced."""

MOST = 64
"""Blocks after which a search over few values gives up looking for a cell that it has not seen."""


@dataclass(frozen=True)
class Draw:
    """`trials` cells by `method` ("random", "sobol", "halton"), seeded from the study's `seed`."""

    method: str
    trials: int
    seed: int

    def points(self, axes: Sequence[tuple[str, ...]]) -> Iterator[Sequence[float]]:
        """Points in [0, 1), a coordinate for each of `axes`; many more than `trials`."""
        blocks = _streams(self.seed, axes) if self.method == "random" else _sequence(self.method, self.seed, len(axes))
        for _ in range(MOST + self.trials // BLOCK):
            yield from next(blocks).tolist()


def pick(values: Values, share: float, whole: bool) -> Any:
    """The value at a share in [0, 1) of an axis."""
    if isinstance(values, Range):
        found = values.at(share)
        return round(found) if whole else found
    return values[int(share * len(values))]


def _sequence(method: str, seed: int, dimensions: int) -> Iterator[np.ndarray[Any, Any]]:
    import numpy as np
    from scipy.stats import qmc

    engine = {"sobol": qmc.Sobol, "halton": qmc.Halton}[method](dimensions, scramble=True, seed=np.random.default_rng((seed, 0, ROLE)))
    while True:
        yield engine.random(BLOCK)


def _streams(seed: int, axes: Sequence[tuple[str, ...]]) -> Iterator[np.ndarray[Any, Any]]:
    """Each axis by a stream of its own: one more axis leaves the others' draws as they are."""
    import numpy as np

    streams = [np.random.default_rng((seed, 0, ROLE, zlib.crc32(".".join(axis).encode()))) for axis in axes]
    while True:
        yield np.column_stack([stream.random(BLOCK) for stream in streams])
