"""Muon: momentum made orthogonal, so that a step has the same length in all directions; biases are left to AdamW.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon: five quintic Newton-Schulz iterations with coefficients 3.4445, -4.7750,
2.0315. Dialects: "torch" (default, ``torch.optim.Muon``, which iterates in bfloat16 where this keeps its dtype) takes Nesterov's momentum
of a running mean; "optax" (``optax.contrib.muon``) corrects its bias, and takes NAdamW for biases. Scale of a step: "shape",
sqrt(max(1, n_out / n_in)), or "adam", 0.2 sqrt(max(n_out, n_in)), about the length of Adam's steps (Liu et al., arXiv:2502.16982).
"""

from typing import Literal

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, layer_rule


def operations(rows, columns, **options):
    low, high = min(rows, columns), max(rows, columns)
    return 14.0 * high if low == 1 else 5 * (4 * low * low * high + 2 * low**3) + 12.0 * low * high


@layer_rule(operations=operations, state={"v": "columns"}, verified=("torch.optim.Muon 2.13", "optax.contrib.muon 0.2.8"))
def muon(
    w, g, m, v, *, t, bias, lr: Positive = 1e-3, mu: Decay = 0.95, weight_decay: NonNegative = 0.0, beta1: Decay = 0.9,
    beta2: Decay = 0.999, eps: Positive = 1e-8, scale: Literal["shape", "adam"] = "shape", dialect: Literal["torch", "optax"] = "torch",
):  # fmt: skip
    rows, columns = w.shape
    optax = dialect == "optax"
    beta = beta1 if bias else mu
    now, ahead = (1 - beta**t, 1 - beta ** (t + 1)) if optax else (1.0, 1.0)
    move = np.empty((rows, columns), dtype=np.float64)
    for i in range(rows):
        for j in range(columns):
            m[i, j] = beta * m[i, j] + (1 - beta) * g[i, j]
            move[i, j] = beta * m[i, j] / ahead + (1 - beta) * g[i, j] / now
    factor = 1.0
    if bias:
        for j in range(columns):
            v[j] = beta2 * v[j] + (1 - beta2) * g[0, j] * g[0, j]
            if not optax:
                move[0, j] = m[0, j] / (1 - beta**t)
            move[0, j] /= np.sqrt(v[j] / (1 - beta2**t)) + eps
    else:
        size = np.sqrt(np.sum(move * move))
        x = move / (size + eps if optax else max(size, 1e-7))
        if rows > columns:
            x = np.ascontiguousarray(x.T)
        for _ in range(5):
            gram = x @ x.T
            x = 3.4445 * x + (-4.7750 * gram + 2.0315 * (gram @ gram)) @ x
        move = np.ascontiguousarray(x.T) if rows > columns else x
        factor = np.sqrt(max(1.0, columns / rows)) if scale == "shape" else 0.2 * np.sqrt(max(rows, columns))
    for i in range(rows):
        for j in range(columns):
            w[i, j] -= lr * (factor * move[i, j] + weight_decay * w[i, j])


@hookimpl
def register_optimizers(register):
    register(muon)
