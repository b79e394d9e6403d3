"""Adam, AdamW and AMSGrad: where eps stands, how bias is corrected, how weights decay, of what the maximum is taken.

Kingma and Ba 2015; Loshchilov and Hutter 2019; Reddi, Kale and Kumar 2018; ``torch.optim.Adam``, ``optax.adam``, Keras, scikit-learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, EPS, EPS_WORDS, decayed, ema, joined, root, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

CORRECTIONS = {
    "both": "bias correction by Algorithm 1",
    "step": "bias correction folded into the step",
    "none": "without bias correction",
    "first": "bias correction of the first moment alone",
    "late": "bias correction one step late (powers t + 1)",
}
MAXIMA = {"before": "maximum before bias correction (torch)", "after": "maximum of the bias-corrected moment (optax)"}


def corrections(form: str, t: int, h: Any) -> tuple[float, float]:
    """What m and v are divided by."""
    k = t + (form == "late")
    first = 1.0 if form == "none" else 1 - h.beta1**k
    return first, 1.0 if form in ("none", "first") else 1 - h.beta2**k


def adam(eps: str, correction: str, maximum: str = "") -> Formula:
    """One step of that form."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m, v = ema(s, "m", h.beta1, g), ema(s, "v", h.beta2, g * g)
        first, second = corrections(correction, t, h)
        if maximum == "before":
            v = s["largest"] = np.maximum(s.get("largest", 0.0), v)
        elif maximum == "after":
            v = s["largest"] = np.maximum(s.get("largest", 0.0), v / second)
            second = 1.0
        if correction == "step":
            return w - h.lr * np.sqrt(second) / first * m / root(v, eps, h.eps)
        return w - h.lr * (m / first) / root(v / second, eps, h.eps)

    return step


def _words(eps: str, correction: str, form: str, maximum: str = "") -> str:
    origin = " (TensorFlow form)" if (eps, correction) == ("outside", "step") else ""
    return joined(EPS_WORDS[eps], CORRECTIONS[correction] + origin, MAXIMA.get(maximum, ""), DECAYS[form])


HYPER: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

DIALECTS: tuple[Dialect, ...] = (
    *(
        dialect(
            "adamw" if form not in ("", "coupled") else "adam",
            _words(eps, correction, form),
            decayed(adam(eps, correction), form),
            defect=correction == "late",
            **with_decay(form, **HYPER),
        )
        for form in DECAYS
        for correction in CORRECTIONS
        for eps in EPS
        if correction != "late" or (eps == "outside" and not form)
    ),
    *(
        dialect(
            "amsgrad", _words(eps, correction, form, maximum), decayed(adam(eps, correction, maximum), form), **with_decay(form, **HYPER)
        )
        for form in ("", "coupled", "before")
        for eps, correction, maximum in (
            ("outside", "both", "before"), ("outside", "both", "after"), ("inside", "both", "before"), ("inside", "both", "after"),
            ("outside", "step", "before"), ("outside", "none", "before"), ("inside", "none", "before"), ("outside", "first", "before"),
        )
    ),
)  # fmt: skip
