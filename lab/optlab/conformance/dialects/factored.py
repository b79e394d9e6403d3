"""Rules that keep a second moment of a tensor's rows and columns alone: Adafactor and SM3.

Shazeer and Stern, ICML 2018, Algorithms 4-6; Anil et al., NeurIPS 2019, SM3-I and SM3-II; ``torch.optim.Adafactor``, ``optax.sm3``.
A tensor of one row (a bias) is a vector, which is not factored.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import norm
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect


def rms(x: Array) -> float:
    return norm(x) / math.sqrt(x.size)


def _adafactor(form: str) -> Formula:
    """torch: eps1 as the least root, decay before the step; paper: eps1 added to the squared gradient."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        keep = 1 - t**h.beta2_decay
        rate = max(h.eps2, rms(w)) * min(h.lr, 1 / math.sqrt(t))
        w = w * (1 - h.lr * h.weight_decay)
        square = g * g + (h.eps if form == "paper" else 0.0)
        if g.shape[0] > 1:
            rows, columns = square.mean(axis=1, keepdims=True), square.mean(axis=0, keepdims=True)
            s["rows"] = keep * s.get("rows", 0.0) + (1 - keep) * rows
            s["columns"] = keep * s.get("columns", 0.0) + (1 - keep) * columns
            mean = s["rows"].mean()
            v = s["rows"] @ s["columns"] / (max(mean, h.eps) if form == "torch" else mean)
        else:
            s["v"] = v = keep * s.get("v", 0.0) + (1 - keep) * square
        move = g / np.sqrt(np.maximum(v, h.eps**2) if form == "torch" else v)
        return w - rate / max(1.0, rms(move) / h.d) * move

    return step


def _sm3(form: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        square = g * g
        rows, columns = s.get("rows", np.zeros((len(g), 1))), s.get("columns", np.zeros((1, g.shape[1])))
        vector = g.shape[0] == 1
        if form == "one":  # SM3-I: each cover adds its largest square
            s["rows"], s["columns"] = rows + square.max(axis=1, keepdims=True), columns + square.max(axis=0, keepdims=True)
            v = s["columns"] if vector else np.minimum(s["rows"], s["columns"])
        else:
            v = (columns if vector else np.minimum(rows, columns)) + square
            s["rows"], s["columns"] = v.max(axis=1, keepdims=True), v.max(axis=0, keepdims=True)
        move = np.divide(g, np.sqrt(v + h.eps), out=np.zeros_like(g), where=v > 0)
        s["m"] = h.mu * s.get("m", 0.0) + (1 - h.mu) * move
        return w - h.lr * s["m"]

    return step


FACTORED: dict[str, Any] = {"lr": 0.01, "beta2_decay": -0.8, "d": 1.0, "weight_decay": 0.0, "eps2": 1e-3}

DIALECTS: tuple[Dialect, ...] = (
    dialect("adafactor", "eps as the least root mean square (torch)", _adafactor("torch"), layered=True, eps=2.0**-52, **FACTORED),
    dialect("adafactor", "eps added to the squared gradient (the paper)", _adafactor("paper"), layered=True, eps=1e-30, **FACTORED),
    dialect("sm3", "SM3-II, eps inside the root (optax)", _sm3("two"), layered=True, lr=0.1, mu=0.9, eps=1e-8),
    dialect("sm3", "SM3-I, eps inside the root", _sm3("one"), layered=True, lr=0.1, mu=0.9, eps=1e-8),
)
