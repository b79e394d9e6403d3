"""NovoGrad: momentum of gradients divided by a running norm, one number per tensor.

Ginsburg et al. 2019, arXiv:1905.11286, Algorithm 1 with decoupled decay, as ``optax.novograd`` has it: the first step takes the first
norm and gradient as they are, momentum adds up without 1 - beta1.
"""

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, layer_rule


@layer_rule(operations=8.0, state={"norm2": "scalar"}, verified=("optax.novograd 0.2.8",))
def novograd(
    w, g, m, norm2, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.25, eps: Positive = 1e-8,
    weight_decay: NonNegative = 0.0,
):  # fmt: skip
    square = 0.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            square += np.float64(g[i, j]) ** 2
    norm2[0] = square if t == 1 else beta2 * norm2[0] + (1 - beta2) * square
    below = np.sqrt(norm2[0]) + eps
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            m[i, j] = beta1 * m[i, j] + g[i, j] / below + weight_decay * w[i, j]
            w[i, j] -= lr * m[i, j]


@hookimpl
def register_optimizers(register):
    register(novograd)
