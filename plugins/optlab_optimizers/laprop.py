"""LaProp: momentum of gradients that were scaled before they enter it.

Ziyin, Wang and Ueda, arXiv:2002.04839, Algorithm 1, with the learning rate inside the momentum as in the published code.
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer(verified=("Z-T-WANG/LaProp-Optimizer laprop.py at 9373f13",))
def laprop(w, g, m, v, *, t, lr: Positive = 4e-4, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-15):
    v = beta2 * v + (1 - beta2) * g * g
    m = beta1 * m + (1 - beta1) * lr * g / (sqrt(v / (1 - beta2**t)) + eps)
    return w - m / (1 - beta1**t), m, v


@hookimpl
def register_optimizers(register):
    register(laprop)
