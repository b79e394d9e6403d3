"""The identity: a linear layer, and the output of regression and of costs that take logits."""

from optlab.plugin import activation, hookimpl


@activation
def identity(z):
    return z


@hookimpl
def register_activations(register):
    register(identity)
