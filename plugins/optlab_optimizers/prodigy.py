"""Prodigy: Adam that finds its own learning rate, from how far the weights have come against the gradients they met.

Mishchenko and Defazio, ICML 2024, arXiv:2306.06101, Algorithm 4: d is a growing lower bound of the distance to the solution and lr a
factor on it. corrected (default, ``optax.contrib.prodigy``) folds Adam's bias correction into the step; the authors' code leaves it out
unless asked. Weight decay is decoupled. All parameters share one d.
"""

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, vector_rule


@vector_rule(
    operations=26.0, state={"d": "scalar", "above": "scalar"}, start={"first": "w", "d": "d0"},
    verified=("optax.contrib.prodigy 0.2.8", "prodigyopt.Prodigy 1.1"),
)  # fmt: skip
def prodigy(
    w, g, m, v, s, first, d, above, *, t, lr: Positive = 1.0, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    d0: Positive = 1e-6, d_coef: Positive = 1.0, weight_decay: NonNegative = 0.0, corrected: bool = True,
):  # fmt: skip
    old, beta3 = d[0], np.sqrt(beta2)
    rate = old * lr
    if corrected:
        rate *= np.sqrt(1 - beta2**t) / (1 - beta1**t)
    gain, below = 0.0, 0.0
    for i in range(len(w)):
        slope = np.float64(g[i])
        gain += slope * (np.float64(first[i]) - w[i])
        m[i] = beta1 * m[i] + (1 - beta1) * old * slope
        v[i] = beta2 * v[i] + (1 - beta2) * (old * slope) ** 2
        s[i] = beta3 * s[i] + old / d0 * rate * slope
        below += abs(np.float64(s[i]))
    above[0] = beta3 * above[0] + old / d0 * rate * gain
    if below > 0:
        d[0] = max(old, d_coef * above[0] / below)
    for i in range(len(w)):
        w[i] -= rate * (weight_decay * w[i] + m[i] / (np.sqrt(v[i]) + d[0] * eps))


@hookimpl
def register_optimizers(register):
    register(prodigy)
