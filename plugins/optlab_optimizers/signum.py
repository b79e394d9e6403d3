"""Signum: a step of fixed length against the sign of the running mean of gradients.

Bernstein et al., ICML 2018, arXiv:1802.04434, Algorithm 2.
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sign


@optimizer(verified=("optax.signum 0.2.8",))
def signum(w, g, m, *, lr: Positive = 1e-3, mu: Decay = 0.9):
    m = mu * m + (1 - mu) * g
    return w - lr * sign(m), m


@hookimpl
def register_optimizers(register):
    register(signum)
