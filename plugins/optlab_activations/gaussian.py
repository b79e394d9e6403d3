"""The Gaussian bell exp(-z^2): a node that answers to a place, not to a direction.

Hartman, Keeler and Kowalski, "Layered neural networks with Gaussian hidden units as universal approximators", Neural Computation 2 (1990).
"""

from optlab.plugin import activation, exp, hookimpl


@activation
def gaussian(z):
    return exp(-(z * z))


@hookimpl
def register_activations(register):
    register(gaussian)
