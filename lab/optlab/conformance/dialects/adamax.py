"""Adamax and NAdam: Adam with the largest gradient in place of the second moment, and with Nesterov's momentum.

Kingma and Ba 2015, Algorithm 2; Dozat 2016; ``torch.optim.Adamax``, ``torch.optim.NAdam``, ``optax.nadam``, Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, EPS_WORDS, decayed, ema, joined, root, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

ADAMAX = {
    "gradient": "eps added to the gradient inside the maximum (torch)",
    "maximum": "eps as an argument of the maximum",
    "outside": "eps added to the maximum (Keras)",
    "none": "without eps (the paper)",
}
NADAM = {
    "schedule": "momentum schedule 1 - 0.96^(t momentum_decay) / 2 (Dozat 2016, torch)",
    "optax": "without momentum schedule, m corrected by 1 - beta1^(t + 1) (optax)",
    "simple": "without momentum schedule, m corrected by 1 - beta1^t",
}


def _adamax(form: str, corrected: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m, u = ema(s, "m", h.beta1, g), h.beta2 * s.get("u", np.zeros_like(g))
        if form == "gradient":
            u = np.maximum(u, np.abs(g) + h.eps)
        elif form == "maximum":
            u = np.maximum(np.maximum(u, np.abs(g)), h.eps)
        else:
            u = np.maximum(u, np.abs(g))
        s["u"] = u
        lr = h.lr / (1 - h.beta1**t) if corrected else h.lr
        return w - lr * m / (u + h.eps if form == "outside" else u)

    return step


def nadam(form: str, eps: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m, v = ema(s, "m", h.beta1, g), ema(s, "v", h.beta2, g * g)
        below = root(v / (1 - h.beta2**t), eps, h.eps)
        if form == "schedule":
            now = h.beta1 * (1 - 0.5 * 0.96 ** (t * h.momentum_decay))
            soon = h.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * h.momentum_decay))
            s["product"] = s.get("product", 1.0) * now
            return w - h.lr * ((1 - now) * g / (1 - s["product"]) + soon * m / (1 - s["product"] * soon)) / below
        ahead = 1 - h.beta1 ** (t + 1 if form == "optax" else t)
        return w - h.lr * (h.beta1 * m / ahead + (1 - h.beta1) * g / (1 - h.beta1**t)) / below

    return step


HYPER: dict[str, Any] = {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999}

DIALECTS: tuple[Dialect, ...] = (
    *(
        dialect(
            "adamax",
            joined(words, "" if corrected else "without bias correction", DECAYS[decay]),
            decayed(_adamax(form, corrected), decay),
            **with_decay(decay, **HYPER, **({} if form == "none" else {"eps": 1e-8})),
        )
        for decay in ("", "coupled", "before")
        for corrected in (True, False)
        for form, words in ADAMAX.items()
    ),
    *(
        dialect(
            "nadam",
            joined(words, EPS_WORDS[eps], DECAYS[decay]),
            decayed(nadam(form, eps), decay),
            **with_decay(decay, **HYPER, eps=1e-8, **({"momentum_decay": 4e-3} if form == "schedule" else {})),
        )
        for decay in ("", "coupled", "before")
        for form, words in NADAM.items()
        for eps in ("outside", "inside")
    ),
)
