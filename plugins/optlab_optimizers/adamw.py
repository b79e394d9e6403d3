"""AdamW: Adam with weight decay that does not pass through the moments.

Loshchilov and Hutter, ICLR 2019, arXiv:1711.05101, Algorithm 2. Decay "lr" (default, ``torch.optim.AdamW``, optax) shrinks w by
lr * weight_decay; "paper" is line 12 of the algorithm, w shrinks by weight_decay whatever the learning rate (schedule multiplier 1).
"""

from typing import Literal

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, optimizer, sqrt


@optimizer(verified=("torch.optim.AdamW 2.13", "optax.adamw 0.2.8", "optax.add_decayed_weights 0.2.8"))
def adamw(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    weight_decay: NonNegative = 1e-2, decay: Literal["lr", "paper"] = "lr",
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    shrunk = (1 - (lr * weight_decay if decay == "lr" else weight_decay)) * w
    return shrunk - lr * m_hat / (sqrt(v_hat) + eps), m, v


@hookimpl
def register_optimizers(register):
    register(adamw)
