"""L-BFGS: Newton's direction from the last `memory` changes of weights and gradient.

Nocedal and Wright, Numerical Optimization (2006), Algorithms 7.4 and 7.5. Dialects: "torch" (default, ``torch.optim.LBFGS`` with one
iteration a step) takes a pair only where its curvature exceeds 1e-10, and lr * min(1, 1 / sum |g|) as the first step; "optax"
(``optax.lbfgs``) takes every pair and scales the first gradient to a norm of at most 1. line_search: the strong Wolfe conditions with
c1 = 1e-4, c2 = 0.9 and at most 25 evaluations a step, lr as the step tried first; else every step is lr long.

Made for the full batch. In a mini-batch each evaluation of a line search takes the same rows, and the next step compares gradients of
different rows.
"""

from typing import Literal

import numpy as np

from optlab.plugin import DONE, EVALUATE, Count, Positive, hookimpl, vector_rule
from optlab_optimizers.shared.line_search import STEP, advance, begin, go, slope_along


def operations(rows, n, **options):
    return (10.0 * options["memory"] + 12.0) * n


@vector_rule(
    operations=operations,
    state={"s": "memory n", "y": "memory n", "search": "18", "pairs": "scalar", "scale": "scalar", "moved": "scalar"},
    verified=("torch.optim.LBFGS 2.13", "optax.lbfgs 0.2.8"),
)  # fmt: skip
def l_bfgs(
    w, g, s, y, search, pairs, scale, moved, d, origin, last, *, t, call, cost, lr: Positive = 1.0, memory: Count = 10,
    line_search: bool = False, dialect: Literal["torch", "optax"] = "torch",
):  # fmt: skip
    n = len(w)
    if call > 0:
        slope = slope_along(g, d)
        over = advance(search, cost, slope, 1e-4, 0.9, 25)
        moved[0] = search[STEP]
        go(w, origin, moved[0], d)
        return DONE if over else EVALUATE
    torch = dialect == "torch"
    size, square = 0.0, 0.0
    for i in range(n):
        size += abs(np.float64(g[i]))
        square += np.float64(g[i]) ** 2
    if t == 1:
        scale[0] = 1.0 if torch or square <= 1 else 1 / np.sqrt(square)
    else:
        place = int(pairs[0]) % memory
        inner, change = 0.0, 0.0
        for i in range(n):
            inner += (np.float64(g[i]) - last[i]) * moved[0] * d[i]
            change += (np.float64(g[i]) - last[i]) ** 2
        if not torch or inner > 1e-10:
            for i in range(n):
                s[place, i], y[place, i] = moved[0] * d[i], g[i] - last[i]
            pairs[0] += 1
            scale[0] = inner / change if change > 0 else 1.0
    q, weights, products = np.empty(n), np.zeros(memory), np.zeros(memory)
    for i in range(n):
        q[i], last[i] = -np.float64(g[i]), g[i]
    newest, oldest = int(pairs[0]) - 1, max(int(pairs[0]) - memory, 0)
    for k in range(newest, oldest - 1, -1):
        p, along = k % memory, 0.0
        for i in range(n):
            products[p] += np.float64(s[p, i]) * y[p, i]
            along += s[p, i] * q[i]
        if products[p] != 0:
            weights[p] = along / products[p]
        for i in range(n):
            q[i] -= weights[p] * y[p, i]
    for i in range(n):
        q[i] *= scale[0]
    for k in range(oldest, newest + 1):
        p, along = k % memory, 0.0
        for i in range(n):
            along += y[p, i] * q[i]
        back = along / products[p] if products[p] != 0 else 0.0
        for i in range(n):
            q[i] += s[p, i] * (weights[p] - back)
    slope, longest = 0.0, 0.0
    for i in range(n):
        d[i], origin[i] = q[i], w[i]
        slope += q[i] * g[i]
        longest = max(longest, abs(q[i]))
    moved[0] = lr / size if torch and t == 1 and size > 1 else lr
    if line_search:
        if slope >= 0:  # nowhere down from here
            moved[0] = 0.0
            return DONE
        begin(search, moved[0], cost, slope, longest)
    go(w, origin, moved[0], d)
    return EVALUATE if line_search else DONE


@hookimpl
def register_optimizers(register):
    register(l_bfgs)
