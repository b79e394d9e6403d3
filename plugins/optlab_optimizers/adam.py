"""Adam: steps scaled by running moments of the gradient.

Kingma and Ba, ICLR 2015, Algorithm 1. https://arxiv.org/abs/1412.6980
Dialects: "torch" (default, ``torch.optim.Adam``) is Algorithm 1 itself; "tensorflow" (also scikit-learn) folds the bias correction
into the step and adds eps after that, the form at the end of the paper's section 2.
"""

from typing import Literal

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer(verified=("torch.optim.Adam 2.13", "optax.adam 0.2.8"))
def adam(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    dialect: Literal["torch", "tensorflow"] = "torch",
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    if dialect == "tensorflow":
        step = lr * sqrt(1 - beta2**t) / (1 - beta1**t)
        return w - step * m / (sqrt(v) + eps), m, v
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (sqrt(v_hat) + eps), m, v


@hookimpl
def register_optimizers(register):
    register(adam)
