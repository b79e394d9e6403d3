"""Gradient descent with a fixed step; full batch or mini-batch is a choice of the study, not of the rule.

Robbins and Monro, Ann. Math. Statist. 22 (1951) 400, eq. 6; ``torch.optim.SGD`` without momentum.
"""

from optlab.plugin import Positive, hookimpl, optimizer


@optimizer(verified=("torch.optim.SGD 2.13", "optax.sgd 0.2.8"))
def gd(w, g, *, lr: Positive = 1e-2):
    return w - lr * g


@hookimpl
def register_optimizers(register):
    register(gd)
