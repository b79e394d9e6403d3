"""The course's RMSprop: `previous = s` is no copy, so that the running mean is of one and the same sum."""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer
def my_rmsprop(w, g, s, *, lr: Positive = 1e-2, rho: Decay = 0.99, eps: Positive = 1e-8):
    s = s + g * g
    previous = s
    s = rho * previous + (1 - rho) * s
    return w - lr * g / (sqrt(s) + eps), s


@hookimpl
def register_optimizers(register):
    register(my_rmsprop)
