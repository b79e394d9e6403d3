"""RAdam and AdaBelief and Yogi: other second moments, or none until it can be trusted.

Liu et al., ICLR 2020, Algorithm 2; Zhuang et al., NeurIPS 2020; Zaheer et al., NeurIPS 2018; ``torch.optim.RAdam``, optax.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, decayed, ema, joined, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

HYPER: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999}


def _radam(threshold: float, form: str, until: str = "momentum") -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m, v = ema(s, "m", h.beta1, g) / (1 - h.beta1**t), ema(s, "v", h.beta2, g * g)
        last = 2 / (1 - h.beta2) - 1
        length = last - 2 * t * h.beta2**t / (1 - h.beta2**t)
        if length <= (h.threshold if threshold == 0 else threshold):
            return w - h.lr * m if until == "momentum" else w
        trust = np.sqrt((length - 4) * (length - 2) * last / ((last - 4) * (last - 2) * length))
        if form == "folded":
            return w - h.lr * trust * m * np.sqrt(1 - h.beta2**t) / (np.sqrt(v) + h.eps)
        if form == "outside":
            return w - h.lr * trust * m / (np.sqrt(v / (1 - h.beta2**t)) + h.eps)
        return w - h.lr * trust * m * np.sqrt((1 - h.beta2**t) / v)

    return step


def _adabelief(inside: str, corrected: str = "both") -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m = ema(s, "m", h.beta1, g)
        v = ema(s, "v", h.beta2, (g - m) ** 2)
        within = h.eps_root if inside == "root" else h.eps if inside else 0.0
        s["v"] = v = v + within
        if corrected == "none":
            return w - h.lr * m / (np.sqrt(v) + h.eps)
        return w - h.lr * m / (1 - h.beta1**t) / (np.sqrt(v / (1 - h.beta2**t)) + h.eps)

    return step


def _yogi(first: str, corrected: bool, fixed: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        start = 1e-6 if fixed else h.initial
        if "v" not in s:
            s["v"] = np.full_like(g, start)
            s["m"] = np.full_like(g, start if first == "moments" else 0.0)
            if first == "gradient":
                s["v"] = g * g
        m = ema(s, "m", h.beta1, g)
        s["v"] = v = s["v"] - (1 - h.beta2) * np.sign(s["v"] - g * g) * g * g
        if not corrected:
            return w - h.lr * m / (np.sqrt(v) + h.eps)
        return w - h.lr * m / (1 - h.beta1**t) / (np.sqrt(v / (1 - h.beta2**t)) + h.eps)

    return step


RADAM: tuple[tuple[str, float, str, dict[str, float]], ...] = (
    ("rectified above length 5, eps outside before correction (torch)", 5.0, "folded", {}),
    ("rectified above length 5, eps outside the corrected root (optax)", 5.0, "outside", {}),
    ("rectified above length 4, eps outside before correction", 4.0, "folded", {}),
    ("rectified above length 4, eps outside the corrected root", 4.0, "outside", {}),
    ("rectified above length 4, without eps (the paper)", 4.0, "none", {}),
    ("rectified above a given length, eps outside before correction", 0.0, "folded", {"threshold": 5.0}),
    ("rectified above a given length, eps outside the corrected root (optax)", 0.0, "outside", {"threshold": 5.0}),
)

DIALECTS: tuple[Dialect, ...] = (
    *(
        dialect(
            "radam", joined(words, DECAYS[decay]), decayed(_radam(threshold, form), decay),
            **with_decay(decay, **HYPER, **({} if form == "none" else {"eps": 1e-8}), **more),
        )
        for decay in ("", "coupled", "before")
        for words, threshold, form, more in RADAM
    ),
    dialect("radam", "no step until rectified (length 5)", _radam(5.0, "folded", "nothing"), **HYPER, eps=1e-8),
    *(
        dialect(
            "adabelief", joined(words, DECAYS[decay]), decayed(_adabelief(inside, corrected), decay), **with_decay(decay, **HYPER, **more)
        )
        for decay in ("", "coupled", "before")
        for words, inside, corrected, more in (
            ("eps inside the moment and outside the root (the paper)", "eps", "both", {"eps": 1e-16}),
            ("eps outside the root alone", "", "both", {"eps": 1e-8}),
            ("eps_root inside the moment, eps outside the root (optax)", "root", "both", {"eps": 1e-16, "eps_root": 1e-16}),
            ("eps inside the moment and outside the root, without bias correction", "eps", "none", {"eps": 1e-16}),
        )
    ),
    *(
        dialect(
            "yogi", joined(f"{words} from {'a given number' if more else '1e-6'}", bias, DECAYS[decay]),
            decayed(_yogi(first, not bias.startswith("without"), not more), decay), **with_decay(decay, **HYPER, eps=1e-3, **more),
        )
        for decay in ("", "before")
        for more in ({}, {"initial": 1e-6})
        for words, first, bias in (
            ("both moments", "moments", "bias-corrected (optax)"),
            ("second moment", "second", "bias-corrected"),
            ("second moment", "second", "without bias correction (the paper)"),
            ("both moments", "moments", "without bias correction"),
        )
    ),
    *(
        dialect("yogi", f"second moment from the first gradient's square, {words}", _yogi("gradient", corrected, True), **HYPER, eps=1e-3)
        for corrected, words in ((False, "without bias correction"), (True, "bias-corrected"))
    ),
)  # fmt: skip
