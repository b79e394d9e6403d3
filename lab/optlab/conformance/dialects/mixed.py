"""Kin of Adam from the last years: Adan, AdEMAMix, ADOPT, LaProp, QHAdam, cautious AdamW, MARS-AdamW; and AggMo.

Xie et al. 2022; Pagliardini et al. 2024; Taniguchi et al. 2024; Ziyin et al. 2020; Ma and Yarats 2019; Liang et al. 2024; Yuan et al. 2024;
Lucas et al. 2019. ``optax.adan``, ``optax.contrib.ademamix``, ``optax.contrib.adopt``; the authors' own code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, decayed, ema, joined, norm, root, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect


def _adan(proximal: bool, eps_root: bool) -> Formula:
    """betas as weights of the past, as in optax and the authors' code; the paper's are those of what is new."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        change = g - s.get("g", g)
        s["g"] = g
        m, d = ema(s, "m", h.beta1, g) / (1 - h.beta1**t), ema(s, "d", h.beta2, change) / (1 - h.beta2**t)
        n = ema(s, "n", h.beta3, (g + h.beta2 * change) ** 2) / (1 - h.beta3**t)
        move = h.lr * (m + h.beta2 * d) / (np.sqrt(n + (h.eps_root if eps_root else 0.0)) + h.eps)
        if proximal:
            return (w - move) / (1 + h.lr * h.weight_decay)
        return w * (1 - h.lr * h.weight_decay) - move

    return step


def _optax_adan(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    change = g - s.get("g", g)
    s["g"] = g
    m, d = ema(s, "m", h.beta1, g), ema(s, "d", h.beta2, change)
    n = ema(s, "n", h.beta3, (g + (1 - h.beta2) * change) ** 2)
    m, d, n = m / (1 - h.beta1**t), d / (1 - h.beta2**t), n / (1 - h.beta3**t)
    return w - h.lr * ((m + (1 - h.beta2) * d) / (np.sqrt(n + h.eps_root) + h.eps) + h.weight_decay * w)


def _ademamix(schedule: bool) -> Formula:
    """With `schedule` alpha grows linearly and beta3 by half-lives over `warmup` steps (the paper's section 3)."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        alpha, beta3 = h.alpha, h.beta3
        if schedule and h.warmup > 0:
            part = min(t / h.warmup, 1.0)
            alpha = h.alpha * part
            if part < 1.0:
                low, high = np.log(h.beta1), np.log(h.beta3)
                beta3 = np.exp(low * high / ((1 - part) * high + part * low))
        m, slow, v = ema(s, "m", h.beta1, g), ema(s, "slow", beta3, g), ema(s, "v", h.beta2, g * g)
        return w - h.lr * (m / (1 - h.beta1**t) + alpha * slow) / (np.sqrt(v / (1 - h.beta2**t)) + h.eps)

    return step


def _adopt(clipped: bool, exponent: float = 0.25) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        if "v" not in s:
            s["v"] = g * g
            return w
        bound = (t - 1) ** exponent
        move = g / np.maximum(np.sqrt(s["v"]), h.eps)
        m = ema(s, "m", h.beta1, np.clip(move, -bound, bound) if clipped else move)
        ema(s, "v", h.beta2, g * g)
        return w - h.lr * m

    return step


def _laprop(eps: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        v = ema(s, "v", h.beta2, g * g) / (1 - h.beta2**t)
        return w - h.lr * ema(s, "m", h.beta1, g / root(v, eps, h.eps)) / (1 - h.beta1**t)

    return step


def _laprop_rate_inside(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    """The authors' code: lr inside the moment, and its bias correction that of lr averaged alike."""
    v = ema(s, "v", h.beta2, g * g) / (1 - h.beta2**t)
    m = ema(s, "m", h.beta1, h.lr * g / (np.sqrt(v) + h.eps))
    return w - m / (1 - h.beta1**t)


def _qhadam(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
    m, v = ema(s, "m", h.beta1, g) / (1 - h.beta1**t), ema(s, "v", h.beta2, g * g) / (1 - h.beta2**t)
    return w - h.lr * ((1 - h.nu1) * g + h.nu1 * m) / (np.sqrt((1 - h.nu2) * g * g + h.nu2 * v) + h.eps)


def _aggmo(inside: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        total = np.zeros_like(g)
        for k, mu in zip(("v1", "v2", "v3"), (h.mu1, h.mu2, h.mu3), strict=True):
            s[k] = mu * s.get(k, 0.0) + (h.lr * g if inside else g)
            total = total + s[k] / 3
        return w - total if inside else w - h.lr * total

    return step


def _cautious(mean: str, early: bool = False) -> Formula:
    """early: eps joins the root before its bias is corrected."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m, v = ema(s, "m", h.beta1, g) / (1 - h.beta1**t), ema(s, "v", h.beta2, g * g) / (1 - h.beta2**t)
        agrees = (m * g > 0).astype(float)
        scale = max(float(agrees.mean()), 1e-3) if mean == "clamped" else float(agrees.mean()) + 1 / agrees.size if mean == "paper" else 1.0
        least = h.eps / np.sqrt(1 - h.beta2**t) if early else h.eps
        return w * (1 - h.lr * h.weight_decay) - h.lr * agrees / scale * m / (np.sqrt(v) + least)

    return step


def _mars(clipped: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        c = g + h.gamma * h.beta1 / (1 - h.beta1) * (g - s.get("last", np.zeros_like(g) if clipped else g))
        s["last"] = g
        size = norm(c)
        if clipped and size > 1:
            c = c / size
        m, v = ema(s, "m", h.beta1, c) / (1 - h.beta1**t), ema(s, "v", h.beta2, c * c) / (1 - h.beta2**t)
        return w * (1 - h.lr * h.weight_decay) - h.lr * m / (np.sqrt(v) + h.eps)

    return step


ADAM: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
ADAN: dict[str, Any] = {"lr": 1e-3, "beta1": 0.98, "beta2": 0.92, "beta3": 0.99, "eps": 1e-8, "weight_decay": 0.0}

MARS: dict[str, Any] = {"lr": 3e-3, "beta1": 0.95, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0, "gamma": 0.025}
ADOPT: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.9999, "eps": 1e-6}
LAPROP: dict[str, Any] = {"lr": 4e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-15}
ADEMAMIX: dict[str, Any] = {**ADAM, "beta3": 0.9999, "alpha": 5.0}

DIALECTS: tuple[Dialect, ...] = (
    dialect("adan", "decay as a division after the step (the paper, its betas as decays)", _adan(True, False), **ADAN),
    dialect("adan", "decay times lr before the step", _adan(False, False), **ADAN),
    dialect("adan", "decay as a division after the step, eps_root inside the root", _adan(True, True), **ADAN, eps_root=0.0),
    dialect("adan", "the change weighed by 1 - beta2, decay with the step (optax)", _optax_adan, **ADAN, eps_root=1e-8),
    *(
        dialect("ademamix", joined(words, DECAYS[decay]), decayed(_ademamix(bool(more)), decay), **with_decay(decay, **ADEMAMIX, **more))
        for decay in ("", "before")
        for words, more in (("", {}), ("alpha and beta3 warmed up", {"warmup": 0.0}))
    ),
    *(
        dialect("adopt", joined(words, DECAYS[decay]), decayed(_adopt(clipped), decay), **with_decay(decay, **ADOPT))
        for decay in ("", "before")
        for clipped, words in ((True, "normalised gradient clipped at (t - 1)^(1/4)"), (False, "without clipping"))
    ),
    *(
        dialect("laprop", joined(words, DECAYS[decay]), decayed(formula, decay), **with_decay(decay, **LAPROP))
        for decay in ("", "before")
        for words, formula in (
            ("eps outside the root", _laprop("outside")),
            ("eps inside the root", _laprop("inside")),
            ("eps outside the root, lr inside the moment", _laprop_rate_inside),
        )
    ),
    dialect("qhadam", "eps outside the root", _qhadam, **ADAM, nu1=1.0, nu2=1.0),
    dialect("aggmo", "mean of three velocities, lr outside them", _aggmo(False), lr=0.01, mu1=0.0, mu2=0.9, mu3=0.99),
    dialect("aggmo", "mean of three velocities, lr inside them", _aggmo(True), lr=0.01, mu1=0.0, mu2=0.9, mu3=0.99),
    *(
        dialect("cautious_adamw", words, _cautious(mean, early), layered=True, **ADAM, weight_decay=0.0)
        for mean, early, words in (
            ("clamped", True, "mask over its mean, at least 1e-3, eps before the bias correction (the authors' code)"),
            ("clamped", False, "mask over its mean, at least 1e-3, eps after the bias correction"),
            ("paper", False, "mask over its mean + 1/n (the paper)"),
            ("none", False, "mask not rescaled"),
        )
    ),
    dialect("mars_adamw", "the corrected gradient clipped to norm 1", _mars(True), layered=True, **MARS),
    dialect("mars_adamw", "the corrected gradient not clipped", _mars(False), layered=True, **MARS),
)
