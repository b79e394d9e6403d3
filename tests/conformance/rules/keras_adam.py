"""Adam as TensorFlow has it, with other names, and its eps built in: right."""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer
def keras_adam(w, g, m, v, *, t, learning_rate: Positive = 1e-3, beta_1: Decay = 0.9, beta_2: Decay = 0.999):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g * g
    return w - learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + 1e-7), m, v


@hookimpl
def register_optimizers(register):
    register(keras_adam)
