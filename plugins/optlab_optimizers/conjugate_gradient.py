"""Nonlinear conjugate gradients with a line search.

Nocedal and Wright, Numerical Optimization (2006), Algorithm 5.4. beta: "polak_ribiere" is PR+ (equations 5.44 and 5.45),
"fletcher_reeves" equation 5.41a; a direction that does not descend is replaced by the gradient's. search: "strong_wolfe" with c1 = 1e-4,
c2 = 0.1 and at most 25 evaluations a step, or "armijo", halving with c1 = 1e-4, at most 40 times. lr scales the first trial step,
min(1, 1 / sum |g|); later ones promise the same first-order change as the last (equation 3.60).

Made for the full batch. In a mini-batch each evaluation of a line search takes the same rows, and the next step compares gradients of
different rows.
"""

from typing import Literal

import numpy as np

from optlab.plugin import DONE, EVALUATE, Positive, hookimpl, vector_rule
from optlab_optimizers.shared.line_search import CALLS, COST, SLOPE, STEP, advance, begin, go, slope_along


@vector_rule(operations=20.0, state={"search": "18", "moved": "scalar", "steep": "scalar"})
def conjugate_gradient(
    w, g, d, origin, last, search, moved, steep, *, t, call, cost, lr: Positive = 1.0,
    beta: Literal["polak_ribiere", "fletcher_reeves"] = "polak_ribiere", search_for: Literal["strong_wolfe", "armijo"] = "strong_wolfe",
):  # fmt: skip
    n = len(w)
    if call > 0:
        slope = slope_along(g, d)
        if search_for == "strong_wolfe":
            over = advance(search, cost, slope, 1e-4, 0.1, 25)
        else:
            over = cost <= search[COST] + 1e-4 * search[STEP] * search[SLOPE]
            if not over:
                search[CALLS] += 1
                over = search[CALLS] >= 40
                search[STEP] *= 0.0 if over else 0.5
        moved[0] = search[STEP]
        go(w, origin, moved[0], d)
        return DONE if over else EVALUATE
    size, square, crossed, before = 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        size += abs(np.float64(g[i]))
        square += np.float64(g[i]) ** 2
        crossed += np.float64(g[i]) * last[i]
        before += np.float64(last[i]) ** 2
    share = 0.0
    if before > 0:
        share = square / before if beta == "fletcher_reeves" else max(0.0, (square - crossed) / before)
    slope, longest = 0.0, 0.0
    for i in range(n):
        d[i] = share * d[i] - g[i]
        slope += np.float64(d[i]) * g[i]
    if slope >= 0:
        slope = -square
        for i in range(n):
            d[i] = -g[i]
    for i in range(n):
        last[i], origin[i] = g[i], w[i]
        longest = max(longest, abs(d[i]))
    if square == 0:
        return DONE
    first = min(lr, lr / size) if t == 1 or moved[0] == 0 else moved[0] * steep[0] / slope
    steep[0] = slope
    begin(search, first if search_for == "strong_wolfe" else 2 * first, cost, slope, longest)
    moved[0] = search[STEP]
    go(w, origin, moved[0], d)
    return EVALUATE


@hookimpl
def register_optimizers(register):
    register(conjugate_gradient)
