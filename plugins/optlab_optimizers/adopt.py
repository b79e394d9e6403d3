"""ADOPT: Adam that scales the gradient by the mean square before it, so that it converges for any beta2.

Taniguchi et al., NeurIPS 2024, arXiv:2411.02853, Algorithm 2: the scaled gradient is clipped at (t - 1)**(1/4); ``clipped=False`` is
Algorithm 1. The first gradient only starts the mean square, w stays.
"""

from optlab.plugin import Decay, Positive, clip, hookimpl, maximum, optimizer, sqrt, where


@optimizer(verified=("optax.contrib.adopt 0.2.8",))
def adopt(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.9999, eps: Positive = 1e-6, clipped: bool = True
):  # fmt: skip
    scaled = g / maximum(sqrt(v), eps)
    bound = (t - 1) ** 0.25
    m = beta1 * m + where(t == 1, 0.0, 1 - beta1) * (clip(scaled, -bound, bound) if clipped else scaled)
    keep = where(t == 1, 0.0, beta2)
    return w - lr * m, m, keep * v + (1 - keep) * g * g


@hookimpl
def register_optimizers(register):
    register(adopt)
