"""Quantile (pinball) cost: its constant minimiser is the q-quantile of the targets. q = 0.5 is half the absolute error.

Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978), section 3. Slope -q where y < t, 1 - q where y > t, and 0 at y = t.
"""

from optlab.plugin import Fraction, cost, hookimpl, where


@cost
def quantile(y, t, *, q: Fraction = 0.5):
    return where(y < t, q * (t - y), where(y > t, (1 - q) * (y - t), 0 * (y - t) ** 2))


@hookimpl
def register_costs(register):
    register(quantile)
