"""Runge's function y = 1 / (1 + 25 x^2) on [-1, 1], and the same of the distance from the centre of a square, with normal noise.

The function on which interpolation at equispaced points by polynomials of rising degree diverges towards both ends.
In one dimension x is equispaced, in two the points are drawn uniformly in [-1, 1]^2; they are used as they are. `noise` is the standard
deviation of what is added to y, which lies in [1/26, 1] and [1/51, 1]. With `degree` above 1 the inputs are the monomials up to that
degree. With x = 2 u - 1 on the unit square, the second is 1 / ((10 u - 5)^2 + (10 v - 5)^2 + 1).
Source: C. Runge, Zeitschrift fuer Mathematik und Physik 46 (1901) 224-243.
"""

import numpy as np

from optlab.plugin import Count, NonNegative, hookimpl, problem
from optlab_problems.shared.polynomials import powers

SOURCE = "Runge 1901, Zeitschrift fuer Mathematik und Physik 46, 224-243"


@problem(task="regression", scale="none", source=SOURCE)
def runge(rng, *, samples: Count = 400, noise: NonNegative = 0.1, degree: Count = 1):
    """1 / (1 + 25 x^2) on [-1, 1] with normal noise."""
    x = np.linspace(-1.0, 1.0, samples)
    y = 1.0 / (1.0 + 25.0 * x * x) + noise * rng.standard_normal(samples)
    return powers(x[:, None], degree), y


@problem(task="regression", scale="none", source=SOURCE + ", of the distance from the centre")
def runge_2d(rng, *, samples: Count = 400, noise: NonNegative = 0.1, degree: Count = 1):
    """1 / (1 + 25 (x^2 + y^2)) on [-1, 1]^2 with normal noise."""
    points = rng.uniform(-1.0, 1.0, size=(samples, 2))
    y = 1.0 / (1.0 + 25.0 * (points * points).sum(axis=1)) + noise * rng.standard_normal(samples)
    return powers(points, degree), y


@hookimpl
def register_problems(register):
    register(runge)
    register(runge_2d)
