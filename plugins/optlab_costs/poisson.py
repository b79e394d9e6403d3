"""Poisson negative log-likelihood of a count t, up to log(t!): exp(y) - t y, where y is the logarithm of the rate.

Nelder and Wedderburn, "Generalized linear models", J. R. Stat. Soc. A 135 (1972); ``torch.nn.PoissonNLLLoss`` with its default
log_input=True. Predictions and R^2 are of the rate exp(y). Targets are >= 0.
"""

from optlab.plugin import cost, exp, hookimpl


@cost(link="exp")
def poisson(y, t):
    return exp(y) - t * y


@hookimpl
def register_costs(register):
    register(poisson)
