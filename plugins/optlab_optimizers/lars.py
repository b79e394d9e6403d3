"""LARS: momentum with a learning rate per tensor, proportional to the norm of its weights over that of its gradient.

You, Gitman and Ginsburg 2017, arXiv:1708.03888, Algorithm 1. Dialects: "optax" (default, ``optax.lars``) divides by the norm of gradient
plus decay, "paper" by the norm of the gradient plus the decay times the norm of the weights. Where a norm is 0 the ratio is 1.
biases=False leaves biases to plain momentum without decay, as most published code does.
"""

from typing import Literal

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, layer_rule


@layer_rule(operations=11.0, verified=("optax.lars 0.2.8", "pytorch_optimizer.LARS 4.1"))
def lars(
    w, g, v, *, bias, lr: Positive = 0.1, mu: Decay = 0.9, trust: Positive = 1e-3, weight_decay: NonNegative = 0.0, eps: NonNegative = 0.0,
    biases: bool = True, dialect: Literal["optax", "paper"] = "optax",
):  # fmt: skip
    ratio, decay = 1.0, 0.0
    if biases or not bias:
        decay = weight_decay
        of_w, of_g, of_sum = 0.0, 0.0, 0.0
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                here, slope = np.float64(w[i, j]), np.float64(g[i, j])
                of_w += here * here
                of_g += slope * slope
                of_sum += (slope + decay * here) ** 2
        below = np.sqrt(of_sum) if dialect == "optax" else np.sqrt(of_g) + decay * np.sqrt(of_w)
        if of_w > 0 and below > 0:
            ratio = trust * np.sqrt(of_w) / (below + eps)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            v[i, j] = mu * v[i, j] + lr * ratio * (g[i, j] + decay * w[i, j])
            w[i, j] -= v[i, j]


@hookimpl
def register_optimizers(register):
    register(lars)
