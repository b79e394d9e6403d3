"""RAdam: Adam that waits with its denominator until the variance of the denominator is bounded.

Liu et al., ICLR 2020, arXiv:1908.03265, Algorithm 2. Dialects: "torch" (default, ``torch.optim.RAdam``) adds eps before the root's bias
is corrected; "optax" after. Both wait until the average's length exceeds the threshold 5; the paper's is 4.
"""

from typing import Literal

from optlab.plugin import Decay, Positive, hookimpl, maximum, optimizer, sqrt, where


@optimizer(verified=("torch.optim.RAdam 2.13", "optax.radam 0.2.8"))
def radam(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8, threshold: Positive = 5.0,
    dialect: Literal["torch", "optax"] = "torch",
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    correction = 1 - beta2**t
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / correction
    rectified = sqrt(maximum((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length), 0))
    scaled = sqrt(correction) / (sqrt(v) + eps) if dialect == "torch" else 1 / (sqrt(v / correction) + eps)
    return w - lr / (1 - beta1**t) * m * where(length > threshold, rectified * scaled, 1.0), m, v


@hookimpl
def register_optimizers(register):
    register(radam)
