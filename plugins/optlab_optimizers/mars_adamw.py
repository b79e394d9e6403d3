"""MARS-AdamW: AdamW of a gradient that is corrected by its change since the last step and clipped to norm 1 per tensor.

Yuan et al. 2024, arXiv:2411.10438, Algorithm 2 (MARS-approx: the last gradient as it was, not taken anew on the present rows), as in the
authors' code with ``optimize_1d``: the gradient before the first is 0.
"""

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, layer_rule


@layer_rule(operations=21.0, verified=("AGI-Arena/MARS MARS/optimizers/mars.py at 20c60c1",))
def mars_adamw(
    w, g, m, v, last, *, t, lr: Positive = 3e-3, beta1: Decay = 0.95, beta2: Decay = 0.99, eps: Positive = 1e-8,
    weight_decay: NonNegative = 0.0, gamma: NonNegative = 0.025,
):  # fmt: skip
    corrected = np.empty(w.shape, dtype=np.float64)
    square = 0.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            corrected[i, j] = g[i, j] + gamma * beta1 / (1 - beta1) * (g[i, j] - last[i, j])
            square += corrected[i, j] ** 2
            last[i, j] = g[i, j]
    share = 1 / max(np.sqrt(square), 1.0)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            c = share * corrected[i, j]
            m[i, j] = beta1 * m[i, j] + (1 - beta1) * c
            v[i, j] = beta2 * v[i, j] + (1 - beta2) * c * c
            m_hat, v_hat = m[i, j] / (1 - beta1**t), v[i, j] / (1 - beta2**t)
            w[i, j] -= lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * w[i, j])


@hookimpl
def register_optimizers(register):
    register(mars_adamw)
