"""Nesterov's momentum: the gradient's step is corrected by the velocity that follows from it.

Nesterov, Dokl. Akad. Nauk SSSR 269 (1983) 543; Sutskever et al., ICML 2013, eqs. 3-4. Dialect: ``torch.optim.SGD(momentum=mu,
nesterov=True)``, which applies the look-ahead to the update instead of evaluating the gradient at a shifted point.
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer


@optimizer
def nesterov(w, g, v, *, lr: Positive = 1e-2, mu: Decay = 0.9):
    v = mu * v + g
    return w - lr * (g + mu * v), v


@hookimpl
def register_optimizers(register):
    register(nesterov)
