"""What becomes of the path when the objective, the parameters or the axes are changed: measured, reported, not judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance.dialects.record import tensors
from optlab.conformance.record import Check
from optlab.conformance.update.paths import elementwise
from optlab.conformance.update.tapes import SHAPES, SIZES, ordinary
from optlab.rules import Rule
from optlab.trajectories import trajectory

Array = npt.NDArray[Any]

SECTION = "Properties"
STEPS, FACTOR = 40, 10.0
EXACT, NEARLY = 1e-9, 1e-3


def check(rule: Rule) -> Iterator[Check]:
    """Scaling of the objective and of the parameters, permutation, rotation."""
    tape, start = ordinary()[0].gradients[:STEPS], ordinary()[0].start
    sizes = None if elementwise(rule) else SIZES

    def way(gradients: Array, first: Array) -> Array:
        return np.asarray(trajectory(rule, gradients, first, sizes=sizes) - first)

    before = way(tape, start)
    yield _scaled("objective x 10", before, way(FACTOR * tape, start), "objective")
    yield _scaled("parameters x 10", before, way(tape / FACTOR, FACTOR * start), "parameters")
    yield from _turned(rule, way, before, tape, start)


def _scaled(what: str, before: Array, after: Array, of: str) -> Check:
    if not (np.isfinite(after).all() and np.abs(before).max() > 0):
        return Check(SECTION, what, None, "no finite path to compare")
    power = math.log(float(np.linalg.norm(after)) / float(np.linalg.norm(before))) / math.log(FACTOR)
    nearest = float(round(power))
    error = _distance(after, FACTOR**nearest * before)
    said = {
        ("objective", 0.0): "the same steps (invariant)",
        ("objective", 1.0): "steps x 10 (linear)",
        ("parameters", 1.0): "steps x 10 (equivariant)",
        ("parameters", 0.0): "the same steps (not equivariant)",
        ("parameters", -1.0): "steps / 10 (not equivariant)",
    }.get((of, nearest), f"steps x 10^{nearest:g}")
    if error > NEARLY:
        said = f"the way gone grows by 10^{power:.2g}, differently for each parameter (relative difference {error:.1g})"
    elif error > EXACT:
        said += f", to {error:.1g}"
    return Check(SECTION, what, None, said, {"power": power, "difference": error})


def _distance(found: Array, expected: Array) -> float:
    size = float(np.linalg.norm(expected))
    return float(np.linalg.norm(found - expected)) / size if size else math.inf


def _turned(rule: Rule, way: Callable[[Array, Array], Array], before: Array, tape: Array, start: Array) -> Iterator[Check]:
    rng = np.random.default_rng(5)
    order = rng.permutation(len(start))
    yield _kept("parameters permuted", _distance(way(tape[:, order], start[order]), before[:, order]))
    Q = np.linalg.qr(rng.normal(size=(len(start), len(start))))[0]
    yield _kept("axes rotated", _distance(way(tape @ Q.T, Q @ start), before @ Q.T))
    if elementwise(rule):
        return
    permuted = _rowwise([np.eye(rows)[rng.permutation(rows)] for rows, _ in SHAPES])
    yield _kept("rows of each tensor permuted", _distance(way(permuted(tape), permuted(start[None])[0]), permuted(before)))
    rotated = _rowwise([np.linalg.qr(rng.normal(size=(rows, rows)))[0] for rows, _ in SHAPES])
    yield _kept("rows of each tensor rotated", _distance(way(rotated(tape), rotated(start[None])[0]), rotated(before)))


def _rowwise(matrices: Sequence[Array]) -> Callable[[Array], Array]:
    """Each tensor multiplied from the left, for every row of a tape."""

    def turn(tape: Array) -> Array:
        cut = [tensors(np.ascontiguousarray(row), SHAPES) for row in tape]
        return np.stack([np.concatenate([(Q @ each).ravel() for Q, each in zip(matrices, row, strict=True)]) for row in cut])

    return turn


def _kept(what: str, error: float) -> Check:
    if error <= EXACT:
        said = "the path turns with them (equivariant)"
    elif error <= NEARLY:
        said = f"the path turns with them, to {error:.1g}"
    else:
        said = f"another path, by {error:.1g} of the way gone (not equivariant)"
    return Check(SECTION, what, None, said, {"difference": error})
