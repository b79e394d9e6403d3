"""AdaGrad: each parameter's step shrinks with the root of its summed squared gradients.

Duchi, Hazan and Singer, JMLR 12 (2011) 2121, Fig. 1, diagonal form. Dialect: ``torch.optim.Adagrad``, accumulator from 0,
eps outside the root.
"""

from optlab.plugin import Positive, hookimpl, optimizer, sqrt


@optimizer
def adagrad(w, g, s, *, lr: Positive = 1e-2, eps: Positive = 1e-10):
    s = s + g * g
    return w - lr * g / (sqrt(s) + eps), s


@hookimpl
def register_optimizers(register):
    register(adagrad)
