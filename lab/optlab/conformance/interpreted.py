"""A rule as its author wrote it, step by step in Python: the plain twin of the compiled code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.hyper import Value
from optlab.rules import ArrayRule, Optimizer, Rule, Tensor
from optlab.stages import tensors_of
from optlab.wiring import layer_table

Array = npt.NDArray[Any]
Step = Callable[[Array, Array, int], None]  # changes w and g (n,) in place


def interpreted(
    rule: Rule, values: Mapping[str, Value], tape: Array, start: Array, sizes: Sequence[int] | None = None, rates: Array | None = None
) -> Array:
    """As `optlab.trajectory` in float64, without compiled code: row k is w after step k + 1. For rules that ask for nothing.

    rates: factors on lr, one per step, for rules whose learning rate is called so.
    """
    w = np.array(start, dtype=float)
    tensors = tensors_of(layer_table(sizes) if sizes else np.zeros((0, 0), dtype=np.int64), len(w))
    owns = [dict(own) for own in rule.part_values(values)]
    steps = [_step(part, own, w, tensors) for part, own in zip(rule.parts, owns, strict=True)]
    out = np.empty(np.shape(tape))
    for t, gradient in enumerate(np.asarray(tape, dtype=float), start=1):
        g = gradient.copy()
        for own, given in zip(owns, rule.part_values(values), strict=True):
            if rates is not None and "lr" in own:
                own["lr"] = float(given["lr"]) * float(rates[t - 1])
        for step in steps:
            with np.errstate(all="ignore"):
                step(w, g, t)
        out[t - 1] = w
    return out


def _step(rule: Rule, values: Mapping[str, Value], w: Array, tensors: Sequence[Tensor]) -> Step:
    return _formula(rule, values, w) if isinstance(rule, Optimizer) else _array(rule, values, w, tensors)


def _formula(rule: Optimizer, values: Mapping[str, Value], start: Array) -> Step:
    slots = [np.full_like(start, start[first] if isinstance(first, slice) else first) for first in rule.slot_starts(values)]

    def step(w: Array, g: Array, t: int) -> None:
        made = rule(w.copy(), g.copy(), *(slot.copy() for slot in slots), **({"t": float(t)} if rule.timed else {}), **values)
        for target, value in zip([w, *([g] if rule.transforms else []), *slots], made if isinstance(made, tuple) else (made,), strict=True):
            target[:] = value

    return step


def _array(rule: Any, values: Mapping[str, Value], start: Array, tensors: Sequence[Tensor]) -> Step:
    assert isinstance(rule, ArrayRule)
    seen = rule.seen(tensors)
    state = [[_slot(rule, name, values, tensor, start) for name in rule.slots] for tensor in seen]

    def step(w: Array, g: Array, t: int) -> None:
        for k, (tensor, slots) in enumerate(zip(seen, state, strict=True)):
            shape = (tensor.size,) if rule.whole else (tensor.rows, tensor.columns)
            given = {"t": t, "bias": len(seen) == 1 or k % 2 == 1}
            rule(
                w[tensor.place].reshape(shape),
                g[tensor.place].reshape(shape),
                *slots,
                **{name: given[name] for name in rule.given},
                **values,
            )

    return step


def _slot(rule: ArrayRule, name: str, values: Mapping[str, Value], tensor: Tensor, start: Array) -> Array:
    first, shape = rule.first(name, values, tensor.place), rule.sizes(name, tensor, values) or (1,)
    return start[first].reshape(shape).copy() if isinstance(first, slice) else np.full(shape, first)
