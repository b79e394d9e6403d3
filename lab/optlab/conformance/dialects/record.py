"""What a dialect is, and how it is run along a tape of gradients: plain NumPy, slow and obvious."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
State = dict[str, Any]
Step = Callable[[list[Array], list[Array], dict[Any, Any], int, Any], list[Array]]
Formula = Callable[[Array, Array, State, int, Any], Any]


@dataclass(frozen=True)
class Dialect:
    """One published (or circulating) form of an update rule.

    Attributes:
        rule: name of the rule it is a dialect of: "adam".
        words: what sets it apart: "eps outside the root, bias correction by Algorithm 1".
        step: step(w, g, state, t, h) -> new w. w, g: one 2-D float64 array per tensor, (n_in, n_out) of a layer's W and (1, n_out) of
            its b; state: a dict that starts empty; t = 1, 2, ...; h: its hyper-parameters as attributes.
        hyper: hyper-parameters and their defaults.
        layered: its step looks at whole tensors; else each parameter goes its own way.
        defect: it circulates under the rule's name and is a mistake.
    """

    rule: str
    words: str
    step: Step
    hyper: Mapping[str, float]
    layered: bool = False
    defect: bool = False

    @property
    def name(self) -> str:
        """``adam, eps outside the root, ...``."""
        return f"{self.rule}, {self.words}" if self.words else self.rule


def per_tensor(formula: Formula) -> Step:
    """A step from a formula(w, g, state, t, h) -> new w of one tensor, each tensor with a state of its own."""

    def step(w: list[Array], g: list[Array], state: dict[Any, Any], t: int, h: Any) -> list[Array]:
        return [formula(one, slope, state.setdefault(k, {}), t, h) for k, (one, slope) in enumerate(zip(w, g, strict=True))]

    return step


def dialect(rule: str, words: str, formula: Formula, *, layered: bool = False, defect: bool = False, **hyper: float) -> Dialect:
    """A dialect that treats every tensor alike and alone."""
    return Dialect(rule, words, per_tensor(formula), hyper, layered, defect)


def tensors(flat: Array, shapes: Sequence[tuple[int, int]]) -> list[Array]:
    """The flat vector cut into tensors: views."""
    if len(shapes) == 1:
        return [flat.reshape(shapes[0])]
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]


def run(
    one: Dialect, tape: Array, start: Array, hyper: Mapping[str, float], shapes: Sequence[tuple[int, int]] | None = None,
    rates: Array | None = None,
) -> Array:  # fmt: skip
    """The path along a tape of gradients (T, n) from `start` (n,): row k is w after step k + 1.

    shapes: of the tensors that make up the n parameters; without them (and for dialects that are not layered) the vector is one row.
    rates: factors on lr, one per step.
    """
    cut = list(shapes) if shapes is not None and one.layered else [(1, len(start))]
    state: dict[Any, Any] = {}
    values = {**one.hyper, **hyper}
    h, lr = SimpleNamespace(**values), values.get("lr", 1.0)
    out, w = np.empty_like(tape), tensors(start.copy(), cut)
    with np.errstate(all="ignore"):
        for k, g in enumerate(tape):
            if rates is not None:
                h.lr = lr * rates[k]
            w = one.step(w, tensors(g, cut), state, k + 1, h)
            out[k] = np.concatenate([each.ravel() for each in w])
    return out
