"""The rules that ask for curvature, the data they are tried on, and two rules that show what they are answered."""

import numpy as np

import optlab
from optlab.plugin import DONE, EVALUATE, GAUSS_NEWTON, HESSIAN_VECTOR, NonNegative, vector_rule
from optlab.stages import requests_of

RULES = {name: rule for name, rule in optlab.catalogue()["optimizers"].items() if requests_of(rule) - {EVALUATE}}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(30, 3))
QUIET = {"batch_size": "full", "quiet": True}


@vector_rule(operations=1.0)
def hessian_column(w, g, before, slope, *, call, direction, answer, column: NonNegative = 0.0):
    """Makes w a column of the Hessian, or nan where w or g did not come back as they were."""
    if call == 0:
        before[:], slope[:] = w, g
        direction[:] = 0
        direction[int(column)] = 1
        return HESSIAN_VECTOR
    changed = np.sum(before != w) + np.sum(slope != g)
    for i in range(len(w)):
        w[i] = answer[i] if changed == 0 else np.nan
    return DONE


@vector_rule(operations=1.0)
def matrix_column(w, g, before, slope, *, call, matrix, column: NonNegative = 0.0):
    """The same of the Gauss-Newton matrix."""
    if call == 0:
        before[:], slope[:] = w, g
        return GAUSS_NEWTON
    changed = np.sum(before != w) + np.sum(slope != g)
    for i in range(len(w)):
        w[i] = matrix[i, int(column)] if changed == 0 else np.nan
    return DONE
