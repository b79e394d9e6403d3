"""Solving for a step by LAPACK, without exceptions: what is singular or not finite is said by the answer."""

import numpy as np


def solve(matrix, damping, g, out):
    """out (float64) = (matrix + damping I)^-1 g; False, and out = 0, where there is no finite one. matrix, g: any dtype, unchanged."""
    n = len(g)
    damped, right = np.empty((n, n), dtype=np.float64), np.empty(n, dtype=np.float64)
    doubt = 0.0
    for i in range(n):
        out[i] = 0.0
        right[i] = g[i]
        doubt += right[i] - right[i]
        for j in range(n):
            damped[i, j] = matrix[i, j]
            doubt += damped[i, j] - damped[i, j]
        damped[i, i] += damping
    if doubt != 0:
        return False
    try:
        found = np.linalg.solve(damped, right)
    except Exception:
        return False
    for i in range(n):
        doubt += found[i] - found[i]
    if doubt != 0:
        return False
    out[:] = found
    return True


def descend(w, matrix, damping, g, lr):
    """w -= lr (matrix + damping I)^-1 g; w stays where there is no finite step."""
    n = len(w)
    step = np.empty(n, dtype=np.float64)
    solve(matrix, damping, g, step)
    for i in range(n):
        w[i] -= lr * step[i]
