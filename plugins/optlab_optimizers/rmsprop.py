"""RMSprop: steps scaled by the root of a running mean of squared gradients.

Tieleman and Hinton, Coursera lecture 6.5 (2012). Dialect: ``torch.optim.RMSprop`` (its alpha is rho here), not centered, no
momentum, mean square from 0, eps outside the root (TensorFlow puts it inside).
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer
def rmsprop(w, g, s, *, lr: Positive = 1e-2, rho: Decay = 0.99, eps: Positive = 1e-8):
    s = rho * s + (1 - rho) * g * g
    return w - lr * g / (sqrt(s) + eps), s


@hookimpl
def register_optimizers(register):
    register(rmsprop)
