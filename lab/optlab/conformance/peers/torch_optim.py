"""`torch.optim` as a peer: the tape's gradients are put into ``.grad``, one step each.

torch keeps step counts and products (NAdam's, ASGD's) in its default dtype, float32: that is set to float64 while a peer runs, else
NAdam and ASGD agree to 1e-7 only. Muon is in `torch_muon`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from optlab.conformance.peers.record import Array, Hyper, Peer, Sizes, joined, tensors

Arguments = Callable[[Hyper], dict[str, Any]]


def run(module: str, name: str, arguments: Arguments, tape: Array, start: Array, hyper: Mapping[str, Any], sizes: Sizes) -> Array:
    """The path of an optimizer of that module, which has torch's interface."""
    torch = import_module("torch")
    keywords = arguments(Hyper(hyper))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        parameters = [torch.tensor(part, requires_grad=True) for part in tensors(start, sizes)]
        rule = getattr(import_module(module), name)(parameters, lr=hyper["lr"], **keywords)
        if module == "schedulefree":
            rule.train()
        path: list[list[Array]] = []
        for gradients in zip(*tensors(tape, sizes), strict=True):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = torch.tensor(gradient)
            with warnings.catch_warnings():  # published code of a few years ago calls torch in ways that are deprecated now
                warnings.filterwarnings("ignore", message="This overload of")
                rule.step(lambda: torch.zeros(()))  # LBFGS asks for the cost and ignores it without a line search
            path.append([parameter.detach().numpy().copy() for parameter in parameters])
    finally:
        torch.set_default_dtype(before)
    return joined([list(parts) for parts in zip(*path, strict=True)], len(tape))


def _sgd(nesterov: bool) -> Arguments:
    def arguments(h: Hyper) -> dict[str, Any]:
        h.require(form=("outside", "inside"))  # the same while the learning rate stays
        if h.get("form") == "inside" and h.get("dampening"):
            h.require(form="outside")
        return {"momentum": h.mu, "nesterov": nesterov, "dampening": h.get("dampening", 0.0)}

    return arguments


def _adam(**more: Any) -> Arguments:
    def arguments(h: Hyper) -> dict[str, Any]:
        h.require(dialect="torch", decay="lr", threshold=5.0)
        decay = {name: h[name] for name in ("weight_decay", "momentum_decay") if name in h}
        return {"betas": (h.beta1, h.beta2), "eps": h.eps, **decay, **more}

    return arguments


def _adagrad(h: Hyper) -> dict[str, Any]:
    h.require(eps_inside=False)
    return {"eps": h.eps, "lr_decay": h.lr_decay, "initial_accumulator_value": h.initial}


def _rmsprop(h: Hyper) -> dict[str, Any]:
    h.require(eps_inside=False, initial=0.0)
    return {"alpha": h.rho, "eps": h.eps, "momentum": h.mu, "centered": h.centered}


def _rprop(h: Hyper) -> dict[str, Any]:
    h.require(dialect="torch")
    return {"etas": (h.eta_minus, h.eta_plus), "step_sizes": (h.step_min, h.step_max)}


def _adafactor(h: Hyper) -> dict[str, Any]:
    return {"beta2_decay": h.beta2_decay, "eps": (h.get("eps1"), h.eps2), "d": h.d, "weight_decay": h.weight_decay}


def _lbfgs(h: Hyper) -> dict[str, Any]:
    """One step, and one gradient, at a time; the tolerances never stop it."""
    h.require(line_search=False, dialect="torch")
    return {"max_iter": 1, "history_size": h.memory, "tolerance_grad": -1.0, "tolerance_change": -float("inf")}


SLOW, FAST = {"lr": 0.01, "beta1": 0.95, "beta2": 0.99, "eps": 1e-6}, {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3}
MOMENTS: tuple[dict[str, Any], ...] = ({}, SLOW, FAST)
TABLE: tuple[tuple[str, str, Arguments, tuple[Mapping[str, Any], ...]], ...] = (
    ("gd", "SGD", lambda h: {}, ({}, {"lr": 0.3})),
    ("momentum", "SGD", _sgd(False), ({}, {"lr": 0.02, "mu": 0.99, "dampening": 0.5}, {"lr": 0.1, "mu": 0.5, "form": "inside"})),
    ("nesterov", "SGD", _sgd(True), ({}, {"lr": 0.02, "mu": 0.99}, {"lr": 0.1, "mu": 0.5, "form": "inside"})),
    ("adagrad", "Adagrad", _adagrad, ({}, {"lr": 0.1, "eps": 1e-3, "lr_decay": 0.01}, {"lr": 0.3, "initial": 0.1})),
    (
        "rmsprop", "RMSprop", _rmsprop,
        ({}, {"rho": 0.9, "mu": 0.9}, {"rho": 0.5, "eps": 1e-2, "centered": True}, {"rho": 0.9, "mu": 0.5, "centered": True, "eps": 1e-4}),
    ),
    ("adadelta", "Adadelta", lambda h: {"rho": h.rho, "eps": h.eps}, ({}, {"lr": 0.5, "rho": 0.95, "eps": 1e-4})),
    ("adam", "Adam", _adam(), MOMENTS),
    ("adamw", "AdamW", _adam(), (*MOMENTS, {"lr": 0.1, "weight_decay": 0.3})),
    ("amsgrad", "Adam", _adam(amsgrad=True), MOMENTS),
    ("adamax", "Adamax", _adam(), MOMENTS),
    ("nadam", "NAdam", _adam(), (*MOMENTS, {"lr": 0.01, "momentum_decay": 0.1})),
    ("radam", "RAdam", _adam(), (*MOMENTS, {"lr": 0.1, "beta2": 0.7})),
    (
        "rprop", "Rprop", _rprop,
        ({}, {"lr": 0.1, "eta_minus": 0.8, "eta_plus": 1.05, "step_max": 0.2}, {"lr": 1e-3, "step_min": 1e-4, "eta_plus": 1.5}),
    ),
    (
        "asgd", "ASGD", lambda h: {"lambd": h.lambd, "alpha": h.alpha, "t0": h.t0},
        ({}, {"lr": 0.5, "lambd": 0.1, "alpha": 0.5, "t0": 20.0}, {"lr": 0.1, "lambd": 0.0}),
    ),
)  # fmt: skip
LAYERED: tuple[tuple[str, str, Arguments, tuple[Mapping[str, Any], ...]], ...] = (
    (
        "adafactor", "Adafactor", _adafactor,
        ({}, {"lr": 0.1, "beta2_decay": -0.5, "weight_decay": 0.1}, {"lr": 1.0, "d": 2.0, "eps2": 1e-2}),
    ),
    # A tape does not answer to the weights: at larger rates the path leaves all bounds, in both.
    ("l_bfgs", "LBFGS", _lbfgs, ({"lr": 1e-3}, {"lr": 0.01, "memory": 3})),
)  # fmt: skip
TORCH = tuple(
    Peer(rule, f"torch.optim.{name}", "torch", partial(run, "torch.optim", name, arguments), settings)
    for rule, name, arguments, settings in TABLE
) + tuple(
    Peer(rule, f"torch.optim.{name}", "torch", partial(run, "torch.optim", name, arguments), settings, layered=True)
    for rule, name, arguments, settings in LAYERED
)
