"""MADGRAD: dual averaging scaled by the cube root of summed squared gradients, with momentum.

Defazio and Jelassi, JMLR 23 (2022), arXiv:2101.11075, Algorithm 1, where c = 1 - mu; as in the published code eps is added to the
learning rate as well.
"""

from optlab.plugin import Decay, Positive, cbrt, hookimpl, optimizer, sqrt


@optimizer(start={"origin": "w"}, verified=("optax.contrib.madgrad 0.2.8",))
def madgrad(w, g, s, q, origin, *, t, lr: Positive = 1e-2, mu: Decay = 0.9, eps: Positive = 1e-6):
    weight = (lr + eps) * sqrt(t)
    s = s + weight * g
    q = q + weight * g * g
    return mu * w + (1 - mu) * (origin - s / (cbrt(q) + eps)), s, q, origin


@hookimpl
def register_optimizers(register):
    register(madgrad)
