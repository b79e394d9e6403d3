"""Squared error near the target, absolute error far from it, in two scalings that are torch's HuberLoss and SmoothL1Loss.

Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964); Girshick, arXiv:1504.08083, eq. 3.
huber(delta) = delta * smooth_l1(beta = delta): the one keeps the parabola's curvature at 1, the other the tails' slope.
"""

from optlab.plugin import Positive, cost, hookimpl, where


@cost
def huber(y, t, *, delta: Positive = 1.0):
    distance = abs(y - t)
    return where(distance < delta, 0.5 * (y - t) ** 2, delta * (distance - 0.5 * delta))


@cost
def smooth_l1(y, t, *, beta: Positive = 1.0):
    distance = abs(y - t)
    return where(distance < beta, 0.5 * (y - t) ** 2 / beta, distance - 0.5 * beta)


@hookimpl
def register_costs(register):
    register(huber)
    register(smooth_l1)
