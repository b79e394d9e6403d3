"""Swish (SiLU at beta = 1): z * sigmoid(beta z). Ramachandran, Zoph and Le, arXiv:1710.05941, section 3."""

from optlab.plugin import Real, activation, hookimpl, sigmoid


@activation
def swish(z, *, beta: Real = 1.0):
    return z * sigmoid(beta * z)


@hookimpl
def register_activations(register):
    register(swish)
