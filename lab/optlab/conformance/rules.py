"""What can be said of an update rule without a reference: that it runs as written, in both dtypes, and takes no harm from zeros.

Whether it is the rule that it is named after is another question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import ratio
from optlab.conformance.record import Check
from optlab.conformance.settings import settings
from optlab.hyper import Value
from optlab.kinds import Optimizer
from optlab.trajectories import trajectory

Array = npt.NDArray[Any]

SECTION = "Runs as written"
STEPS, PARAMETERS = 60, 5


def check(plugin: Optimizer) -> Iterator[Check]:
    """Slots, compiled code against the interpreted formula, dtypes, zero gradients, one NaN; at every setting."""
    rng = np.random.default_rng(3)
    tape = rng.normal(size=(STEPS, PARAMETERS)) * np.array([1.0, 1e-3, 1e3, 1.0, 0.1])
    start = rng.normal(size=PARAMETERS)
    yield _slots(plugin)
    every = list(settings(plugin))
    yield _emitted(plugin, every, tape, start)
    yield _single(plugin, every, tape, start)
    yield _zeros(plugin, every, start)
    yield _one_nan(plugin, tape, start)


def _where(words: str) -> str:
    return f" ({words})" if words else ""


def _slots(plugin: Optimizer) -> Check:
    starts = plugin.slot_starts(plugin.values({}))
    shown = ", ".join(f"{slot} from {value:g}" for slot, value in zip(plugin.slots, starts, strict=True))
    finite = bool(np.isfinite(starts).all())
    return Check(SECTION, "state", finite, shown or "none" if finite else f"a slot starts at no finite number: {shown}")


def interpreted(plugin: Optimizer, values: Mapping[str, Value], tape: Array, start: Array) -> Array:
    """The author's function step by step in NumPy: row k is w after step k + 1."""
    state: list[Any] = [start.copy(), *(np.full_like(start, first) for first in plugin.slot_starts(values))]
    out = np.empty_like(tape)
    for t, g in enumerate(tape, start=1):
        timed = {"t": t} if plugin.timed else {}
        with np.errstate(all="ignore"):
            made = plugin(state[0], g, *state[1:], **timed, **values)
        state = [np.broadcast_to(np.asarray(each, dtype=float), start.shape) for each in (made if isinstance(made, tuple) else (made,))]
        out[t - 1] = state[0]
    return out


def _moved(found: Array, expected: Array, start: Array) -> float:
    """Largest difference, relative to how far each parameter went."""
    way = np.maximum(np.abs(expected - start).max(axis=0), 1e-12 * np.abs(start))
    return float(np.max(np.nan_to_num(np.abs(found - expected) / way, nan=np.inf)))


def _emitted(plugin: Optimizer, every: list[tuple[str, dict[str, Value]]], tape: Array, start: Array) -> Check:
    error, words = max((_moved(trajectory(plugin, tape, start, v), interpreted(plugin, v, tape, start), start), w) for w, v in every)
    passed = error <= 1e-10
    sentence = (
        f"the formula step by step, {ratio.closeness(error)}" if passed else f"departs from the formula by {error:.2g}{_where(words)}"
    )
    return Check(SECTION, f"compiled code along {STEPS} steps", passed, sentence, {"largest error": error, "settings": len(every)})


def _single(plugin: Optimizer, every: list[tuple[str, dict[str, Value]]], tape: Array, start: Array) -> Check:
    tape, start = tape.astype(np.float32).astype(float), start.astype(np.float32).astype(float)
    error, words = max(
        (_moved(trajectory(plugin, tape, start, v, dtype="float32").astype(float), trajectory(plugin, tape, start, v), start), w)
        for w, v in every
    )
    passed = error <= 2e-2  # steps of 1e-3 on parameters of size 1 keep about 4 of float32's 7 digits
    sentence = f"to {error:.1g} of the way gone" if passed else f"departs by {error:.2g} of the way gone{_where(words)}"
    return Check(SECTION, "float32 follows float64", passed, sentence, {"largest error": error})


def _zeros(plugin: Optimizer, every: list[tuple[str, dict[str, Value]]], start: Array) -> Check:
    for words, values in every:
        for dtype in ("float64", "float32"):
            out = trajectory(plugin, np.zeros((3, PARAMETERS)), start, values, dtype=dtype)
            if not np.isfinite(out).all():
                step = int(np.flatnonzero(~np.isfinite(out).all(axis=1))[0]) + 1
                sentence = f"a zero gradient makes parameters {out[step - 1][~np.isfinite(out[step - 1])][0]} at step {step} in {dtype}"
                return Check(SECTION, "zero gradients", False, sentence + _where(words))
    moved = float(np.abs(trajectory(plugin, np.zeros((3, PARAMETERS)), start)[-1] - start).max())
    return Check(
        SECTION, "zero gradients", True, "parameters stay" if moved == 0.0 else f"parameters move by {moved:.2g} in 3 steps, finite"
    )


def _one_nan(plugin: Optimizer, tape: Array, start: Array) -> Check:
    broken = tape[:5].copy()
    broken[2, 1] = np.nan
    out, whole = trajectory(plugin, broken, start), trajectory(plugin, tape[:5], start)
    others = np.arange(PARAMETERS) != 1
    if not np.isnan(out[2:, 1]).any():
        return Check(SECTION, "one nan", False, "a nan gradient leaves its parameter finite, which hides a divergence")
    alone = bool(np.array_equal(out[:, others], whole[:, others]))
    sentence = "it shows in its own parameter alone" if alone else "it spreads to other parameters, though the rule is elementwise"
    return Check(SECTION, "one nan", alone, sentence)
