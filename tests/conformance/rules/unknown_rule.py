"""A rule of nobody's: right, and not known."""

from optlab.plugin import Positive, hookimpl, optimizer, tanh


@optimizer
def bounded_descent(w, g, *, lr: Positive = 1e-2):
    return w - lr * tanh(g)


@hookimpl
def register_optimizers(register):
    register(bounded_descent)
