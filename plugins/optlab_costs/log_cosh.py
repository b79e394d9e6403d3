"""Logarithm of the hyperbolic cosine of y - t: a smooth Huber cost, with slope tanh(y - t).

Green, "Bayesian reconstructions from emission tomography data using a modified EM algorithm", IEEE Trans. Med. Imaging 9 (1990).
log(cosh(d)) itself overflows at 711 and has no digits below 1e-8; -log(1 - tanh(d)^2) / 2 and |d| + log(1 + exp(-2|d|)) - log 2 keep them.
"""

import math

from optlab.plugin import cost, exp, hookimpl, log1p, tanh, where

LOG2 = math.log(2)


@cost
def log_cosh(y, t):
    distance = abs(y - t)
    return where(distance < 1, -0.5 * log1p(-(tanh(y - t) ** 2)), distance + log1p(exp(-2 * distance)) - LOG2)


@hookimpl
def register_costs(register):
    register(log_cosh)
