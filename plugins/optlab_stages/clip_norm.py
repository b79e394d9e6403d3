"""Clipping by norm: a gradient whose norm over all parameters exceeds `limit` is shrunk to it.

Pascanu, Mikolov and Bengio, ICML 2013, Algorithm 1. Dialects: "torch" (default, ``torch.nn.utils.clip_grad_norm_``) multiplies by
min(1, limit / (norm + 1e-6)); "optax" (``optax.clip_by_global_norm``) by limit / norm, and not at all below the limit.
Stands before the optimizer: ``clip_norm+adam``. The norm is summed in float64, so that gradients of 1e20 do not overflow it.
"""

from typing import Literal

import numpy as np

from optlab.plugin import Positive, hookimpl, vector_rule


@vector_rule(operations=3.0, stage=True, verified=("torch.nn.utils.clip_grad_norm_ 2.13", "optax.clip_by_global_norm 0.2.8"))
def clip_norm(w, g, *, limit: Positive = 1.0, dialect: Literal["torch", "optax"] = "torch"):
    total = 0.0
    for i in range(len(g)):
        total += np.float64(g[i]) * np.float64(g[i])
    norm = np.sqrt(total)
    share = min(1.0, limit / (norm + 1e-6)) if dialect == "torch" else (limit / norm if norm >= limit else 1.0)
    for i in range(len(g)):
        g[i] = g[i] * share


@hookimpl
def register_stages(register):
    register(clip_norm)
