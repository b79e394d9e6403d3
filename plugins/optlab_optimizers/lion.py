"""Lion: the sign of a momentum that weighs the newest gradient more than its own memory does.

Chen et al., NeurIPS 2023, arXiv:2302.06675, Algorithm 2, with decoupled weight decay. The published code is the default.
"""

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, optimizer, sign


@optimizer(verified=("optax.lion 0.2.8",))
def lion(w, g, m, *, lr: Positive = 1e-4, beta1: Decay = 0.9, beta2: Decay = 0.99, weight_decay: NonNegative = 0.0):
    step = sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    return w - lr * (step + weight_decay * w), m


@hookimpl
def register_optimizers(register):
    register(lion)
