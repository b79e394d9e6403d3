"""The elementwise rules that optax ships, each built from the hyper-parameters of ours; `only` names the dialect that it is."""

from __future__ import annotations

from typing import Any

from optlab.conformance.peers.optax_chains import peer
from optlab.conformance.peers.record import Hyper
from optlab.conformance.peers.torch_optim import FAST, MOMENTS, SLOW


def betas(h: Hyper) -> dict[str, Any]:
    """The hyper-parameters that the family of Adam shares, by optax's names."""
    return {"b1": h.beta1, "b2": h.beta2, "eps": h.eps}


def moving(ox: Any, h: Hyper) -> Any:
    """The last link of a chain: times -lr."""
    return ox.scale_by_learning_rate(h.lr)


OPTAX = (
    peer("gd", "sgd", lambda ox, h: ox.sgd(h.lr), {}, {"lr": 0.3}),
    peer("momentum", "sgd", lambda ox, h: ox.sgd(h.lr, h.mu), {}, {"lr": 0.1, "mu": 0.5}, only={"form": "outside", "dampening": 0.0}),
    peer(
        "momentum", "trace", lambda ox, h: ox.chain(moving(ox, h), ox.trace(h.mu)), {}, {"lr": 0.1, "mu": 0.5},
        only={"form": "inside", "dampening": 0.0},
    ),
    peer(
        "momentum", "ema", lambda ox, h: ox.chain(ox.ema(h.mu, debias=False), moving(ox, h)), {}, {"lr": 0.1, "mu": 0.5},
        only={"form": "average", "dampening": 0.0},
    ),
    peer("nesterov", "sgd", lambda ox, h: ox.sgd(h.lr, h.mu, nesterov=True), {}, {"lr": 0.1, "mu": 0.5}, only={"form": "outside"}),
    peer(
        "nesterov", "trace", lambda ox, h: ox.chain(moving(ox, h), ox.trace(h.mu, nesterov=True)), {}, {"lr": 0.1, "mu": 0.5},
        only={"form": "inside"},
    ),
    peer(
        "adagrad", "adagrad", lambda ox, h: ox.adagrad(h.lr, h.initial, h.eps),
        {"initial": 0.1, "eps": 1e-7}, {"lr": 0.3, "eps": 1e-3}, only={"eps_inside": True, "lr_decay": 0.0},
    ),
    peer(
        "rmsprop", "rmsprop",
        lambda ox, h: ox.rmsprop(h.lr, h.rho, h.eps, h.initial, eps_in_sqrt=h.eps_inside, centered=h.centered, momentum=h.mu),
        {}, {"rho": 0.9, "eps_inside": True, "mu": 0.9}, {"rho": 0.9, "eps_inside": True, "initial": 1.0, "lr": 0.1},
        {"rho": 0.9, "eps_inside": True, "eps": 1e-2, "centered": True}, {"rho": 0.5, "eps": 1e-2, "centered": True, "mu": 0.5},
    ),
    peer("adadelta", "adadelta", lambda ox, h: ox.adadelta(h.lr, h.rho, h.eps), {}, {"lr": 0.5, "rho": 0.95, "eps": 1e-4}),
    peer("adam", "adam", lambda ox, h: ox.adam(h.lr, **betas(h)), *MOMENTS, only={"dialect": "torch"}),
    peer(
        "adamw", "adamw", lambda ox, h: ox.adamw(h.lr, **betas(h), weight_decay=h.weight_decay), *MOMENTS, {**FAST, "weight_decay": 0.3},
        only={"decay": "lr"},
    ),
    peer(
        "adamw", "add_decayed_weights",
        lambda ox, h: ox.chain(ox.scale_by_adam(**betas(h)), moving(ox, h), ox.add_decayed_weights(-h.weight_decay)),
        *MOMENTS, only={"decay": "paper"},
    ),
    peer("amsgrad", "amsgrad", lambda ox, h: ox.amsgrad(h.lr, **betas(h)), *MOMENTS, only={"dialect": "optax"}),
    peer(
        "amsgrad", "amsgrad",
        lambda ox, h: ox.amsgrad(h.lr, **betas(h), bias_correction_mu=False, bias_correction_nu=False), *MOMENTS, only={"dialect": "paper"},
    ),
    peer("adamax", "adamax", lambda ox, h: ox.adamax(h.lr, **betas(h)), *MOMENTS),
    peer("nadam", "nadam", lambda ox, h: ox.nadam(h.lr, **betas(h)), *MOMENTS, only={"dialect": "optax"}),
    peer(
        "radam", "radam", lambda ox, h: ox.radam(h.lr, **betas(h), threshold=h.threshold), *MOMENTS, {"lr": 0.1, "threshold": 4.0},
        only={"dialect": "optax"},
    ),
    peer(
        "rprop", "rprop", lambda ox, h: ox.rprop(h.lr, h.eta_minus, h.eta_plus, h.step_min, h.step_max),
        {}, {"lr": 0.1, "eta_minus": 0.8, "eta_plus": 1.05, "step_max": 0.2}, only={"dialect": "optax"},
    ),
    peer(
        "lion", "lion", lambda ox, h: ox.lion(h.lr, h.beta1, h.beta2, weight_decay=h.weight_decay),
        {}, {"lr": 0.01, "beta1": 0.5, "beta2": 0.9, "weight_decay": 0.1},
    ),
    peer("adabelief", "adabelief", lambda ox, h: ox.adabelief(h.lr, **betas(h), eps_root=h.eps_root), *MOMENTS, {**FAST, "eps_root": 1e-4}),
    peer(
        "yogi", "yogi",
        lambda ox, h: ox.chain(ox.scale_by_yogi(**betas(h), initial_accumulator_value=h.initial), moving(ox, h)),
        *MOMENTS, {"initial": 0.1}, only={"corrected": True},
    ),
    peer("signsgd", "sign_sgd", lambda ox, h: ox.sign_sgd(h.lr), {}, {"lr": 0.1}),
    peer("signum", "signum", lambda ox, h: ox.signum(h.lr, h.mu), {}, {"lr": 0.1, "mu": 0.5}),
    peer(
        "adan", "adan", lambda ox, h: ox.adan(h.lr, **betas(h), b3=h.beta3, eps_root=h.eps_root, weight_decay=h.weight_decay),
        {}, {**FAST, "eps_root": 1e-8}, {**SLOW, "beta3": 0.9, "weight_decay": 0.1}, only={"dialect": "optax"},
    ),
    peer(
        "ademamix", "contrib.ademamix",
        lambda ox, h: ox.contrib.ademamix(h.lr, **betas(h), b3=h.beta3, alpha=h.alpha, weight_decay=h.weight_decay),
        *MOMENTS, {"lr": 0.01, "beta3": 0.99, "alpha": 2.0, "weight_decay": 0.1}, only={"warmup": 0.0},
    ),
    peer(
        "adopt", "contrib.adopt", lambda ox, h: ox.contrib.adopt(h.lr, **betas(h), use_clipping=h.clipped), *MOMENTS,
        {**SLOW, "clipped": False},
    ),
    peer("madgrad", "contrib.madgrad", lambda ox, h: ox.contrib.madgrad(h.lr, h.mu, eps=h.eps), {}, {"lr": 0.1, "mu": 0.5, "eps": 1e-3}),
    peer(
        "schedule_free_sgd", "contrib.schedule_free_sgd",
        lambda ox, h: ox.contrib.schedule_free_sgd(h.lr, b1=h.beta1, weight_decay=h.weight_decay),
        {}, {"lr": 0.1, "beta1": 0.5, "weight_decay": 0.1},
    ),
    peer(
        "schedule_free_adamw", "contrib.schedule_free_adamw",
        lambda ox, h: ox.contrib.schedule_free_adamw(h.lr, **betas(h), weight_decay=h.weight_decay),
        *MOMENTS, {**FAST, "weight_decay": 0.1},
    ),
)  # fmt: skip
