"""The rectifiers. Both keep NaN visible; the slope at 0 is 0 for relu (the constant wins the tie) and `slope` for leaky_relu.

Nair and Hinton, ICML 2010 (relu); Maas, Hannun and Ng, ICML 2013 (leaky_relu). Defaults are torch's.
"""

from optlab.plugin import NonNegative, activation, hookimpl, maximum, where


@activation
def relu(z):
    return maximum(0, z)


@activation
def leaky_relu(z, *, slope: NonNegative = 0.01):
    return where(z > 0, z, slope * z)


@hookimpl
def register_activations(register):
    register(relu)
    register(leaky_relu)
