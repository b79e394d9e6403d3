"""Adam whose second moment is of m and not of g: no dialect of it."""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer
def my_adam(w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m * m
    return w - lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps), m, v


@hookimpl
def register_optimizers(register):
    register(my_adam)
