"""Softplus, log(1 + exp(z)), a smooth relu. Dugas et al., NIPS 2000.

As logaddexp(z, 0), which neither overflows nor loses the digits of small values; its slope is the sigmoid, 1/2 at 0.
"""

from optlab.plugin import activation, hookimpl, logaddexp


@activation
def softplus(z):
    return logaddexp(z, 0)


@hookimpl
def register_activations(register):
    register(softplus)
