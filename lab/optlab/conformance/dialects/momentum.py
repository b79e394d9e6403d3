"""Gradient descent, momentum and Nesterov's momentum.

Robbins and Monro 1951; Polyak 1964; Nesterov 1983; Sutskever et al., ICML 2013; ``torch.optim.SGD``; ``optax.sgd``, ``optax.ema``.
Whether the learning rate stands inside or outside the velocity shows only when it changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, decayed, ema, joined, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect


def _plain(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    return w - h.lr * g


def _outside(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s.get("v", 0.0) + g
    return w - h.lr * s["v"]


def _inside(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s.get("v", 0.0) + h.lr * g
    return w - s["v"]


def _dampened_torch(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s["v"] + (1 - h.dampening) * g if "v" in s else g
    return w - h.lr * s["v"]


def _dampened(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s.get("v", 0.0) + (1 - h.dampening) * g
    return w - h.lr * s["v"]


def _dampened_inside(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s["v"] + (1 - h.dampening) * h.lr * g if "v" in s else h.lr * g
    return w - s["v"]


def _mean(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    return w - h.lr * ema(s, "v", h.mu, g)


def _corrected_mean(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    return w - h.lr * ema(s, "v", h.mu, g) / (1 - h.mu**t)


def _late(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    v = s.get("v", np.zeros_like(g))
    s["v"] = h.mu * v + g
    return w - h.lr * v


def _nesterov_outside(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s.get("v", 0.0) + g
    return w - h.lr * (g + h.mu * s["v"])


def _nesterov_inside(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    s["v"] = h.mu * s.get("v", 0.0) + h.lr * g
    return w - h.lr * g - h.mu * s["v"]


def _nesterov_mean(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    m = ema(s, "v", h.mu, g)
    return w - h.lr * (h.mu * m + (1 - h.mu) * g)


def _accelerated(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    x = w - h.lr * g
    new = x + (t - 1) / (t + 2) * (x - s.get("x", w))
    s["x"] = x
    return new


MOMENTA: tuple[tuple[str, str, Formula], ...] = (
    ("momentum", "lr outside the velocity (torch)", _outside),
    ("momentum", "lr inside the velocity (Polyak)", _inside),
    ("momentum", "velocity as a running mean of gradients, (1 - mu) g", _mean),
    ("momentum", "velocity as a running mean of gradients, (1 - mu) g, bias-corrected", _corrected_mean),
    ("nesterov", "lr outside the velocity (torch)", _nesterov_outside),
    ("nesterov", "lr inside the velocity (Sutskever)", _nesterov_inside),
    ("nesterov", "velocity as a running mean of gradients, (1 - mu) g", _nesterov_mean),
)

DIALECTS: tuple[Dialect, ...] = (
    *(dialect("gd", DECAYS[form], decayed(_plain, form), **with_decay(form, lr=0.01)) for form in ("", "coupled", "after", "whole")),
    *(
        dialect(rule, joined(words, DECAYS[form]), decayed(formula, form), **with_decay(form, lr=0.01, mu=0.9))
        for rule, words, formula in MOMENTA
        for form in ("", "coupled", "before")
    ),
    dialect("momentum", "dampening, the first velocity being the gradient (torch)", _dampened_torch, lr=0.01, mu=0.9, dampening=0.0),
    dialect("momentum", "dampening from the first step on", _dampened, lr=0.01, mu=0.9, dampening=0.0),
    dialect(
        "momentum", "lr inside the velocity, dampening, the first velocity not dampened", _dampened_inside, lr=0.01, mu=0.9, dampening=0.0
    ),
    dialect("momentum", "the step made with the velocity before its update", _late, defect=True, lr=0.01, mu=0.9),
    dialect("nesterov", "mu = (t - 1) / (t + 2) (Nesterov's own sequence)", _accelerated, lr=0.01),
)
