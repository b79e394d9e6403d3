"""`torch.optim.Muon` in float64, with `torch.optim.AdamW` for the biases that it does not take.

Its Newton-Schulz iteration casts to bfloat16 (paths then agree to two digits): the cast is replaced by a copy while it runs, all else is
torch's. It is given W transposed, because torch keeps a layer's weights as (n_out, n_in) and scales a step by their shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any
from unittest.mock import patch

from optlab.conformance.peers.record import Array, Hyper, Peer, Sizes, joined, tensors


def _run(tape: Array, start: Array, hyper: Mapping[str, Any], sizes: Sizes) -> Array:
    torch, h = import_module("torch"), Hyper(hyper)
    h.require(dialect="torch")
    parameters = [torch.tensor(part.T.copy(), requires_grad=True) for part in tensors(start, sizes)]
    matrices, biases = ([one for one in parameters if one.ndim == dimensions] for dimensions in (2, 1))
    scale = {"shape": "original", "adam": "match_rms_adamw"}[h.scale]
    rules = [torch.optim.AdamW(biases, lr=h.lr, betas=(h.beta1, h.beta2), eps=h.eps, weight_decay=h.weight_decay)]
    if matrices:
        rules.append(torch.optim.Muon(matrices, lr=h.lr, momentum=h.mu, weight_decay=h.weight_decay, adjust_lr_fn=scale))
    path: list[list[Array]] = []
    with patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
        for gradients in zip(*tensors(tape, sizes), strict=True):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = torch.tensor(gradient.T.copy())
            for rule in rules:
                rule.step()
            path.append([parameter.detach().numpy().T.copy() for parameter in parameters])
    return joined([list(parts) for parts in zip(*path, strict=True)], len(tape))


MUON = Peer(
    "muon", "torch.optim.Muon", "torch", _run,
    ({}, {"lr": 0.05, "mu": 0.8, "weight_decay": 0.1}, {"lr": 0.01, "scale": "adam"}), layered=True,
)  # fmt: skip
