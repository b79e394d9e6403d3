"""Zero gradients, the first step, the millionth, the same bits twice, trials that do not hear of each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance.record import Check
from optlab.conformance.update.paths import elementwise, rate_name
from optlab.conformance.update.tapes import SIZES, ordinary
from optlab.rules import Rule
from optlab.trajectories import trajectory

Array = npt.NDArray[Any]

SECTION = "Properties"
MANY = 1_000_000
FAR = 1e100  # a parameter beyond it has grown there, not jumped
THREADS = 2


def check(rule: Rule) -> Iterator[Check]:
    """Each of them."""
    yield _zeros(rule)
    yield _first(rule)
    yield _late(rule)
    yield from _repeated(rule)


def _zeros(rule: Rule) -> Check:
    """A batch of zero gradients, at the start and after some that were not."""
    tape, start = ordinary()[0].gradients[:20], ordinary()[0].start
    sizes = None if elementwise(rule) else SIZES
    still = np.zeros_like(tape)
    path = trajectory(rule, np.concatenate([still, tape, still]), start, sizes=sizes)
    first = float(np.abs(path[len(still) - 1] - start).max())
    last = float(np.abs(path[len(still) + len(tape) - 1] - path[len(still) + len(tape) - 2]).max())
    onward = float(np.abs(path[-1] - path[-1 - len(still)]).max())
    finite = bool(np.isfinite(path).all())
    said = "stay where they are" if first == 0 else f"move by {first:.2g} in {len(still)} steps"
    then = "and after other gradients too" if onward == 0 else f"; after other gradients they go on by {onward / last:.3g} of the last step"
    if last == 0 and onward:
        then = f"; after other gradients they go on by {onward:.2g}"
    sentence = (
        f"at first, parameters {said}{then if then.startswith(';') else ' ' + then}" if finite else "parameters become nan or infinite"
    )
    return Check(SECTION, "zero gradients, 20 steps", finite, sentence, {"at first": first, "after others": onward})


def _first(rule: Rule) -> Check:
    """The first step for gradients of three sizes."""
    sizes = np.array([1e-3, 1.0, 1e3])
    steps = np.abs(np.array([trajectory(rule, np.array([[g]]), np.ones(1))[0, 0] - 1.0 for g in sizes]))
    lr = rule.values({}).get(rate_name(rule))
    unit = float(lr) if isinstance(lr, float) else 1.0
    name = " lr" if isinstance(lr, float) else ""
    shown = ", ".join(f"{step / unit:.3g}{name}" for step in steps)
    finite = bool(np.isfinite(steps).all())
    sentence = f"for gradients 0.001, 1, 1000: {shown}"
    return Check(
        SECTION, "first step, t = 1", finite, sentence, {f"step at {g:g}": float(step) for g, step in zip(sizes, steps, strict=True)}
    )


def _late(rule: Rule) -> Check:
    """A gradient of 1 for a million steps, one parameter."""
    tape = np.ones((MANY, 1))
    path = trajectory(rule, tape, np.zeros(1))[:, 0]
    if not np.isfinite(path).all():
        step = int(np.flatnonzero(~np.isfinite(path))[0]) + 1
        if step > 1 and path[step - 2] < -FAR:  # ever faster, as rules that measure distances are
            sentence = f"under a constant gradient of 1, which has no minimum, the steps grow: {path[step - 1]} from step {step} on"
            return Check(SECTION, "step at t = 1e6", None, sentence, {"step": step})
        return Check(SECTION, "step at t = 1e6", False, f"the parameter is {path[step - 1]} from step {step} on", {"step": step})
    early, middle, late = (_step(path, at) for at in (10, 1000, MANY))
    shown = f"{late:.3g} under a constant gradient of 1; it was {middle:.3g} at t = 1000 and {early:.3g} at t = 10"
    return Check(SECTION, "step at t = 1e6", True, shown, {"t = 10": early, "t = 1000": middle, "t = 1e6": late})


def _step(path: Array, at: int) -> float:
    """Length of the step at time `at`; over the last hundredth of it, where single steps drown in rounding of the place."""
    span = max(1, at // 100)
    return abs(float(path[at - 1] - path[at - 1 - span])) / span


def _repeated(rule: Rule) -> Iterator[Check]:
    tape, start = ordinary()[0].gradients, ordinary()[0].start
    sizes = None if elementwise(rule) else SIZES

    def again(gradients: Array) -> bytes:
        return np.asarray(trajectory(rule, gradients, start, sizes=sizes)).tobytes()

    once = again(tape)
    same = again(tape) == once
    yield Check(SECTION, "the same run twice", same, "the same bits" if same else "other bits: something else than its arguments enters")
    other = np.ascontiguousarray(-3.0 * tape[::-1])
    again(other)
    after = again(tape) == once
    with ThreadPoolExecutor(THREADS) as pool:
        beside = all(path == once for path in list(pool.map(again, [tape, other] * 4))[::2])
    alone = after and beside
    said = "the same bits after another trial and beside others" if alone else "a trial sees the state of another"
    yield Check(SECTION, "trials apart", alone, said)
