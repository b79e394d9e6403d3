"""A second-order polynomial y = a0 + a1 x + a2 x^2 on [-1, 1] with normal noise: what a first gradient descent is tried on.

x is drawn uniformly and used as it is; `noise` is the standard deviation of what is added. With degree = 2 the inputs are x and x^2, and
linear regression finds the coefficients.
"""

from optlab.plugin import Count, NonNegative, Real, hookimpl, problem
from optlab_problems.shared.polynomials import powers


@problem(task="regression", scale="none", source="an exercise of many courses; no data")
def second_order(
    rng, *, samples: Count = 200, noise: NonNegative = 0.1, a0: Real = 1.0, a1: Real = -1.0, a2: Real = 2.0, degree: Count = 1
):
    """a0 + a1 x + a2 x^2 on [-1, 1] with normal noise."""
    x = rng.uniform(-1.0, 1.0, size=(samples, 1))
    y = a0 + a1 * x[:, 0] + a2 * x[:, 0] ** 2 + noise * rng.standard_normal(samples)
    return powers(x, degree), y


@hookimpl
def register_problems(register):
    register(second_order)
