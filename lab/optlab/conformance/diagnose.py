"""From gradients that differ to what is wrong: block by block a factor and penalty terms, network by network a known mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optlab.conformance import ratio
from optlab.conformance.twin import Layers, Mistake, Network, mistakes

Array = npt.NDArray[np.float64]

KINDS = ("weight", "bias")
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Block:
    """The weights (kind 0) or biases (kind 1) of one layer: ``found = factor * expected + l2 * W + l1 * sign(W)`` up to `residual`.

    `difference` is the relative distance to the right gradient.
    """

    layer: int
    kind: int
    factor: float
    l2: float
    l1: float
    residual: float
    difference: float

    @property
    def name(self) -> str:
        return f"{KINDS[self.kind]} gradients of layer {self.layer + 1}"


@dataclass(frozen=True)
class Sample:
    """One draw of the parameters and the gradient found there; `new` are the parameters after a step, where there was one."""

    layers: Layers
    found: Layers
    new: Layers | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The mistake that explains the samples (None: unexplained) and every block in its terms."""

    mistake: Mistake | None
    blocks: tuple[Block, ...]


def diagnose(network: Network, samples: Sequence[Sample], l1: float, l2: float, more: Sequence[Mistake] = ()) -> Diagnosis:
    """The first mistake under which every block is a constant factor times what is expected, plus penalties."""
    right = [network.gradient(sample.layers)[1] for sample in samples]
    first: tuple[Block, ...] = ()
    right_one, *others = mistakes(network)
    for mistake in [right_one, *more, *others]:
        made = [network.gradient(sample.layers, mistake, sample.new)[1] for sample in samples]
        blocks = tuple(_block(k, kind, samples, made, right, l1, l2) for k in range(len(network.sizes) - 1) for kind in (0, 1))
        first = first or blocks
        if all(block.residual <= TOLERANCE for block in blocks):
            return Diagnosis(mistake, blocks)
    return Diagnosis(None, first)


def _stack(layers: Sequence[Layers], k: int, kind: int) -> Array:
    return np.concatenate([np.ravel(each[k][kind]) for each in layers])


def _block(k: int, kind: int, samples: Sequence[Sample], made: Sequence[Layers], right: Sequence[Layers], l1: float, l2: float) -> Block:
    found, expected = _stack([s.found for s in samples], k, kind), _stack(made, k, kind)
    W = _stack([s.layers for s in samples], k, kind)
    terms = [expected, W] + ([np.sign(W)] if l1 else [])
    (factor, found_l2, *rest), residual = ratio.fit_terms(found, terms)
    true = _stack(right, k, kind) + (l2 * W + l1 * np.sign(W) if kind == 0 else 0.0)
    size = float(np.linalg.norm(true)) or 1.0
    difference = float(np.linalg.norm(found - true)) / size
    return Block(k, kind, factor, found_l2, rest[0] if rest else 0.0, residual, difference)


def same(a: float, b: float, scale: float = 1.0) -> bool:
    """Equal up to what a least-squares fit leaves."""
    return abs(a - b) <= 10 * TOLERANCE * max(abs(a), abs(b), scale * 1e-3)
