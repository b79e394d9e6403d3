"""Separate random streams for the separate roles of chance in a trial.

Keyed by (study seed, replicate, role) and never by the trial's digest: optimizers of one replicate start from the same weights, see the
same mini-batches and the same split (common random numbers), and no result depends on the order or the number of workers.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

INITIALISATION, ORDER, SPLIT, NOISE = range(4)


@dataclass(frozen=True)
class Streams:
    """The streams of one replicate."""

    seed: int
    replicate: int = 0

    def _sequence(self, role: int) -> np.random.SeedSequence:
        from numpy.random import SeedSequence

        return SeedSequence((self.seed, self.replicate, role))

    def _generator(self, role: int) -> np.random.Generator:
        from numpy.random import PCG64, Generator

        return Generator(PCG64(self._sequence(role)))

    def initialisation(self) -> np.random.Generator:
        """First weights."""
        return self._generator(INITIALISATION)

    def split(self) -> np.random.Generator:
        """Which rows train, validate and test."""
        return self._generator(SPLIT)

    def noise(self) -> np.random.Generator:
        """Noise of a drawn problem."""
        return self._generator(NOISE)

    def order_key(self) -> tuple[int, int]:
        """Two 32-bit words that key the kernel's own counter-based generator of mini-batch orders."""
        return self._key(ORDER)

    def noise_key(self) -> tuple[int, int]:
        """The same for the noise of an objective."""
        return self._key(NOISE)

    def _key(self, role: int) -> tuple[int, int]:
        return _words(self.seed, self.replicate, role)


@functools.lru_cache(maxsize=256)  # every trial of a replicate asks for the same two: 12 us each time
def _words(seed: int, replicate: int, role: int) -> tuple[int, int]:
    low, high = Streams(seed, replicate)._sequence(role).generate_state(2)
    return int(low), int(high)
