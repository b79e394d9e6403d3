"""NAdam: Adam with Nesterov's momentum.

Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop. Dialects: "torch" (default, ``torch.optim.NAdam``) has the
report's schedule mu_t = beta1 * (1 - 0.96**(t * momentum_decay) / 2), whose running product corrects the bias; "optax" keeps beta1
constant and has no momentum_decay.
"""

from typing import Literal

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, optimizer, sqrt


@optimizer(start={"product": 1.0}, verified=("torch.optim.NAdam 2.13", "optax.nadam 0.2.8"))
def nadam(
    w, g, m, v, product, *, t, lr: Positive = 2e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    momentum_decay: NonNegative = 4e-3, dialect: Literal["torch", "optax"] = "torch",
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    root = sqrt(v / (1 - beta2**t)) + eps
    if dialect == "optax":
        return w - lr * (beta1 / (1 - beta1 ** (t + 1)) * m + (1 - beta1) / (1 - beta1**t) * g) / root, m, v, product
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product = product * mu
    return w - lr * (mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product)) / root, m, v, product


@hookimpl
def register_optimizers(register):
    register(nadam)
