"""Softplus, log(1 + exp(z)), a smooth relu. Dugas et al., NIPS 2000.

Written on -|z|, so that nothing overflows and log1p keeps its digits; `where` instead of abs and maximum keeps the slope 1/2 at 0.
"""

from optlab.plugin import activation, exp, hookimpl, log1p, where


@activation
def softplus(z):
    return where(z > 0, z, 0) + log1p(exp(where(z > 0, -z, z)))


@hookimpl
def register_activations(register):
    register(softplus)
