"""signSGD: a step of fixed length against the sign of each gradient component.

Bernstein et al., ICML 2018, arXiv:1802.04434, Algorithm 1.
"""

from optlab.plugin import Positive, hookimpl, optimizer, sign


@optimizer(verified=("optax.sign_sgd 0.2.8",))
def signsgd(w, g, *, lr: Positive = 1e-3):
    return w - lr * sign(g)


@hookimpl
def register_optimizers(register):
    register(signsgd)
