"""Gradients for labels drawn from a network's own predictions, an `abi.server` compiled when a rule first needs it.

Their squares are an estimate of the Gauss-Newton matrix's diagonal: Liu et al., "Sophia", ICLR 2024, Algorithm 2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlab.abi import (
    ACTIVATION_VALUE_SLOPE,
    LINK_SIGMOID,
    LINK_SOFTMAX,
    NET_COST_GRADIENT,
    NET_COST_HYPER,
    NET_DEPTH,
    NET_LINK,
    NET_SIZES,
    NET_WORKSPACE,
    NET_WORKSPACE_ROWS,
    NET_X,
    address_of,
    advance,
    call_cost_gradient,
    float64_at,
    int64_at,
    real_at,
)
from optlab.jit import internal
from optlab.kernel.layout import CHUNK_ROWS, MODEL_CONTEXT, PLAN_KEY0, PLAN_KEY1, REAL_TERMS, RESULT_EVALUATIONS, RESULT_ROWS
from optlab.kernel.network import backward, block, forward, gather
from optlab.kernel.random import philox
from optlab.requests import ASK_CALL, SAMPLED

_LOW = np.uint64(0xFFFFFFFF)
_LABELS = np.uint64(2)  # third word of the counter: mini-batch orders have 0 there, the noise of quadratics 1


@internal
def uniform(index: Any, step: Any, call: Any, key0: Any, key1: Any) -> Any:
    """Number in (0, 1) of a label: a function of the trial's key, the step, the call within it and the label's place in the mini-batch."""
    word, _, _, _ = philox(
        np.uint64(index) & _LOW, np.uint64(step) & _LOW, _LABELS, np.uint64(call) & _LOW, np.uint64(key0) & _LOW, np.uint64(key1) & _LOW
    )
    return (np.float64(word) + 0.5) / 4294967296.0


@internal
def draw_class(y: Any, k: Any, u: Any, t: Any) -> None:
    """t = one-hot label of class with probability softmax(y), the first whose cumulated probability exceeds u."""
    top = float(y[0])
    for j in range(1, k):
        top = max(top, float(y[j]))
    total, reached, chosen = 0.0, 0.0, k - 1
    for j in range(k):
        total += math.exp(float(y[j]) - top)
    for j in range(k):
        reached += math.exp(float(y[j]) - top)
        if reached > u * total:
            chosen = j
            break
    for j in range(k):
        t[j] = 1 if j == chosen else 0


def sampled_gradient(
    plan: Any, reals: Any, model: Any, layers: Any, n_layers: Any, w: Any, g: Any, n: Any, rows: Any, m: Any, scratch: Any, step: Any,
    ask: Any, result: Any,
) -> Any:  # fmt: skip
    """sampled = gradient of the mean cost for labels drawn from the predictions: classes of a softmax, each output of a sigmoid."""
    context = int64_at(model[MODEL_CONTEXT])
    link = context[NET_LINK]
    if link != LINK_SIGMOID and link != LINK_SOFTMAX:
        return 0
    sizes, out = int64_at(context[NET_SIZES]), advance(scratch, SAMPLED * n)
    n_in, k = sizes[0], sizes[context[NET_DEPTH]]
    all_x, hyper = real_at(context[NET_X], w), float64_at(context[NET_COST_HYPER])
    gathered = real_at(context[NET_WORKSPACE], w)
    t = advance(gathered, block(context[NET_WORKSPACE_ROWS] * n_in))
    chunk, scale = min(CHUNK_ROWS, context[NET_WORKSPACE_ROWS]), 1.0 / (m * reals[REAL_TERMS])
    key0, key1, call = plan[PLAN_KEY0], plan[PLAN_KEY1], np.int64(ask[ASK_CALL])
    for i in range(n):
        out[i] = 0
    for first in range(0, m, chunk):
        count = min(chunk, m - first)
        x = gathered
        if address_of(rows) == 0:
            x = advance(all_x, first * n_in)
        else:
            gather(all_x, n_in, advance(rows, first), count, x)
        y = forward(context, w, x, count, ACTIVATION_VALUE_SLOPE)
        for i in range(count):
            if link == LINK_SOFTMAX:
                draw_class(advance(y, i * k), k, uniform(first + i, step, call, key0, key1), advance(t, i * k))
            else:
                for j in range(k):
                    u = uniform((first + i) * k + j, step, call, key0, key1)
                    t[i * k + j] = 1 if u * (1.0 + math.exp(-float(y[i * k + j]))) < 1.0 else 0
        call_cost_gradient(context[NET_COST_GRADIENT], y, t, y, count, k, hyper, scale)
        backward(context, w, x, count, out, True)
    result[RESULT_EVALUATIONS] += 1.0
    result[RESULT_ROWS] += float(m)
    return 1
