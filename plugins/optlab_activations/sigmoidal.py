"""The saturating pair: the logistic sigmoid and the hyperbolic tangent. LeCun et al., Efficient BackProp (1998), section 4.4."""

from optlab import plugin
from optlab.plugin import activation, hookimpl


@activation
def sigmoid(z):
    return plugin.sigmoid(z)


@activation
def tanh(z):
    return plugin.tanh(z)


@hookimpl
def register_activations(register):
    register(sigmoid)
    register(tanh)
