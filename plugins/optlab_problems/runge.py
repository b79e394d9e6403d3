"""Runge's function y = 1 / (1 + 25 x^2) on [-1, 1], with normal noise.

The function on which interpolation at equispaced points by polynomials of rising degree diverges towards both ends.
x is equispaced and used as it is; `noise` is the standard deviation of what is added to y, which lies in [1/26, 1].
Source: C. Runge, Zeitschrift fuer Mathematik und Physik 46 (1901) 224-243.
"""

import numpy as np

from optlab.plugin import Count, NonNegative, hookimpl, problem


@problem(task="regression", scale="none", source="Runge 1901, Zeitschrift fuer Mathematik und Physik 46, 224-243")
def runge(rng, *, samples: Count = 400, noise: NonNegative = 0.1):
    """1 / (1 + 25 x^2) on [-1, 1] with normal noise."""
    x = np.linspace(-1.0, 1.0, samples)
    y = 1.0 / (1.0 + 25.0 * x * x) + noise * rng.standard_normal(samples)
    return x[:, None], y


@hookimpl
def register_problems(register):
    register(runge)
