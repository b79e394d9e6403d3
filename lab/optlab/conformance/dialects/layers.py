"""Rules that scale a layer as a whole: LARS, LAMB, NovoGrad.

You, Gitman and Ginsburg 2017; You et al., ICLR 2020; Ginsburg et al. 2019; ``optax.lars``, ``optax.lamb``, ``optax.novograd``.
"""

from __future__ import annotations

from typing import Any

from optlab.conformance.dialects.parts import EPS_WORDS, ema, joined, norm, root
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect


def trust(above: float, below: float) -> float:
    """above / below, or 1 where either is 0."""
    return above / below if above > 0 and below > 0 else 1.0


def _lars(form: str, outside: bool, biases: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        whole = g + h.weight_decay * w
        if biases and w.shape[0] == 1:
            ratio = 1.0
            if biases == "bare":
                whole = g
        elif form in ("paper", "apex"):  # the norms of gradient and weights apart
            below = norm(g) + h.weight_decay * norm(w) + h.eps
            ratio = h.trust * norm(w) / below if norm(w) > 0 and (norm(g) if form == "apex" else below) > 0 else 1.0
        else:
            ratio = h.trust * norm(w) / (norm(whole) + h.eps) if norm(w) > 0 and norm(whole) > 0 else 1.0
        move = ratio * whole
        s["v"] = h.mu * s.get("v", 0.0) + (move if outside else h.lr * move)
        return w - (h.lr * s["v"] if outside else s["v"])

    return step


def _lamb(eps: str, corrected: bool, biases: str, inside: bool = False) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        m, v = ema(s, "m", h.beta1, g), ema(s, "v", h.beta2, g * g)
        if corrected:
            m, v = m / (1 - h.beta1**t), v / (1 - h.beta2**t)
        move = m / root(v, eps, h.eps)
        decay = h.weight_decay * w
        ratio = 1.0 if biases and w.shape[0] == 1 else trust(norm(w), norm(move if inside else move + decay))
        return w - h.lr * ratio * (move + decay)

    return step


def _novograd(form: str, eps: str) -> Formula:
    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        size = norm(g) ** 2
        first = size if form != "zero" else (1 - h.beta2) * size
        s["v"] = first if "v" not in s else h.beta2 * s["v"] + (1 - h.beta2) * size
        move = g / root(s["v"], eps, h.eps) + h.weight_decay * w
        weight = 1 - h.beta1 if form == "averaged" else 1.0
        s["m"] = move * weight if "m" not in s else h.beta1 * s["m"] + weight * move
        return w - h.lr * s["m"]

    return step


BIASES = (("", ""), ("kept", "biases without a trust ratio"), ("bare", "biases without a trust ratio and without decay"))

DIALECTS: tuple[Dialect, ...] = (
    *(
        dialect(
            "lars", joined(words, "lr outside the velocity" if outside else "lr inside the velocity", more), _lars(form, outside, biases),
            layered=True, lr=0.1, mu=0.9, trust=1e-3, weight_decay=0.0, eps=0.0,
        )
        for biases, more in BIASES
        for outside in (False, True)
        for form, words in (
            ("paper", "the norm of the gradient plus decay times that of the weights (the paper)"),
            ("apex", "the norm of the gradient plus decay times that of the weights, no trust ratio where the gradient is 0 (apex)"),
            ("optax", "the norm of gradient plus decay (optax)"),
        )
    ),
    *(
        dialect(
            "lamb", joined(EPS_WORDS[eps], "" if corrected else "without bias correction", more), _lamb(eps, corrected, biases),
            layered=True, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0,
        )
        for biases, more in BIASES[:2]
        for corrected in (True, False)
        for eps in ("outside", "inside")
    ),
    dialect(
        "lamb", "eps outside the root, the trust ratio without the decay", _lamb("outside", True, "", inside=True),
        layered=True, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0,
    ),
    *(
        dialect(
            "novograd", joined(words, EPS_WORDS[eps]), _novograd(form, eps),
            layered=True, lr=1e-3, beta1=0.9, beta2=0.25, eps=1e-8, weight_decay=0.0,
        )
        for form, words in (
            ("first", "second moment from the first gradient"),
            ("averaged", "second moment from the first gradient, gradients averaged"),
            ("zero", "second moment from 0"),
        )
        for eps in ("outside", "inside")
    ),
)  # fmt: skip
