"""Momentum: steps along a decaying sum of past gradients.

Polyak, USSR Comput. Math. 4 (1964) 1. Dialect: ``torch.optim.SGD(momentum=mu)``, the learning rate outside the velocity; with a
learning rate that changes, Polyak's own form (inside) differs.
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer


@optimizer
def momentum(w, g, v, *, lr: Positive = 1e-2, mu: Decay = 0.9):
    v = mu * v + g
    return w - lr * v, v


@hookimpl
def register_optimizers(register):
    register(momentum)
