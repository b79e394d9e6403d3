"""What the dialects of many rules have in common: where eps stands, how bias is corrected, how weights decay."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from optlab.conformance.dialects.record import Array, Formula, State

EPS = ("outside", "inside", "both")
EPS_WORDS: Mapping[str, str] = MappingProxyType(
    {"outside": "eps outside the root", "inside": "eps inside the root", "both": "eps inside and outside the root", "none": "without eps"}
)
DECAYS: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        "coupled": "decay coupled (added to the gradient)",
        "before": "decay decoupled, times lr, before the step",
        "after": "decay decoupled, times lr, after the step (of the new w)",
        "whole": "decay decoupled, not times lr",
    }
)


def root(v: Any, form: str, eps: float) -> Any:
    """sqrt(v) with eps where `form` says."""
    return np.sqrt(v + (eps if form in ("inside", "both") else 0.0)) + (eps if form in ("outside", "both") else 0.0)


def decayed(formula: Formula, form: str) -> Formula:
    """The formula with the weight decay of that form: see `DECAYS`."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        if form == "coupled":
            return formula(w, g + h.weight_decay * w, s, t, h)
        if form == "before":
            return formula(w * (1 - h.lr * h.weight_decay), g, s, t, h)
        if form == "whole":
            return formula(w * (1 - h.weight_decay), g, s, t, h)
        new = formula(w, g, s, t, h)
        return new * (1 - h.lr * h.weight_decay) if form == "after" else new

    return step


def with_decay(form: str, **hyper: float) -> dict[str, Any]:
    """The hyper-parameters, with weight_decay where the form has one."""
    return hyper | ({"weight_decay": 0.01} if form else {})


def joined(*parts: str) -> str:
    """The parts that are not empty, with commas."""
    return ", ".join(part for part in parts if part)


def norm(x: Array) -> float:
    return float(np.sqrt(np.sum(x * x)))


def ema(s: State, name: str, beta: float, new: Array) -> Array:
    """s[name] <- beta * s[name] + (1 - beta) * new, from 0."""
    s[name] = beta * s.get(name, np.zeros_like(new)) + (1 - beta) * new
    return s[name]  # type: ignore[no-any-return]
