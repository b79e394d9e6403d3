"""AdaBelief: Adam scaled by how far the gradient is from its running mean.

Zhuang et al., NeurIPS 2020, arXiv:2010.07468, Algorithm 2. As in the algorithm, the published code and optax, eps_root is added to the
mean square at every step and stays in it; the published code has one eps for both places.
"""

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, optimizer, sqrt


@optimizer(verified=("optax.adabelief 0.2.8",))
def adabelief(
    w, g, m, s, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-16, eps_root: NonNegative = 1e-16
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g - m) * (g - m) + eps_root
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / (sqrt(s_hat) + eps), m, s


@hookimpl
def register_optimizers(register):
    register(adabelief)
