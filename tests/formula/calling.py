"""Calls compiled code from Python as the kernel does, on arrays; and the formulas that several tests use."""

import ctypes
import sys

import numpy as np

from optlab.formula.elementary import exp, logaddexp, maximum, sigmoid, sqrt, tanh, where
from optlab.formula.graph import trace


def adam(w, g, m, v, *, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (sqrt(v_hat) + eps), m, v


def notes(x):
    return sqrt(x**2 + exp(x**2))


def swish(z, *, beta):
    return z * sigmoid(beta * z)


def softplus(z):
    return logaddexp(z, 0.0)


def relu(z):
    return maximum(0.0, z)


def elu(z, *, alpha):
    return where(z > 0, z, alpha * (exp(z) - 1))


def logits(y, t):
    return logaddexp(0.0, y) - t * y


ADAM = trace(adam, ("w", "g", "m", "v"), ("t", "lr", "beta1", "beta2", "eps"))
NOTES = trace(notes, ("x",))
SWISH = trace(swish, ("z",), ("beta",))
TANH = trace(lambda z: tanh(z), ("z",))


def call(function, *arguments):
    """Call a compiled callback; arrays go as pointers, numbers as they are."""
    c = function.ctypes
    pairs = zip(arguments, c.argtypes, strict=True)
    return c(*(ctypes.cast(each.ctypes.data, kind) if isinstance(each, np.ndarray) else each for each, kind in pairs))


def block(*values):
    """The float64 hyper-parameters."""
    return np.array([*values, 0.0])


def emitted(address_name, address):
    """The compiled callback at an address."""
    for name, module in sys.modules.items():
        if name.startswith("optlab_emitted_") and getattr(module, address_name, None) is not None:
            function = getattr(module, address_name)
            if function.address == address:
                return function
    raise LookupError(address)


def step(address, w, g, slots, hyper, t):
    """One step of a compiled stage, in place."""
    function = emitted("stage_loop", address)
    integers = np.zeros(8, np.int64)
    return call(function, w, g, slots, hyper, t, len(w), np.zeros(8), integers, 0, np.zeros_like(w), np.zeros(8))
