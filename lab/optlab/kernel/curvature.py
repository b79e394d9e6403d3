"""What the kernel answers to requests for curvature; each function is an `abi.server`, compiled when a rule first needs it.

Hessian-vector products by central differences of the gradient: Pearlmutter, "Fast exact multiplication by the Hessian", Neural
Computation 6, 1994, section 2, where they are what his exact method is compared with. The generalised Gauss-Newton matrix: Schraudolph,
"Fast curvature matrix-vector products", Neural Computation 14, 2002. Gradients for sampled labels are in `sampled`.
"""

from __future__ import annotations

from typing import Any

from optlab.abi import (
    ACTIVATION_VALUE_SLOPE,
    NET_COST_GRADIENT,
    NET_COST_HYPER,
    NET_DEPTH,
    NET_SIZES,
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
    L2_IN_MODEL,
    MODEL_CONTEXT,
    MODEL_GRADIENT,
    PLAN_L2_MODE,
    PLAN_PENALISE_BIASES,
    REAL_TERMS,
    RESULT_EVALUATIONS,
    RESULT_ROWS,
)
from optlab.kernel.linalg import product
from optlab.kernel.memory import as_real, difference_step
from optlab.kernel.network import backward, forward
from optlab.kernel.penalties import part, penalised_parts
from optlab.requests import ANSWER, DIRECTION, MATRIX, WORK


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

    Its error is h^2 / 6 times the third derivative of the gradient along v, plus eps |g| / h of rounding: on small networks of sigmoid
    and tanh at most 8e-10 of the largest entry of H in float64, 5e-4 in float32. Coupled L2 adds its exact l2 v where the model does not
    have it, a subgradient of L1 nothing: it has slope 0 wherever it has one. A zero direction costs no evaluation.
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
