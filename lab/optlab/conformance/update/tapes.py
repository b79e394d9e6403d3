"""The fixed tapes of gradients along which a rule is held against its references."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SIZES = (2, 3, 2)
"""Layers of the network whose parameters the tapes are for: a wide and a tall matrix, and biases."""
SHAPES = tuple(shape for rows, columns in itertools.pairwise(SIZES) for shape in ((rows, columns), (1, columns)))
PARAMETERS = sum(rows * columns for rows, columns in SHAPES)
STEPS = 130
"""More than twice the mini-batches of a usual epoch in teaching code, so that a reset every 50 or 60 steps is met twice."""


@dataclass(frozen=True, eq=False)
class Tape:
    """Gradients (T, n) and first parameters (n,); rates: factors on the learning rate, one per step, where it changes."""

    name: str
    gradients: Array
    start: Array
    rates: Array | None = None


@functools.cache
def ordinary() -> tuple[Tape, ...]:
    """Tapes that tell rules apart."""
    rng = np.random.default_rng(20)
    n, t = PARAMETERS, np.arange(STEPS)[:, None]
    size = 10.0 ** rng.uniform(-2.5, 0.5, n)
    start = rng.normal(size=n)
    smooth = size * (np.cos(t / rng.uniform(3, 30, n) + rng.uniform(0, 6, n)) + 0.3 * rng.normal(size=n))
    sparse = size * rng.normal(size=(STEPS, n)) * (rng.random((STEPS, n)) < 0.2)
    sparse[0] = size  # from its first step on a departure is one of the rule, not of a zero
    constant = np.repeat((size * np.where(rng.random(n) < 0.5, -1.0, 1.0))[None, :], STEPS, axis=0)
    flipping = (-1.0) ** t * size * (1 + 0.3 * rng.random((STEPS, n)))
    return (
        Tape("smooth", smooth, start),
        Tape("sparse", sparse, start),
        Tape("constant", constant, start),
        Tape("sign-flipping", flipping, start),
    )


@functools.cache
def changing() -> Tape:
    """The smooth tape with a learning rate that falls: what stands inside a velocity shows here alone."""
    smooth = ordinary()[0]
    rates = np.where(np.arange(STEPS) < 5, 1.0, 0.3)
    return Tape("smooth, lr falling to 0.3 lr at step 6", smooth.gradients, smooth.start, rates)


@functools.cache
def extreme() -> tuple[Tape, ...]:
    """Tapes of numbers that no rule is made for."""
    rng = np.random.default_rng(21)
    n, steps = PARAMETERS, 12
    start = rng.normal(size=n)
    drawn = rng.normal(size=(steps, n))
    broken = drawn.copy()
    broken[2, 4] = np.nan
    return (
        Tape("tiny (1e-20)", 1e-20 * drawn, np.zeros(n)),  # from 0, where steps of 1e-20 are seen
        Tape("huge (1e20)", 1e20 * drawn, start),
        Tape("zero", np.zeros((steps, n)), start),
        Tape("one nan", broken, start),
    )
