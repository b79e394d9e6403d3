"""Squared error, averaged over samples and outputs. ``factor=0.5`` gives the lecture notes' C = (t - y)^2 / 2."""

from optlab.plugin import Positive, cost, hookimpl


@cost
def squared_error(y, t, *, factor: Positive = 1.0):
    return factor * (y - t) ** 2


@hookimpl
def register_costs(register):
    register(squared_error)
