"""Cautious AdamW: components of Adam's step that point against the gradient are dropped, the others enlarged to make up for it.

Liang et al. 2024, arXiv:2411.16085, Algorithm 2. The mask is divided by its mean over a tensor. Dialects: "authors" (default, the authors'
code) takes a mean of at least 1e-3 and adds eps before the bias correction, "torch" after it, as ``torch.optim.AdamW`` does; "paper" as
"torch", with (sum + 1) / n for the mean. Weight decay is decoupled and comes first.
"""

from typing import Literal

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, layer_rule


@layer_rule(operations=19.0, verified=("mahdi-shafiei/C-Optim c_adamw.py at 16c2e0b",))
def cautious_adamw(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-6, weight_decay: NonNegative = 0.0,
    dialect: Literal["authors", "torch", "paper"] = "authors",
):  # fmt: skip
    agreeing = 0.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            m[i, j] = beta1 * m[i, j] + (1 - beta1) * g[i, j]
            v[i, j] = beta2 * v[i, j] + (1 - beta2) * g[i, j] * g[i, j]
            agreeing += np.float64(m[i, j]) * np.float64(g[i, j]) > 0
    share = (agreeing + 1) / w.size if dialect == "paper" else max(agreeing / w.size, 1e-3)
    root = np.sqrt(1 - beta2**t)
    least = eps / root if dialect == "authors" else eps
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            w[i, j] *= 1 - lr * weight_decay
            if np.float64(m[i, j]) * np.float64(g[i, j]) > 0:
                w[i, j] -= lr / share * m[i, j] / (1 - beta1**t) / (np.sqrt(v[i, j]) / root + least)


@hookimpl
def register_optimizers(register):
    register(cautious_adamw)
