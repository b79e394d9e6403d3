"""Where one path leaves another: the first step, the coordinate, both values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optlab.conformance.update.tapes import SHAPES

Array = npt.NDArray[np.float64]

TOLERANCE = 1e-9
"""Of the way gone so far: a thousand times what rounding makes of 130 steps, a thousandth of what any dialect makes."""


@dataclass(frozen=True)
class Departure:
    """The first step (from 1) and coordinate at which two paths differ, and both values there."""

    tape: str
    step: int
    coordinate: int
    found: float
    expected: float

    @property
    def place(self) -> str:
        return f"step {self.step} of the {self.tape} tape, parameter {self.coordinate} ({parameter(self.coordinate)})"

    @property
    def words(self) -> str:
        digits = next((d for d in range(6, 18) if f"{self.found:.{d}g}" != f"{self.expected:.{d}g}"), 17)
        return f"{self.place}: {self.found:.{digits}g} instead of {self.expected:.{digits}g}"


def parameter(k: int) -> str:
    """``W1[0,1]``, ``b2[0]``: the parameter's place in its layer."""
    for index, (rows, columns) in enumerate(SHAPES):
        if k < rows * columns:
            layer, row, column = index // 2 + 1, *divmod(k, columns)
            return f"b{layer}[{column}]" if index % 2 else f"W{layer}[{row},{column}]"
        k -= rows * columns
    return f"parameter {k}"


def first(found: Array, expected: Array, start: Array, tape: str, doubt: Array | float = 0.0) -> Departure | None:
    """Where `found` leaves `expected`, both (T, n) from `start`, by more than rounding and `doubt`; None where it never does."""
    with np.errstate(all="ignore"):
        way = np.maximum.accumulate(np.nan_to_num(np.abs(expected - start), nan=0.0, posinf=0.0), axis=0)
        size = np.maximum.accumulate(np.nan_to_num(np.abs(expected), nan=0.0, posinf=0.0), axis=0)
        allowed = TOLERANCE * way + 1e-13 * np.maximum(size, np.abs(start)) + doubt
        same = (np.abs(found - expected) <= allowed) | (found == expected) | (np.isnan(found) & np.isnan(expected))
    wrong = np.flatnonzero(~same.all(axis=1))
    if not len(wrong):
        return None
    step = int(wrong[0])
    with np.errstate(all="ignore"):
        off = np.nan_to_num(np.abs(found[step] - expected[step]) / (allowed[step] + 1e-300), nan=np.inf)
    coordinate = int(np.argmax(np.where(same[step], -1.0, off)))
    return Departure(tape, step + 1, coordinate, float(found[step, coordinate]), float(expected[step, coordinate]))
