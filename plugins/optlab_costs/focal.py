"""Focal cost on logits: binary cross-entropy in which well-classified samples count less; averaged over samples and outputs.

Lin et al., arXiv:1708.02002, eqs. 4-5; defaults are those of their section 5.1. gamma = 0, alpha = 1/2 is half binary_cross_entropy.
Targets between 0 and 1 mix the costs of the two classes. (1 - p)^gamma is exp(-gamma softplus(y)): no logit overflows, and gamma < 1 has
no infinite slope.
"""

from optlab.plugin import Fraction, NonNegative, cost, exp, hookimpl, logaddexp


@cost(link="sigmoid")
def focal(y, t, *, gamma: NonNegative = 2.0, alpha: Fraction = 0.25):
    of_one, of_zero = logaddexp(-y, 0), logaddexp(y, 0)  # -log p and -log(1 - p)
    return t * alpha * exp(-gamma * of_zero) * of_one + (1 - t) * (1 - alpha) * exp(-gamma * of_one) * of_zero


@hookimpl
def register_costs(register):
    register(focal)
