"""Published code with torch's interface as a peer: packages of the rules' authors, and pytorch-optimizer's port of authors' code.

None of them is a dependency of optlab: whoever installs one (qhoptim 1.1, schedulefree 1.4, pytorch-optimizer 4.1) has the peer.
pytorch-optimizer's MARS and LaProp are none: it adds 1e-15 under the first's root, and moves eps and rounds steps to float32 in the second.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from optlab.conformance.peers.record import Hyper, Peer
from optlab.conformance.peers.torch_optim import FAST, MOMENTS, SLOW, Arguments, run


def _qhadam(h: Hyper) -> dict[str, Any]:
    return {"betas": (h.beta1, h.beta2), "nus": (h.nu1, h.nu2), "eps": h.eps}


def _aggmo(h: Hyper) -> dict[str, Any]:
    return {"betas": (h.mu1, h.mu2, h.mu3)}


def _adan(h: Hyper) -> dict[str, Any]:
    h.require(dialect="paper", eps_root=0.0)
    return {"betas": (h.beta1, h.beta2, h.beta3), "eps": h.eps, "weight_decay": h.weight_decay, "weight_decouple": False}


def _ademamix(h: Hyper) -> dict[str, Any]:
    return {
        "betas": (h.beta1, h.beta2, h.beta3), "alpha": h.alpha, "eps": h.eps, "weight_decay": h.weight_decay,
        "weight_decouple": True, "t_alpha_beta3": h.warmup or None,
    }  # fmt: skip


def _sgd(h: Hyper) -> dict[str, Any]:
    return {"momentum": h.beta1, "weight_decay": h.weight_decay}


def _adamw(h: Hyper) -> dict[str, Any]:
    return {"betas": (h.beta1, h.beta2), "eps": h.eps, "weight_decay": h.weight_decay}


def _lars(h: Hyper) -> dict[str, Any]:
    h.require(dialect="paper", biases=False, eps=0.0)
    return {"momentum": h.mu, "weight_decay": h.weight_decay, "trust_coefficient": h.trust}


def _peer(rule: str, module: str, name: str, arguments: Arguments, *settings: dict[str, Any], layered: bool = False) -> Peer:
    return Peer(rule, f"{module}.{name}", module.partition(".")[0], partial(run, module, name, arguments), settings, layered)


PAPER = {"dialect": "paper", "biases": False}
PUBLISHED = (
    _peer("qhadam", "qhoptim.pyt", "QHAdam", _qhadam, *MOMENTS, {"lr": 0.01, "nu1": 0.7, "nu2": 0.8}),
    _peer("schedule_free_sgd", "schedulefree", "SGDScheduleFree", _sgd, {}, {"lr": 0.1, "beta1": 0.5, "weight_decay": 0.1}),
    _peer("schedule_free_adamw", "schedulefree", "AdamWScheduleFree", _adamw, *MOMENTS, {**FAST, "weight_decay": 0.1}),
    _peer("aggmo", "pytorch_optimizer", "AggMo", _aggmo, {}, {"lr": 0.1, "mu1": 0.1, "mu2": 0.5, "mu3": 0.95}),
    _peer("adan", "pytorch_optimizer", "Adan", _adan, {}, FAST, {**SLOW, "beta3": 0.9, "weight_decay": 0.1}),
    _peer(
        "ademamix", "pytorch_optimizer", "AdEMAMix", _ademamix,
        *MOMENTS, {**SLOW, "weight_decay": 0.1}, {**SLOW, "beta3": 0.999, "warmup": 200.0}, {**FAST, "warmup": 1000.0},
    ),
    _peer("lars", "pytorch_optimizer", "LARS", _lars, PAPER, {**PAPER, "mu": 0.5, "weight_decay": 0.1, "trust": 0.02}, layered=True),
)  # fmt: skip
