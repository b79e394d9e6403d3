"""Hinge costs of a score y and a class t in {0, 1}, taken as s = 2t - 1 in {-1, 1}: max(0, 1 - s y), and its square.

Cortes and Vapnik, "Support-vector networks", Machine Learning 20 (1995); ``sklearn.svm.LinearSVC`` (loss="hinge", "squared_hinge").
Predictions are the class, 1 where the score is positive. At s y = 1 the slope is 0. With several outputs: one against the rest.
"""

from optlab.plugin import cost, hookimpl, maximum


@cost(link="step")
def hinge(y, t):
    return maximum(0, 1 - (2 * t - 1) * y)


@cost(link="step")
def squared_hinge(y, t):
    return maximum(0, 1 - (2 * t - 1) * y) ** 2


@hookimpl
def register_costs(register):
    register(hinge)
    register(squared_hinge)
