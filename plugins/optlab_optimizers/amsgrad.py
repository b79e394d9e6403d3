"""AMSGrad: Adam whose denominator never shrinks.

Reddi, Kale and Kumar, ICLR 2018, Algorithm 2. Dialects: "torch" (default, ``torch.optim.Adam(amsgrad=True)``) corrects the bias of the
running maximum; "optax" takes the maximum of corrected means; "paper" corrects nothing (and has no eps, which is kept here).
"""

from typing import Literal

from optlab.plugin import Decay, Positive, hookimpl, maximum, optimizer, sqrt


@optimizer(verified=("torch.optim.Adam 2.13", "optax.amsgrad 0.2.8"))
def amsgrad(
    w, g, m, v, top, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    dialect: Literal["torch", "optax", "paper"] = "torch",
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    top = maximum(top, v / (1 - beta2**t) if dialect == "optax" else v)
    v_hat = top / (1 - beta2**t) if dialect == "torch" else top
    m_hat = m if dialect == "paper" else m / (1 - beta1**t)
    return w - lr * m_hat / (sqrt(v_hat) + eps), m, v, top


@hookimpl
def register_optimizers(register):
    register(amsgrad)
