"""Levenberg-Marquardt: Gauss-Newton steps, damped until the objective falls.

Marquardt, SIAM Journal 11, 1963, the strategy of section 5 with the damping added to the diagonal as in Levenberg, 1944; for networks Hagan
and Menhaj, IEEE Transactions on Neural Networks 5, 1994. A step that lowers the objective is taken and the damping divided by `factor`;
one that does not is taken back and tried again with the damping times `factor`, at most `tries` times a step. The matrix is the
generalised Gauss-Newton one, so costs other than squared error are served, too.

Made for the full batch and for small networks: a step costs a backward pass per row and output, and 2 n^3 / 3 operations per try.
"""

import numpy as np

from optlab.plugin import DONE, EVALUATE, GAUSS_NEWTON, Count, Positive, hookimpl, vector_rule
from optlab_optimizers.shared.linear_solve import solve

LEAST, MOST = 1e-15, 1e15  # of the damping


def operations(rows, n, **options):
    return 2.0 * n**3 / 3 + 3.0 * n * n


@vector_rule(
    operations=operations, state={"level": "scalar", "before": "scalar"}, start={"level": "damping"},
    verified=("scipy.optimize.least_squares 1.17",),
)  # fmt: skip
def levenberg_marquardt(
    w, g, origin, slope, level, before, *, call, cost, matrix, damping: Positive = 1e-3, factor: Positive = 10.0, tries: Count = 20
):
    n = len(w)
    if call == 0:
        before[0] = cost
        origin[:], slope[:] = w, g
        return GAUSS_NEWTON
    if call > 1:
        if cost < before[0]:
            level[0] = max(level[0] / factor, LEAST)
            return DONE
        w[:] = origin
        level[0] = min(level[0] * factor, MOST)
    if call > tries:
        return DONE
    step = np.empty(n, dtype=np.float64)
    while not solve(matrix, level[0], slope, step) and level[0] < MOST:
        level[0] = min(level[0] * factor, MOST)
    for i in range(n):
        w[i] = origin[i] - step[i]
    return EVALUATE


@hookimpl
def register_optimizers(register):
    register(levenberg_marquardt)
