"""Bent identity, (sqrt(z^2 + 1) - 1) / 2 + z: smooth, its slope runs from 1/2 to 3/2.

Listed without a first source in surveys such as Dubey, Singh and Chaudhuri, arXiv:2109.14545. The root less 1 is written as
z^2 / (sqrt(z^2 + 1) + 1), which keeps its digits near 0.
"""

from optlab.plugin import activation, hookimpl, sqrt


@activation
def bent_identity(z):
    return z * (z / (2 * (sqrt(z * z + 1) + 1))) + z


@hookimpl
def register_activations(register):
    register(bent_identity)
