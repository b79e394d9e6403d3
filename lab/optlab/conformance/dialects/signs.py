"""Rules of signs: Rprop, signSGD, Signum, Lion; and averaged SGD.

Riedmiller and Braun 1993; Igel and Huesken 2000 (Rprop's names); Bernstein et al. 2018; Chen et al. 2023; Polyak and Juditsky 1992;
``torch.optim.Rprop``, ``torch.optim.ASGD``, ``optax.rprop``, ``optax.lion``, ``optax.sign_sgd``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.parts import DECAYS, decayed, ema, joined, with_decay
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

RPROP = {
    "zeroing": "after a change of sign no step, and none remembered (iRprop-, torch)",
    "optax": "each step made one step late, none after a change of sign (optax)",
    "plain": "after a change of sign a smaller step at once (Rprop-)",
    "back": "after a change of sign the last step is taken back (Rprop+)",
}


def _rprop(form: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        last, size = s.get("last", np.zeros_like(g)), s.get("size", np.full_like(g, h.lr))
        turned = last * g
        factor = np.where(turned > 0, h.eta_plus, np.where(turned < 0, h.eta_minus, 1.0))
        bounded = np.clip(size * factor, h.step_min, h.step_max)
        if form == "optax":
            s["size"] = np.where(turned == 0, size, bounded)
            s["last"] = np.where(turned < 0, 0.0, s["size"] * np.sign(g))
            return w - np.where(turned < 0, 0.0, last)
        size = bounded
        move = -size * np.sign(g)
        if form != "plain":
            back = -s.get("move", np.zeros_like(g)) if form == "back" else np.zeros_like(g)
            move = np.where(turned < 0, back, move)
            g = np.where(turned < 0, 0.0, g)
        s["last"], s["size"], s["move"] = np.sign(g), size, move
        return w + move

    return step


def _signum(kept: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        if kept == "none":
            return w - h.lr * np.sign(g)
        if kept == "nesterov":
            s["m"] = h.mu * s.get("m", 0.0) + g
            return w - h.lr * np.sign(g + h.mu * s["m"])
        return w - h.lr * np.sign(ema(s, "m", h.mu, g))

    return step


def _lion(late: bool) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m = s.get("m", np.zeros_like(g))
        mixed = h.beta1 * m + (1 - h.beta1) * g
        m = ema(s, "m", h.beta2, g)
        return w - h.lr * np.sign(h.beta1 * m + (1 - h.beta1) * g if late else mixed)

    return step


def _asgd(first: int) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        lr = h.lr / (1 + h.lambd * h.lr * (t - first)) ** h.alpha
        if first and t == 1:
            lr = h.lr
        return w * (1 - h.lambd * lr) - lr * g

    return step


STEPS: dict[str, Any] = {"lr": 0.01, "eta_minus": 0.5, "eta_plus": 1.2, "step_min": 1e-6, "step_max": 50.0}

DIALECTS: tuple[Dialect, ...] = (
    *(dialect("rprop", words, _rprop(form), **STEPS) for form, words in RPROP.items()),
    *(
        dialect("signsgd", DECAYS[decay], decayed(_signum("none"), decay), **with_decay(decay, lr=1e-3))
        for decay in ("", "coupled", "before")
    ),
    *(
        dialect("signum", joined(words, DECAYS[decay]), decayed(_signum(kept), decay), **with_decay(decay, lr=1e-3, mu=0.9))
        for kept, words in (("mean", "the sign of the momentum"), ("nesterov", "the sign of Nesterov's look-ahead"))
        for decay in ("", "coupled", "before")
    ),
    *(
        dialect("lion", joined(words, DECAYS[decay]), decayed(_lion(late), decay), **with_decay(decay, lr=1e-4, beta1=0.9, beta2=0.99))
        for late, words in ((False, "the momentum updated after the step (the paper)"), (True, "the momentum updated before the step"))
        for decay in ("", "coupled", "before", "after", "whole")
    ),
    dialect("asgd", "the rate falling from step 2 on (torch)", _asgd(1), lr=0.01, lambd=1e-4, alpha=0.75),
    dialect("asgd", "the rate falling from step 1 on (Bottou)", _asgd(0), lr=0.01, lambd=1e-4, alpha=0.75),
)
