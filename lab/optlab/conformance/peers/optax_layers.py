"""The layer-wise and whole-vector rules that optax ships.

optax.adafactor computes its decay in float32 and is no peer; torch's is. optax.contrib.sophia samples its own Hessian and has no tape.
"""

from __future__ import annotations

from optlab.conformance.peers.optax_chains import peer
from optlab.conformance.peers.optax_rules import betas
from optlab.conformance.peers.torch_optim import FAST, MOMENTS, SLOW

UNTUNED: tuple[dict[str, float], ...] = ({}, {"lr": 0.5, "beta1": 0.8, "beta2": 0.99, "eps": 1e-6})

LAYERED = (
    peer(
        "lamb", "lamb", lambda ox, h: ox.lamb(h.lr, **betas(h), weight_decay=h.weight_decay),
        *MOMENTS, {**SLOW, "weight_decay": 0.1}, layered=True,
    ),
    peer(
        "lars", "lars",
        lambda ox, h: ox.lars(h.lr, h.weight_decay, trust_coefficient=h.trust, eps=h.get("eps", 0.0), momentum=h.mu),
        {}, {"lr": 1.0, "mu": 0.5, "weight_decay": 0.1}, {"trust": 0.02, "weight_decay": 1e-3}, layered=True,
    ),
    peer(
        "novograd", "novograd", lambda ox, h: ox.novograd(h.lr, **betas(h), weight_decay=h.weight_decay),
        {}, {**FAST, "lr": 0.01}, {**SLOW, "weight_decay": 0.1}, layered=True,
    ),
    peer("sm3", "sm3", lambda ox, h: ox.sm3(h.lr, h.mu), {}, {"lr": 0.3, "mu": 0.5}, layered=True),
    peer(
        "muon", "contrib.muon",
        lambda ox, h: ox.contrib.muon(
            h.lr, beta=h.mu, eps=h.eps, weight_decay=h.weight_decay, adam_b1=h.beta1, adam_b2=h.beta2, adam_weight_decay=h.weight_decay
        ),
        {}, {"lr": 0.05, "mu": 0.8, "weight_decay": 0.1}, only={"dialect": "optax"}, layered=True,
    ),
    peer(
        "prodigy", "contrib.prodigy",
        lambda ox, h: ox.contrib.prodigy(h.lr, (h.beta1, h.beta2), eps=h.eps, estim_lr0=h.d0, weight_decay=h.weight_decay),
        *UNTUNED, {"lr": 0.1, "d0": 1e-5, "weight_decay": 0.1}, layered=True,
    ),
    peer(
        "dadapt_adam", "contrib.dadapt_adamw",
        lambda ox, h: ox.contrib.dadapt_adamw(h.lr, (h.beta1, h.beta2), eps=h.eps, estim_lr0=h.d0, weight_decay=h.weight_decay),
        *UNTUNED, {"lr": 0.1, "d0": 1e-5, "weight_decay": 0.1}, layered=True,
    ),
    peer(
        "dog", "contrib.dog", lambda ox, h: ox.contrib.dog(h.lr, ("heuristic", h.reps), h.eps), {}, {"lr": 0.5, "reps": 1e-3}, layered=True,
    ),
    peer(
        "l_bfgs", "lbfgs", lambda ox, h: ox.lbfgs(h.lr, h.memory, linesearch=None),
        {"lr": 1e-3}, {"lr": 0.01, "memory": 3}, only={"line_search": False, "dialect": "optax"}, layered=True,
    ),
)  # fmt: skip
