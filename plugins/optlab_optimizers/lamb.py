"""LAMB: Adam's step, scaled per tensor to the norm of the weights.

You et al., ICLR 2020, arXiv:1904.00962, Algorithm 2 with phi(x) = x, as ``optax.lamb`` has it: with bias correction, decoupled decay
inside the norm, biases scaled like weights. Where a norm is 0 the ratio is 1.
"""

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, layer_rule


@layer_rule(operations=21.0, verified=("optax.lamb 0.2.8",))
def lamb(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-6, weight_decay: NonNegative = 0.0,
):  # fmt: skip
    step = np.empty(w.shape, dtype=np.float64)
    of_w, of_step = 0.0, 0.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            m[i, j] = beta1 * m[i, j] + (1 - beta1) * g[i, j]
            v[i, j] = beta2 * v[i, j] + (1 - beta2) * g[i, j] * g[i, j]
            m_hat, v_hat = m[i, j] / (1 - beta1**t), v[i, j] / (1 - beta2**t)
            step[i, j] = m_hat / (np.sqrt(v_hat) + eps) + weight_decay * w[i, j]
            of_w += np.float64(w[i, j]) ** 2
            of_step += step[i, j] ** 2
    ratio = np.sqrt(of_w) / np.sqrt(of_step) if of_w > 0 and of_step > 0 else 1.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            w[i, j] -= lr * ratio * step[i, j]


@hookimpl
def register_optimizers(register):
    register(lamb)
