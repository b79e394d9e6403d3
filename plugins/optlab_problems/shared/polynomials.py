"""Powers of one coordinate, or of two, as inputs: a helper of several problems, no plugin."""

import numpy as np


def powers(points, degree):
    """(n, p) monomials of `points` (n, 1 or 2) from degree 1 to `degree`, lowest first: x, y, x^2, xy, y^2, ...

    The constant is left out: networks have biases.
    """
    if points.shape[1] == 1:
        return points ** np.arange(1, degree + 1)
    x, y = points.T
    return np.stack([x ** (total - k) * y**k for total in range(1, degree + 1) for k in range(total + 1)], axis=1)
