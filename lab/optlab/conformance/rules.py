"""What can be said of an update rule without a reference: that it runs as written, in both dtypes, and takes no harm from zeros.

Whether it is the rule that it is named after is another question: see `update`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import ratio
from optlab.conformance.interpreted import interpreted
from optlab.conformance.record import Check
from optlab.conformance.settings import settings
from optlab.conformance.update.paths import elementwise
from optlab.conformance.update.tapes import PARAMETERS, SIZES
from optlab.hyper import Value
from optlab.rules import Optimizer, Rule
from optlab.stages import requests_of
from optlab.trajectories import trajectory

Array = npt.NDArray[Any]
Every = list[tuple[str, dict[str, Value]]]

SECTION = "Runs as written"
STEPS = 60
NAN_AT = 1


def check(rule: Rule) -> Iterator[Check]:
    """Slots, compiled code against the author's function, dtypes, zero gradients, one NaN; at every setting."""
    every = list(settings(rule))
    if elementwise(rule):
        yield _slots(rule)
    if requests_of(rule):
        yield Check(SECTION, "along a tape of gradients", None, "it asks for further evaluations, which a tape does not have")
        return
    rng = np.random.default_rng(3)
    tape = rng.normal(size=(STEPS, PARAMETERS)) * 10.0 ** rng.integers(-3, 4, PARAMETERS)
    start = rng.normal(size=PARAMETERS)
    yield _moves(rule, tape, start)
    yield _emitted(rule, every, tape, start)
    yield _single(rule, every, tape, start)
    yield _zeros(rule, every, start)
    yield _one_nan(rule, tape, start)


def _where(words: str) -> str:
    return f" ({words})" if words else ""


def _slots(rule: Rule) -> Check:
    values = rule.part_values(rule.values({}))
    starts: dict[str, float | slice] = {}
    for part, own in zip(rule.parts, values, strict=True):
        assert isinstance(part, Optimizer)
        starts |= zip(part.slots, part.slot_starts(own), strict=True)
    shown = ", ".join(f"{slot} from {'w' if isinstance(first, slice) else f'{first:g}'}" for slot, first in starts.items())
    finite = all(isinstance(first, slice) or np.isfinite(first) for first in starts.values())
    return Check(SECTION, "state", finite, shown or "none" if finite else f"a slot starts at no finite number: {shown}")


def _moved(found: Array, expected: Array, start: Array, rounding: float = 0.0) -> float:
    """Largest difference, relative to how far each parameter went. rounding: that of w in each step, which is not counted."""
    way = np.maximum(np.abs(expected - start).max(axis=0), 1e-12 * np.abs(start))
    size = np.maximum(np.abs(expected).max(axis=0), np.abs(start))
    off = np.maximum(np.abs(found - expected) - STEPS * rounding * size, 0.0)
    return float(np.max(np.nan_to_num(np.where(np.isnan(found), np.nan, off) / way, nan=np.inf)))


def _moves(rule: Rule, tape: Array, start: Array) -> Check:
    """In Python first: an index beyond an array raises there, and writes where it will in compiled code."""
    path = interpreted(rule, rule.values({}), tape, start, SIZES)
    moved = int(np.any(path != start, axis=0).sum())
    if moved:
        return Check(SECTION, "moves the parameters", True, f"{moved} of {PARAMETERS} along {STEPS} steps", {"moved": moved})
    remedy = "; array code changes w in place: write w -= ..., not w = w - ..." if not elementwise(rule) else ""
    return Check(SECTION, "moves the parameters", False, f"no step changes a parameter{remedy}", {"moved": moved})


def _emitted(rule: Rule, every: Every, tape: Array, start: Array) -> Check:
    def error_at(values: dict[str, Value]) -> float:
        expected = interpreted(rule, values, tape, start, SIZES)
        return _moved(trajectory(rule, tape, start, values, sizes=SIZES), expected, start)

    error, words = max((error_at(values), words) for words, values in every)
    passed = error <= 1e-10
    closeness = f"the author's function step by step, {ratio.closeness(error)}"
    sentence = closeness if passed else f"departs from the author's function by {error:.2g}{_where(words)}"
    return Check(SECTION, f"compiled code along {STEPS} steps", passed, sentence, {"largest error": error, "settings": len(every)})


def _single(rule: Rule, every: Every, tape: Array, start: Array) -> Check:
    tape, start = tape.astype(np.float32).astype(float), start.astype(np.float32).astype(float)

    def error_at(values: dict[str, Value]) -> float:
        single = trajectory(rule, tape, start, values, dtype="float32", sizes=SIZES).astype(float)
        return _moved(single, trajectory(rule, tape, start, values, sizes=SIZES), start, rounding=2.0**-24)

    error, words = max((error_at(values), words) for words, values in every)
    passed = True if error <= 2e-2 else False if elementwise(rule) or not np.isfinite(error) else None
    fine = f"to {error:.1g} of the way gone, beside the rounding of w" if error else "to the rounding of w"
    sentence = fine if passed else f"departs by {error:.2g} of the way gone{_where(words)}"
    if passed is None:  # measured: 0.08 for prodigy, 0.8 for soap, whose eigenvectors belong to a matrix of condition 1e12
        sentence += ", on gradients from 1e-3 to 1e3 that share a tensor"
    return Check(SECTION, "float32 follows float64", passed, sentence, {"largest error": error})


def _zeros(rule: Rule, every: Every, start: Array) -> Check:
    still = np.zeros((3, PARAMETERS))
    for words, values in every:
        for dtype in ("float64", "float32"):
            out = trajectory(rule, still, start, values, dtype=dtype, sizes=SIZES)
            if not np.isfinite(out).all():
                step = int(np.flatnonzero(~np.isfinite(out).all(axis=1))[0]) + 1
                sentence = f"a zero gradient makes parameters {out[step - 1][~np.isfinite(out[step - 1])][0]} at step {step} in {dtype}"
                return Check(SECTION, "zero gradients", False, sentence + _where(words))
    moved = float(np.abs(trajectory(rule, still, start, sizes=SIZES)[-1] - start).max())
    sentence = "parameters stay" if moved == 0.0 else f"parameters move by {moved:.2g} in 3 steps, finite"
    return Check(SECTION, "zero gradients", True, sentence)


def _one_nan(rule: Rule, tape: Array, start: Array) -> Check:
    broken = tape[:5].copy()
    broken[2, NAN_AT] = np.nan
    out, whole = trajectory(rule, broken, start, sizes=SIZES), trajectory(rule, tape[:5], start, sizes=SIZES)
    others = np.arange(PARAMETERS) != NAN_AT
    if not np.isnan(out[2:, NAN_AT]).any():
        return Check(SECTION, "one nan", False, "a nan gradient leaves its parameter finite, which hides a divergence")
    alone = bool(np.array_equal(out[:, others], whole[:, others]))
    if not elementwise(rule):
        return Check(SECTION, "one nan", None, "it shows in all parameters: array code is not given gradients that are not finite")
    sentence = "it shows in its own parameter alone" if alone else "it spreads to other parameters, though the rule is elementwise"
    return Check(SECTION, "one nan", alone, sentence)
