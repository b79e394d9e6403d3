"""Franke's function: two peaks and a dip over the unit square, with normal noise.

The points are drawn uniformly in [0, 1]^2 and used as they are; `noise` is the standard deviation of what is added. With `degree` above 1
the inputs are the monomials of the two coordinates up to that degree.
Source: R. Franke, A critical comparison of some methods for interpolation of scattered data, Naval Postgraduate School
report NPS53-79-003 (1979), test function 1.
"""

import numpy as np

from optlab.plugin import Count, NonNegative, hookimpl, problem
from optlab_problems.shared.polynomials import powers


def surface(x, y):
    """Franke's function itself, without noise."""
    return (
        0.75 * np.exp(-((9 * x - 2) ** 2) / 4 - (9 * y - 2) ** 2 / 4)
        + 0.75 * np.exp(-((9 * x + 1) ** 2) / 49 - (9 * y + 1) / 10)
        + 0.5 * np.exp(-((9 * x - 7) ** 2) / 4 - (9 * y - 3) ** 2 / 4)
        - 0.2 * np.exp(-((9 * x - 4) ** 2) - (9 * y - 7) ** 2)
    )


@problem(task="regression", scale="none", source="Franke 1979, Naval Postgraduate School report NPS53-79-003, function 1")
def franke(rng, *, samples: Count = 400, noise: NonNegative = 0.1, degree: Count = 1):
    """Franke's function on the unit square with normal noise."""
    points = rng.uniform(size=(samples, 2))
    return powers(points, degree), surface(points[:, 0], points[:, 1]) + noise * rng.standard_normal(samples)


@hookimpl
def register_problems(register):
    register(franke)
