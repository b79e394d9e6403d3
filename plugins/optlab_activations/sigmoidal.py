"""The saturating ones: the logistic sigmoid, the hyperbolic tangent, and softsign, which saturates as 1/z.

LeCun et al., Efficient BackProp (1998), section 4.4 (sigmoid, tanh); Bergstra et al., "Quadratic polynomials learn better image features",
report 1337, Montreal (2009) (softsign).
"""

from optlab import plugin
from optlab.plugin import activation, hookimpl


@activation
def sigmoid(z):
    return plugin.sigmoid(z)


@activation
def tanh(z):
    return plugin.tanh(z)


@activation
def softsign(z):
    return z / (1 + abs(z))


@hookimpl
def register_activations(register):
    for each in (sigmoid, tanh, softsign):
        register(each)
