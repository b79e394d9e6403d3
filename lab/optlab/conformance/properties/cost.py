"""What a rule costs: state, operations and time per parameter. Time is reported, never judged."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from optlab.conformance.record import Check
from optlab.conformance.update.paths import elementwise
from optlab.plugin import optimizer
from optlab.rules import ArrayRule, Rule, Tensor
from optlab.stages import requests_of
from optlab.trajectories import trajectory

SECTION = "Properties"
SIZES = (28, 32, 2)
TENSORS = (Tensor(0, 28, 32), Tensor(28 * 32, 1, 32), Tensor(29 * 32, 32, 2), Tensor(29 * 32 + 64, 1, 2))
PARAMETERS = sum(tensor.size for tensor in TENSORS)
STEPS = 500
REPEATS = 7


@optimizer
def nothing(w: Any, g: Any) -> Any:
    """Reads what every rule reads and changes nothing: what is left of a run without the rule."""
    return w


def check(rule: Rule) -> Iterator[Check]:
    """State, operations, time."""
    yield Check(SECTION, "state", None, _state(rule), {"slots": len(rule.slots)})
    count = float(rule.flops(rule.options(rule.values({}))))
    yield Check(SECTION, "operations", None, f"{count:g} per parameter and step", {"operations": count})
    if requests_of(rule):
        return
    each = max(0.0, _seconds(rule) - _seconds(nothing)) / (STEPS * PARAMETERS) * 1e9
    words = f"{each:.2g} ns per parameter and step (float64, {PARAMETERS} parameters, median of {REPEATS})"
    yield Check(SECTION, "time", None, words, {"nanoseconds": each, "parameters": PARAMETERS})


def _state(rule: Rule) -> str:
    if not rule.slots:
        return "none"
    if elementwise(rule):
        return f"{len(rule.slots)} number{'s' * (len(rule.slots) > 1)} per parameter: {', '.join(rule.slots)}"
    each = [(slot, part.shape(slot) if isinstance(part, ArrayRule) else ("n",)) for part in rule.parts for slot in part.slots]
    values = rule.values({})
    memories = (part.memory(TENSORS, own) for part, own in zip(rule.parts, rule.part_values(values), strict=True))
    size = sum(elements for memory in memories for _, elements, _ in memory)
    shapes = ", ".join(f"{slot} ({' x '.join(shape) or 'one number'})" for slot, shape in each)
    return f"{size / PARAMETERS:.3g} numbers per parameter of layers {' -> '.join(map(str, SIZES))}: {shapes}"


def _seconds(rule: Rule) -> float:
    rng = np.random.default_rng(1)
    tape, start = rng.normal(size=(STEPS, PARAMETERS)), rng.normal(size=PARAMETERS)
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        trajectory(rule, tape, start, sizes=None if elementwise(rule) else SIZES)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
