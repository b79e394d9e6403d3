"""Published code of layer-wise and whole-vector rules with torch's interface: packages of their authors, and pytorch-optimizer's ports.

None of them is a dependency of optlab: whoever installs one (prodigyopt 1.1, dadaptation 3.2, dog-optimizer 1.0, pytorch-optimizer 4.1)
has the peer.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from optlab.conformance.peers.record import Hyper, Peer
from optlab.conformance.peers.torch_optim import Arguments, run


def _shampoo(h: Hyper) -> dict[str, Any]:
    h.require(every=1)
    return {"matrix_eps": h.eps, "weight_decay": h.weight_decay}


def _adaptive(h: Hyper) -> dict[str, Any]:
    coefficient = {"d_coef": h["d_coef"]} if "d_coef" in h else {}
    return {
        "betas": (h.beta1, h.beta2), "eps": h.eps, "weight_decay": h.weight_decay, "d0": h.d0, "decouple": True,
        "use_bias_correction": h.corrected, **coefficient,
    }  # fmt: skip


def _dog(h: Hyper) -> dict[str, Any]:
    return {"reps_rel": h.reps, "eps": h.eps}


def _peer(rule: str, module: str, name: str, arguments: Arguments, *settings: dict[str, Any]) -> Peer:
    return Peer(rule, f"{module}.{name}", module.partition(".")[0], partial(run, module, name, arguments), settings, layered=True)


QUICK = {"lr": 0.05, "beta1": 0.8, "beta2": 0.99, "eps": 1e-6, "corrected": False, "weight_decay": 0.1}
PUBLISHED_LAYERS = (
    _peer("shampoo", "pytorch_optimizer", "Shampoo", _shampoo, {"eps": 1e-2}, {"lr": 0.1, "eps": 1.0, "weight_decay": 0.1}),
    _peer("prodigy", "prodigyopt", "Prodigy", _adaptive, {}, {"lr": 0.1, "corrected": False, "d_coef": 0.5}, QUICK),
    _peer("dadapt_adam", "dadaptation", "DAdaptAdam", _adaptive, {}, {"lr": 0.1, "corrected": False}, QUICK),
    _peer("dog", "dog", "DoG", _dog, {}, {"lr": 0.5, "reps": 1e-3}),
)
