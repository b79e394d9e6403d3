"""What the kernel answers to requests for curvature; each function is an `abi.server`, compiled when a rule first needs it.

Hessian-vector products by central differences of the gradient: Pearlmutter, "Fast exact multiplication by the Hessian", Neural
Computation 6, 1994, section 2, where they are what his exact method is compared with. The generalised Gauss-Newton matrix: Schraudolph,
"Fast curvature matrix-vector products", Neural Computation 14, 2002. Sampled labels: Liu et al., "Sophia", ICLR 2024, Algorithm 2.
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
    NET_Y,
    address_of,
    advance,
    call_cost_gradient,
    call_model_gradient,
    float64_at,
    int64_at,
    real_at,
)
from optlab.jit import internal
from optlab.kernel.chain import coupled
from optlab.kernel.layout import (
    CHUNK_ROWS,
    L2_IN_MODEL,
    MODEL_CONTEXT,
    MODEL_GRADIENT,
    PLAN_KEY0,
    PLAN_KEY1,
    PLAN_L2_MODE,
    PLAN_PENALISE_BIASES,
    REAL_TERMS,
    RESULT_EVALUATIONS,
    RESULT_ROWS,
)
from optlab.kernel.linalg import product
from optlab.kernel.memory import as_real, difference_step
from optlab.kernel.network import backward, block, forward, gather
from optlab.kernel.penalties import part, penalised_parts
from optlab.kernel.random import philox
from optlab.requests import ANSWER, ASK_CALL, DIRECTION, MATRIX, SAMPLED, WORK

_LOW = np.uint64(0xFFFFFFFF)
_LABELS = np.uint64(2)  # third word of the counter: mini-batch orders have 0 there, the noise of quadratics 1


@internal
def largest(x: Any, n: Any) -> Any:
    """max |x_i|; NaN where x has one."""
    out = 0.0
    for i in range(n):
        size = abs(float(x[i]))
        if not size <= out:
            out = size
        if out != out:
            break
    return out


def hessian_vector(
    plan: Any, reals: Any, model: Any, layers: Any, n_layers: Any, w: Any, g: Any, n: Any, rows: Any, m: Any, scratch: Any, step: Any,
    ask: Any, result: Any,
) -> Any:  # fmt: skip
    """answer = H direction: (gradient at w + h v - gradient at w - h v) / 2h with h = cbrt(eps) (1 + max |w|) / max |v|.

    Its error is h^2 |v|^3 / 6 times the third derivative along v, plus eps |g| / h of rounding. Coupled L2 has its exact l2 v, a subgradient
    of L1 nothing: its slope is 0 wherever there is one. A zero direction costs no evaluation.
    """
    v, answer = advance(scratch, DIRECTION * n), advance(scratch, ANSWER * n)
    kept, behind = advance(scratch, WORK * n), advance(scratch, (WORK + 1) * n)
    longest = largest(v, n)
    if longest == 0.0:
        for i in range(n):
            answer[i] = 0
        return 1
    scale = 1.0 / (m * reals[REAL_TERMS])
    h = as_real(difference_step(w) * (1.0 + largest(w, n)) / longest, w)
    address, context = model[MODEL_GRADIENT], int64_at(model[MODEL_CONTEXT])
    for i in range(n):
        kept[i] = w[i]
        w[i] = kept[i] + h * v[i]
    call_model_gradient(address, context, w, rows, m, answer, scale)
    for i in range(n):
        w[i] = kept[i] - h * v[i]
    call_model_gradient(address, context, w, rows, m, behind, scale)
    share = as_real(0.5, w) / h
    for i in range(n):
        w[i] = kept[i]
        answer[i] = (answer[i] - behind[i]) * share
    _, l2 = coupled(plan, reals)
    if l2 != 0.0 and plan[PLAN_L2_MODE] != L2_IN_MODEL:
        biases, strength = plan[PLAN_PENALISE_BIASES], as_real(l2, w)
        for index in range(penalised_parts(layers, n_layers, biases)):
            first, count = part(layers, n_layers, biases, n, index)
            for i in range(first, first + count):
                answer[i] += strength * v[i]
    result[RESULT_EVALUATIONS] += 2.0
    result[RESULT_ROWS] += 2.0 * m
    return 1


@internal
def output_hessian(function: Any, hyper: Any, y: Any, t: Any, k: Any, scale: Any, h_out: Any, at: Any, ahead: Any, behind: Any) -> None:
    """h_out (k x k) = scale * Hessian of a row's cost in its outputs y, by central differences of the cost's gradient; symmetric."""
    half = as_real(0.5, y)
    for i in range(k):
        at[i] = y[i]
    for i in range(k):
        h = as_real(difference_step(y) * (1.0 + abs(float(y[i]))), y)
        at[i] = y[i] + h
        upper = at[i]
        call_cost_gradient(function, at, t, ahead, 1, k, hyper, scale)
        at[i] = y[i] - h
        width = upper - at[i]
        call_cost_gradient(function, at, t, behind, 1, k, hyper, scale)
        at[i] = y[i]
        for j in range(k):
            h_out[i * k + j] = (ahead[j] - behind[j]) / width
    for i in range(k):
        for j in range(i):
            mean = half * (h_out[i * k + j] + h_out[j * k + i])
            h_out[i * k + j] = mean
            h_out[j * k + i] = mean


def gauss_newton(
    plan: Any, reals: Any, model: Any, layers: Any, n_layers: Any, w: Any, g: Any, n: Any, rows: Any, m: Any, scratch: Any, step: Any,
    ask: Any, result: Any,
) -> Any:  # fmt: skip
    """matrix = J' H J of the mean cost of the m rows, plus coupled l2 on the penalised parameters; of a network.

    J has one exact backward pass per row and output, and its lines go into the matrix about 64 at once. Counted are those passes: `k` more
    evaluations, k m more rows; the products, about k m n (n + k) multiply-adds, are not.
    """
    context = int64_at(model[MODEL_CONTEXT])
    sizes = int64_at(context[NET_SIZES])
    n_in, k = sizes[0], sizes[context[NET_DEPTH]]
    all_x, all_y, hyper = real_at(context[NET_X], w), real_at(context[NET_Y], w), float64_at(context[NET_COST_HYPER])
    lines = k * max(1, 64 // k)
    matrix = advance(scratch, MATRIX * n)
    jacobian = advance(matrix, n * n)
    curved = advance(jacobian, lines * n)
    h_out = advance(curved, lines * n)
    outputs = advance(h_out, k * k)
    spare = advance(outputs, k)
    work = advance(spare, 3 * k)
    zero, one, null = as_real(0.0, w), as_real(1.0, w), real_at(0, w)
    scale = 1.0 / (m * reals[REAL_TERMS])
    for i in range(n * n):
        matrix[i] = zero
    filled = 0
    for r in range(m):
        row = r
        if address_of(rows) != 0:
            row = rows[r]
        x = advance(all_x, row * n_in)
        for output in range(k):
            a = forward(context, w, x, 1, ACTIVATION_VALUE_SLOPE)
            if output == 0:
                for i in range(k):
                    outputs[i] = a[i]
            for i in range(k):
                a[i] = zero
            a[output] = one
            line = advance(jacobian, (filled + output) * n)
            for i in range(n):
                line[i] = zero
            backward(context, w, x, 1, line, True)
        output_hessian(
            context[NET_COST_GRADIENT], hyper, outputs, advance(all_y, row * k), k, scale, h_out, spare, advance(spare, k),
            advance(spare, 2 * k),
        )  # fmt: skip
        for i in range(k):
            into = advance(curved, (filled + i) * n)
            for p in range(n):
                into[p] = zero
            for j in range(k):
                share, line = h_out[i * k + j], advance(jacobian, (filled + j) * n)
                for p in range(n):
                    into[p] += share * line[p]
        filled += k
        if filled == lines or r == m - 1:
            product(n, n, filled, matrix, matrix, n, one, null, jacobian, 1, n, curved, n, 1, work)
            filled = 0
    half = as_real(0.5, w)
    for i in range(n):
        for j in range(i):
            mean = half * (matrix[i * n + j] + matrix[j * n + i])
            matrix[i * n + j] = mean
            matrix[j * n + i] = mean
    _, l2 = coupled(plan, reals)
    if l2 != 0.0:
        biases, strength = plan[PLAN_PENALISE_BIASES], as_real(l2, w)
        for index in range(penalised_parts(layers, n_layers, biases)):
            first, count = part(layers, n_layers, biases, n, index)
            for i in range(first, first + count):
                matrix[i * n + i] += strength
    result[RESULT_EVALUATIONS] += float(k)
    result[RESULT_ROWS] += float(k) * m
    return 1


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
