"""The path of a rule along a tape: compiled, or, where the learning rate changes, as its author wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance.dialects.record import Dialect, run
from optlab.conformance.interpreted import interpreted
from optlab.conformance.update.tapes import SHAPES, SIZES, Tape
from optlab.hyper import Value
from optlab.rules import Optimizer, Rule
from optlab.trajectories import trajectory

Array = npt.NDArray[np.float64]


def rate_name(rule: Rule) -> str:
    """What the rule calls its learning rate (of a chain: its optimizer's); "" where it has none."""
    return next((name for name in rule.swept if name.rsplit(".", 1)[-1] in ("lr", "learning_rate", "eta")), "")


def elementwise(rule: Rule) -> bool:
    """Whether each parameter goes its own way: all of it formulas."""
    return all(isinstance(part, Optimizer) for part in rule.parts)


class Paths:
    """Paths of one rule, each computed once."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._found: dict[tuple[Any, ...], Array] = {}

    def __call__(self, tape: Tape, values: Mapping[str, Value]) -> Array:
        key = (tape.name, *values.items())
        if key not in self._found:
            if tape.rates is not None:
                path = interpreted(self.rule, values, tape.gradients, tape.start, SIZES, tape.rates)
            else:
                path = trajectory(self.rule, tape.gradients, tape.start, values, sizes=SIZES)
            self._found[key] = path
        return self._found[key]


class References:
    """Paths of dialects, each computed once."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], Array] = {}

    def __call__(self, dialect: Dialect, tape: Tape, hyper: Mapping[str, float], steps: int) -> Array:
        key = (dialect.name, tape.name, steps, *sorted(hyper.items()))
        if key not in self._found:
            rates = None if tape.rates is None else tape.rates[:steps]
            self._found[key] = run(dialect, tape.gradients[:steps], tape.start, hyper, SHAPES, rates)
        return self._found[key]

    def doubt(self, dialect: Dialect, tape: Tape, hyper: Mapping[str, float], steps: int) -> Array:
        """How far rounding carries the path: centered second moments of constant gradients are all rounding.

        Ten times the largest difference so far between the path and that of gradients moved by about one unit in the last place.
        """
        path = self(dialect, tape, hyper, steps)
        turned = np.where(np.arange(tape.gradients.size).reshape(tape.gradients.shape) % 3 == 0, 1 + 3e-16, 1 - 2e-16)
        rates = None if tape.rates is None else tape.rates[:steps]
        moved = run(dialect, (tape.gradients * turned)[:steps], tape.start, hyper, SHAPES, rates)
        return 10.0 * np.maximum.accumulate(np.nan_to_num(np.abs(moved - path), nan=0.0, posinf=0.0), axis=0)
