"""Rules that average or measure the way gone: MADGRAD, schedule-free SGD and AdamW, DoG, D-Adapt Adam, Prodigy.

Defazio and Jelassi 2021; Defazio et al. 2024; Ivgi, Hinder and Carmon 2023; Defazio and Mishchenko 2023; Mishchenko and Defazio 2023.
``optax.contrib``; the authors' own code. DoG, D-Adaptation and Prodigy look at all tensors at once. What a schedule-free rule moves here
is y, the point at which gradients are taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import ema, joined
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, Step, dialect


def _madgrad(first: int, shifted: bool, eps: str = "outside") -> Formula:
    """lambda = lr sqrt(k + first); `shifted`: lr + eps for lr, as the authors' code has it."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        x0 = s.setdefault("x0", w)
        weight = (h.lr + (h.eps if shifted else 0.0)) * np.sqrt(t - 1 + first)
        s["s"] = s.get("s", 0.0) + weight * g
        s["v"] = s.get("v", 0.0) + weight * g * g
        return h.mu * w + (1 - h.mu) * (x0 - s["s"] / (np.cbrt(s["v"]) + h.eps))

    return step


def _schedule_free(adam: bool, decay: str, corrected: bool = True) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        z = s.setdefault("z", w)
        if adam:
            v = ema(s, "v", h.beta2, g * g)
            g = g / (np.sqrt(v / (1 - h.beta2**t) if corrected else v) + h.eps)
        if decay == "y":
            g = g + h.weight_decay * w
        elif decay == "z":
            g = g + h.weight_decay * z
        x = (w - (1 - h.beta1) * z) / h.beta1
        s["largest"] = max(s.get("largest", 0.0), h.lr)
        s["total"] = s.get("total", 0.0) + s["largest"] ** 2
        part = s["largest"] ** 2 / s["total"]
        z = s["z"] = z - h.lr * g
        x = (1 - part) * x + part * z
        return h.beta1 * x + (1 - h.beta1) * z

    return step


def _total(values: list[Array]) -> float:
    return float(sum(np.sum(each) for each in values))


def _dog(form: str) -> Step:
    def step(w: list[Array], g: list[Array], s: dict[Any, Any], t: int, h: Any) -> list[Array]:
        x0 = s.setdefault("x0", w)
        away = np.sqrt(_total([(one - zero) ** 2 for one, zero in zip(w, x0, strict=True)]))
        first = h.reps * (1 + np.sqrt(_total([zero**2 for zero in x0]))) if form == "relative" else h.reps
        s["r"] = max(s.get("r", first), away)
        s["G"] = s.get("G", 0.0) + _total([each**2 for each in g])
        rate = h.lr * s["r"] / np.sqrt(s["G"] + h.eps)
        return [one - rate * each for one, each in zip(w, g, strict=True)]

    return step


def _prodigy(w: list[Array], g: list[Array], s: dict[Any, Any], t: int, h: Any) -> list[Array]:
    x0, d = s.setdefault("x0", w), s.get("d", h.d0)
    beta3 = np.sqrt(h.beta2)
    rate = d * h.lr * (np.sqrt(1 - h.beta2**t) / (1 - h.beta1**t) if h.corrected else 1.0)
    s["r"] = beta3 * s.get("r", 0.0) + d / h.d0 * rate * _total([each * (zero - one) for each, zero, one in zip(g, x0, w, strict=True)])
    out = []
    for k, (one, each) in enumerate(zip(w, g, strict=True)):
        part = s.setdefault(k, {})
        m, v = ema(part, "m", h.beta1, d * each), ema(part, "v", h.beta2, (d * each) ** 2)
        part["s"] = beta3 * part.get("s", 0.0) + rate * d / h.d0 * each
        out.append((one, m, v))
    below = _total([np.abs(s[k]["s"]) for k in range(len(w))])
    late = max(d, h.d_coef * s["r"] / below) if below > 0 else d
    s["d"] = late
    return [one - rate * h.weight_decay * one - rate * m / (np.sqrt(v) + late * h.eps) for one, m, v in out]


def _dadapt(w: list[Array], g: list[Array], s: dict[Any, Any], t: int, h: Any) -> list[Array]:
    d, root2 = s.get("d", h.d0), np.sqrt(h.beta2)
    rate = d * h.lr * (np.sqrt(1 - h.beta2**t) / (1 - h.beta1**t) if h.corrected else 1.0)
    out, inner = [], 0.0
    for k, (one, each) in enumerate(zip(w, g, strict=True)):
        part = s.setdefault(k, {})
        last = part.get("v", np.zeros_like(each))
        v = ema(part, "v", h.beta2, each * each)
        inner += float(np.sum(each * part.get("s", np.zeros_like(each)) / (np.sqrt(last) + h.eps)))
        m = part["m"] = h.beta1 * part.get("m", 0.0) + (1 - h.beta1) * rate * each
        part["s"] = root2 * part.get("s", 0.0) + (1 - root2) * rate * each
        out.append(one - rate * h.weight_decay * one - m / (np.sqrt(v) + h.eps))
    s["r"] = root2 * s.get("r", 0.0) + (1 - root2) * rate * inner
    below = _total([np.abs(s[k]["s"]) for k in range(len(w))])
    s["d"] = max(d, s["r"] / ((1 - root2) * below)) if below > 0 else d
    return out


def _corrected(step: Step, corrected: bool) -> Step:
    def fixed(w: list[Array], g: list[Array], s: dict[Any, Any], t: int, h: Any) -> list[Array]:
        h.corrected = corrected
        return step(w, g, s, t, h)

    return fixed


FREE: dict[str, Any] = {"lr": 1.0, "beta1": 0.9, "weight_decay": 0.0}
FREE_ADAM: dict[str, Any] = {"lr": 2.5e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}
ADAPT: dict[str, Any] = {"lr": 1.0, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "d0": 1e-6, "weight_decay": 0.0}
WITH = {"y": "decay at the point of the gradient", "z": "decay at the point of the steps"}

DIALECTS: tuple[Dialect, ...] = (
    dialect("madgrad", "lr + eps for lr (the authors' code)", _madgrad(1, True), lr=0.01, mu=0.9, eps=1e-6),
    dialect("madgrad", "lr as given (the paper)", _madgrad(1, False), lr=0.01, mu=0.9, eps=1e-6),
    *(dialect("schedule_free_sgd", words, _schedule_free(False, form), **FREE) for form, words in WITH.items()),
    *(
        dialect(
            "schedule_free_adamw", joined(words, "" if corrected else "without bias correction"), _schedule_free(True, form, corrected),
            **FREE_ADAM,
        )
        for corrected in (True, False)
        for form, words in WITH.items()
    ),
    *(
        Dialect("dog", words, _dog(form), {"lr": 1.0, "reps": 1e-6, "eps": 1e-8}, layered=True)
        for form, words in (("relative", "first distance relative to 1 + |w|"), ("absolute", "first distance as given"))
    ),
    *(
        Dialect("prodigy", words, _corrected(_prodigy, corrected), ADAPT | {"d_coef": 1.0}, layered=True)
        for corrected, words in ((True, "with bias correction (optax)"), (False, "without bias correction (the authors' default)"))
    ),
    *(
        Dialect("dadapt_adam", words, _corrected(_dadapt, corrected), ADAPT, layered=True)
        for corrected, words in ((True, "with bias correction (optax)"), (False, "without bias correction (the authors' default)"))
    ),
)  # fmt: skip
