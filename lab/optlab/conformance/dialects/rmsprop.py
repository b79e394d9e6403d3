"""RMSprop: where eps stands, centered or not, with which momentum, the mean square from 0 or 1, bias-corrected or not.

Tieleman and Hinton 2012; Graves 2013 (centered); ``torch.optim.RMSprop``, TensorFlow (mean square from 1, eps inside the root, lr inside
the momentum), ``optax.rmsprop``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, EPS, EPS_WORDS, decayed, ema, joined, root, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

MOMENTUM = {
    "": "",
    "outside": "momentum with lr outside (torch)",
    "inside": "momentum with lr inside (TensorFlow)",
    "nesterov": "Nesterov momentum",
}


def _rmsprop(eps: str, centered: bool, momentum: str, start: float | None, corrected: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        if "s" not in s:
            s["s"] = np.full_like(g, h.initial if start is None else start)
        v = ema(s, "s", h.rho, g * g)
        bias = 1 - h.rho**t if corrected else 1.0
        if centered:
            mean = ema(s, "mean", h.rho, g) / bias
            v = v / bias - mean * mean
        else:
            v = v / bias
        move = g / root(v, eps, h.eps)
        if not momentum:
            return w - h.lr * move
        if momentum == "inside":
            s["b"] = h.mu * s.get("b", 0.0) + h.lr * move
            return w - s["b"]
        s["b"] = h.mu * s.get("b", 0.0) + move
        return w - h.lr * (s["b"] if momentum == "outside" else move + h.mu * s["b"])

    return step


def _words(eps: str, centered: bool, momentum: str, start: float | None, corrected: bool, form: str) -> str:
    first = "mean square from a given number" if start is None else f"mean square from {start:g}"
    return joined("centered" * centered, EPS_WORDS[eps], first, "bias-corrected" * corrected, MOMENTUM[momentum], DECAYS[form])


def _hyper(momentum: str, start: float | None, form: str) -> dict[str, Any]:
    return with_decay(form, lr=0.01, rho=0.99, eps=1e-8) | ({"mu": 0.9} if momentum else {}) | ({"initial": 0.0} if start is None else {})


DIALECTS: tuple[Dialect, ...] = tuple(
    dialect(
        "rmsprop",
        _words(eps, centered, momentum, start, corrected, form),
        decayed(_rmsprop(eps, centered, momentum, start, corrected), form),
        **_hyper(momentum, start, form),
    )
    for form in ("", "coupled", "before")
    for centered in (False, True)
    for momentum in MOMENTUM
    for start, corrected in ((0.0, False), (1.0, False), (0.0, True), (None, False))
    for eps in EPS
    if (not form or (start, corrected) == (0.0, False)) and not (centered and corrected)  # their first step would be 0 / 0
)
