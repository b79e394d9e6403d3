"""AdaGrad and AdaDelta, and the AdaGrads that share one accumulator between parameters.

Duchi, Hazan and Singer 2011; Zeiler 2012; ``torch.optim.Adagrad``, ``optax.adagrad``, Keras (accumulator from 0.1), optax.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, EPS, EPS_WORDS, decayed, ema, joined, root, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

STARTS = (0.0, 1.0, 0.1, 1e-6)
SHARED = {
    "rows": (1, "one accumulator per row of the tensor (the diagonal of g g')"),
    "columns": (0, "one accumulator per column of the tensor"),
    "tensor": (None, "one accumulator per tensor (AdaGrad-norm)"),
}


def _adagrad(eps: str, start: float | None, decaying: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        s["s"] = s.get("s", h.initial if start is None else start) + g * g
        lr = h.lr / (1 + (t - 1) * h.lr_decay) if decaying else h.lr
        return w - lr * g / root(s["s"], eps, h.eps)

    return step


def _shared(axis: int | None, eps: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        s["s"] = s.get("s", 0.0) + np.sum(g * g, axis=axis, keepdims=True)
        return w - h.lr * g / root(s["s"], eps, h.eps)

    return step


def _adadelta(form: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        v, u = ema(s, "v", h.rho, g * g), s.get("u", np.zeros_like(g))
        if form == "outside":
            delta = (np.sqrt(u) + h.eps) / (np.sqrt(v) + h.eps) * g
        else:
            delta = np.sqrt(u + h.eps) / np.sqrt(v + h.eps) * g
        moved = h.lr * delta if form == "scaled" else delta
        ema(s, "u", h.rho, moved * moved)
        return w - h.lr * delta

    return step


def _accumulators() -> tuple[Dialect, ...]:
    out = []
    for form in ("", "coupled", "before"):
        for decaying in (False, True):
            for start in (*STARTS, None) if not (form and decaying) else (0.0,):
                more = {"lr_decay": 0.0} if decaying else {}
                more |= {"initial": 0.0} if start is None else {}
                first = "accumulator from a given number" if start is None else f"accumulator from {start:g}"
                rate = "learning rate over 1 + (t - 1) lr_decay (torch)" if decaying else ""
                for eps in EPS:
                    words, formula = joined(EPS_WORDS[eps], first, rate, DECAYS[form]), decayed(_adagrad(eps, start, decaying), form)
                    out.append(dialect("adagrad", words, formula, **with_decay(form, lr=0.01, eps=1e-10, **more)))
    return tuple(out)


DIALECTS: tuple[Dialect, ...] = (
    *_accumulators(),
    *(
        dialect("adagrad", joined(EPS_WORDS[eps], words), _shared(axis, eps), layered=True, defect=axis is not None, lr=0.01, eps=1e-10)
        for axis, words in SHARED.values()
        for eps in ("outside", "inside")
    ),
    *(
        dialect("adadelta", joined(words, DECAYS[decay]), decayed(_adadelta(form), decay), **with_decay(decay, lr=1.0, rho=0.9, eps=1e-6))
        for form, words in (
            ("inside", "eps inside both roots"),
            ("outside", "eps outside both roots"),
            ("scaled", "eps inside both roots, lr within the accumulated steps"),
        )
        for decay in ("", "coupled", "before")
    ),
)  # fmt: skip
