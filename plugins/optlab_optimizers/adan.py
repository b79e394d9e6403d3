"""Adan: Adam with a momentum of gradient differences.

Xie et al., arXiv:2208.06677, Algorithm 1; its 1 - beta are the decays here, as in the published code. Dialects: "paper" (default, the
published code), the difference weighs beta2 and weight decay is the proximal step w / (1 + lr * weight_decay); "optax" 0.2.8 weighs it
1 - beta2 and subtracts lr * weight_decay * w.
"""

from typing import Literal

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, optimizer, sqrt, where


@optimizer(verified=("optax.adan 0.2.8", "sail-sg/Adan adan.py at 062d4cd", "pytorch_optimizer.Adan 4.1"))
def adan(
    w, g, m, d, n, last, *, t, lr: Positive = 1e-3, beta1: Decay = 0.98, beta2: Decay = 0.92, beta3: Decay = 0.99, eps: Positive = 1e-8,
    eps_root: NonNegative = 0.0, weight_decay: NonNegative = 0.0, dialect: Literal["paper", "optax"] = "paper",
):  # fmt: skip
    weight = beta2 if dialect == "paper" else 1 - beta2
    difference = where(t == 1, 0.0, g - last)
    m = beta1 * m + (1 - beta1) * g
    d = beta2 * d + (1 - beta2) * difference
    n = beta3 * n + (1 - beta3) * (g + weight * difference) ** 2
    ahead = m / (1 - beta1**t) + weight / (1 - beta2**t) * d
    step = lr * ahead / (sqrt(n / (1 - beta3**t) + eps_root) + eps)
    decayed = (w - step) / (1 + lr * weight_decay) if dialect == "paper" else (1 - lr * weight_decay) * w - step
    return decayed, m, d, n, g


@hookimpl
def register_optimizers(register):
    register(adan)
