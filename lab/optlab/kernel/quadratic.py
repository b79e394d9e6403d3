"""A quadratic in n dimensions as a model: Q (w - c) with noise on the place of the minimum; array code, for any dtype.

Row k of its endless data is a point c + sigma * xi_k with xi_k standard normal, and the cost of a row (w - row)' Q (w - row) / 2, as in
DeepOBS' `quadratic_deep` (Schneider, Balles and Hennig, ICLR 2019). xi_k is a function of (key, k) alone, so every optimizer meets the
same noise, and a step that evaluates twice meets it twice. The evaluation is of the expected cost less its constant: it is 0 at c.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlab.abi import (
    QUADRATIC_CENTRE,
    QUADRATIC_KEY0,
    QUADRATIC_KEY1,
    QUADRATIC_MATRIX,
    QUADRATIC_NOISE,
    QUADRATIC_SIZE,
    QUADRATIC_WORKSPACE,
    address_of,
    float64_at,
    real_at,
)
from optlab.jit import internal
from optlab.kernel.random import philox

_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ONE = np.uint64(1)  # third word of the counter: mini-batch orders have 0 there


@internal
def normals(out: Any, n: Any, row: Any, key0: Any, key1: Any) -> None:
    """n standard normal numbers (float64) of a row: Box and Muller (1958) on pairs of Philox words, each taken as (word + 1/2) / 2**32."""
    counter = np.uint64(row)
    for first in range(0, n, 4):
        block = np.uint64(first // 4)
        w0, w1, w2, w3 = philox(block, counter & _LOW, _ONE, counter >> _HALF, np.uint64(key0), np.uint64(key1))
        for pair in range(2):
            a, b = (w0, w1) if pair == 0 else (w2, w3)
            radius = math.sqrt(-2.0 * math.log((np.float64(a) + 0.5) / 4294967296.0))
            angle = 2.0 * math.pi * ((np.float64(b) + 0.5) / 4294967296.0)
            i = first + 2 * pair
            if i < n:
                out[i] = radius * math.cos(angle)
            if i + 1 < n:
                out[i + 1] = radius * math.sin(angle)


@internal
def half_form(context: Any, w: Any, d: Any, g: Any, scale: Any) -> Any:
    """d' Q d / 2 for the float64 vector d, summed in float64; g = scale * Q d unless g is null."""
    n, matrix, total = context[QUADRATIC_SIZE], real_at(context[QUADRATIC_MATRIX], w), 0.0
    wanted = address_of(g) != 0
    for i in range(n):
        slope = 0.0
        for j in range(n):
            slope += float(matrix[i * n + j]) * d[j]
        total += 0.5 * d[i] * slope
        if wanted:
            g[i] = scale * slope
    return total


def gradient(context: Any, w: Any, rows: Any, m: Any, g: Any, scale: Any) -> Any:
    """`abi.model_gradient`: the cost of the one row that `rows` names (null: no noise), and its gradient. m is 1."""
    n, centre, d = context[QUADRATIC_SIZE], real_at(context[QUADRATIC_CENTRE], w), float64_at(context[QUADRATIC_WORKSPACE])
    sigma = float64_at(context[QUADRATIC_NOISE])[0]
    if address_of(rows) != 0 and sigma > 0.0:
        normals(d, n, rows[0], context[QUADRATIC_KEY0], context[QUADRATIC_KEY1])
        for i in range(n):
            d[i] = float(w[i]) - float(centre[i]) - sigma * d[i]
    else:
        for i in range(n):
            d[i] = float(w[i]) - float(centre[i])
    return half_form(context, w, d, g, scale)


def evaluate(context: Any, w: Any, sums: Any) -> Any:
    """`abi.model_evaluate`: cost and metric are both (w - c)' Q (w - c) / 2."""
    n, centre, d = context[QUADRATIC_SIZE], real_at(context[QUADRATIC_CENTRE], w), float64_at(context[QUADRATIC_WORKSPACE])
    for i in range(n):
        d[i] = float(w[i]) - float(centre[i])
    sums[0] = sums[1] = half_form(context, w, d, real_at(0, w), 1.0)
    return 0
