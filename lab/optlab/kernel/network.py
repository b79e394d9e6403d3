"""A dense network as a model: cost and gradient of a mini-batch, cost and metric of a whole set, predictions.

Per layer z = a W + b, then a = f(z). The parameters are one flat vector, per layer W (n_in x n_out, C order) then b. Workspace
blocks: gathered X, gathered Y, per layer z and a, then the scratch of the products. During training the activation leaves its slope
in z, so the backward pass is products alone; deltas overwrite the activations they belong to. Rows are taken CHUNK_ROWS at a
time, costs summed in float64.

The plain twin is `naive.network_gradient`.
"""

from __future__ import annotations

from typing import Any

from optlab.abi import (
    ACTIVATION_COLUMNS,
    ACTIVATION_HYPER,
    ACTIVATION_VALUE,
    ACTIVATION_VALUE_SLOPE,
    NET_ACTIVATIONS,
    NET_COST_GRADIENT,
    NET_COST_HYPER,
    NET_COST_VALUE,
    NET_DEPTH,
    NET_L2,
    NET_METRIC,
    NET_METRIC_HYPER,
    NET_ROWS,
    NET_SIZES,
    NET_WORKSPACE,
    NET_WORKSPACE_ROWS,
    NET_X,
    NET_Y,
    address_of,
    advance,
    call_activation,
    call_cost_gradient,
    call_cost_value,
    call_model_evaluate,
    call_model_gradient,
    float64_at,
    int64_at,
    real_at,
)
from optlab.jit import internal
from optlab.kernel.layout import CHUNK_ROWS
from optlab.kernel.linalg import multiply, product
from optlab.kernel.memory import as_real, pointer_of
from optlab.kernel.packing import copy_row
from optlab.kernel.vectors import column_sums


@internal
def block(count: Any) -> Any:
    return (count + 15) // 16 * 16


@internal
def gather(source: Any, width: Any, rows: Any, m: Any, out: Any) -> None:
    """out (m x width) = the m rows of `source` that `rows` names. Up to a vector behind `out` is overwritten."""
    if width == 1:
        for i in range(m):
            out[i] = source[rows[i]]
    else:
        for i in range(m):
            copy_row(advance(out, i * width), advance(source, rows[i] * width), width)


@internal
def layers_start(context: Any) -> Any:
    """Offset of the first layer's z in the workspace: behind the gathered rows."""
    sizes, capacity = int64_at(context[NET_SIZES]), context[NET_WORKSPACE_ROWS]
    return block(capacity * sizes[0]) + block(capacity * sizes[context[NET_DEPTH]])


@internal
def scratch_start(context: Any) -> Any:
    """Offset of the scratch: behind the last layer's a."""
    sizes, capacity = int64_at(context[NET_SIZES]), context[NET_WORKSPACE_ROWS]
    offset = layers_start(context)
    for layer in range(context[NET_DEPTH]):
        offset += 2 * block(capacity * sizes[layer + 1])
    return offset


@internal
def forward(context: Any, w: Any, x: Any, m: Any, column: Any) -> Any:
    """Outputs (m x sizes[-1]) of m contiguous rows x; `column` is ACTIVATION_VALUE, or ACTIVATION_VALUE_SLOPE to leave slopes in z."""
    sizes, activations = int64_at(context[NET_SIZES]), int64_at(context[NET_ACTIVATIONS])
    workspace = real_at(context[NET_WORKSPACE], w)
    capacity, null, one = context[NET_WORKSPACE_ROWS], real_at(0, w), as_real(1.0, w)
    z, scratch = advance(workspace, layers_start(context)), advance(workspace, scratch_start(context))
    for layer in range(context[NET_DEPTH]):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        size = block(capacity * n_out)
        a = advance(z, size)
        bias = advance(w, n_in * n_out)
        function = activations[layer * ACTIVATION_COLUMNS + column]
        if function == 0:
            product(m, n_out, n_in, a, bias, 0, one, null, x, n_in, 1, w, n_out, 1, scratch)
        else:
            product(m, n_out, n_in, z, bias, 0, one, null, x, n_in, 1, w, n_out, 1, scratch)
            hyper = float64_at(activations[layer * ACTIVATION_COLUMNS + ACTIVATION_HYPER])
            call_activation(function, z, a, m * n_out, hyper)
        x = a
        z = advance(a, size)
        w = advance(bias, n_out)
    return x


@internal
def backward(context: Any, w: Any, x: Any, m: Any, g: Any, accumulate: Any) -> None:
    """Gradient of all parameters, from the cost's gradient standing in the last layer's a. The input needs none."""
    sizes, activations = int64_at(context[NET_SIZES]), int64_at(context[NET_ACTIVATIONS])
    workspace = real_at(context[NET_WORKSPACE], w)
    capacity = context[NET_WORKSPACE_ROWS]
    scratch = advance(workspace, scratch_start(context))
    depth = context[NET_DEPTH]
    offset, place, null, one = 0, layers_start(context), real_at(0, w), as_real(1.0, w)
    for layer in range(depth):
        offset += (sizes[layer] + 1) * sizes[layer + 1]
        place += 2 * block(capacity * sizes[layer + 1])
    for layer in range(depth - 1, -1, -1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        offset -= (n_in + 1) * n_out
        place -= 2 * block(capacity * n_out)
        delta = advance(workspace, place + block(capacity * n_out))
        if layer == depth - 1 and activations[layer * ACTIVATION_COLUMNS + ACTIVATION_VALUE_SLOPE] != 0:
            multiply(delta, advance(workspace, place), m * n_out)
        inputs = x
        if layer > 0:
            inputs = advance(workspace, place - block(capacity * n_in))
        g_w = advance(g, offset)
        start, scale = null, one
        if accumulate:
            start = g_w
        elif context[NET_L2] != 0:
            # The penalty where the product begins, not in a pass of its own: 2 to 3 % of a step of 30-32-32-1 and 784-256-128-10.
            start, scale = advance(w, offset), as_real(float64_at(context[NET_L2])[0], w)
        product(n_in, n_out, m, g_w, start, n_out, scale, null, inputs, 1, n_in, delta, n_out, 1, scratch)
        column_sums(m, n_out, delta, advance(g_w, n_in * n_out), accumulate)
        if layer > 0:
            slope = null
            if activations[(layer - 1) * ACTIVATION_COLUMNS + ACTIVATION_VALUE_SLOPE] != 0:
                slope = advance(workspace, place - 2 * block(capacity * n_in))
            product(m, n_in, n_out, inputs, null, 0, one, slope, delta, n_out, 1, advance(w, offset), 1, n_out, scratch)


def network_gradient(context: Any, w: Any, rows: Any, m: Any, g: Any, scale: Any) -> Any:
    """`abi.model_gradient` of a network: sum of the cost over the m rows; g = scale * its gradient. Null rows: the first m."""
    sizes = int64_at(context[NET_SIZES])
    n_in, n_out = sizes[0], sizes[context[NET_DEPTH]]
    all_x, all_y = real_at(context[NET_X], w), real_at(context[NET_Y], w)
    hyper = float64_at(context[NET_COST_HYPER])
    chunk = min(CHUNK_ROWS, context[NET_WORKSPACE_ROWS])
    total = 0.0
    for first in range(0, m, chunk):
        count = min(chunk, m - first)
        if address_of(rows) == 0:
            x, y = advance(all_x, first * n_in), advance(all_y, first * n_out)
        else:
            x = real_at(context[NET_WORKSPACE], w)
            y = advance(x, block(context[NET_WORKSPACE_ROWS] * n_in))
            gather(all_x, n_in, advance(rows, first), count, x)
            gather(all_y, n_out, advance(rows, first), count, y)
        out = forward(context, w, x, count, ACTIVATION_VALUE_SLOPE)
        total += call_cost_gradient(context[NET_COST_GRADIENT], out, y, out, count, n_out, hyper, scale)
        backward(context, w, x, count, g, first > 0)
    return total


def network_evaluate(context: Any, w: Any, sums: Any) -> Any:
    """`abi.model_evaluate` of a network: sums[0] = cost and sums[1] = metric (0 without one), summed over all rows."""
    sizes = int64_at(context[NET_SIZES])
    n_in, n_out = sizes[0], sizes[context[NET_DEPTH]]
    all_x, all_y = real_at(context[NET_X], w), real_at(context[NET_Y], w)
    cost_hyper, metric_hyper = float64_at(context[NET_COST_HYPER]), float64_at(context[NET_METRIC_HYPER])
    chunk = min(CHUNK_ROWS, context[NET_WORKSPACE_ROWS])
    cost, metric = 0.0, 0.0
    for first in range(0, context[NET_ROWS], chunk):
        count = min(chunk, context[NET_ROWS] - first)
        out = forward(context, w, advance(all_x, first * n_in), count, ACTIVATION_VALUE)
        y = advance(all_y, first * n_out)
        cost += call_cost_value(context[NET_COST_VALUE], out, y, count, n_out, cost_hyper)
        if context[NET_METRIC] != 0:
            metric += call_cost_value(context[NET_METRIC], out, y, count, n_out, metric_hyper)
    sums[0] = cost
    sums[1] = metric
    return 0


def predict(context_array: Any, w_array: Any, out: Any) -> None:
    """out (rows x sizes[-1]) = the network's outputs for all rows of the context; arrays, for Python."""
    context, w = pointer_of(context_array), pointer_of(w_array)
    n_in, n_out = int64_at(context[NET_SIZES])[0], out.shape[1]
    target = pointer_of(out)
    chunk = min(CHUNK_ROWS, context[NET_WORKSPACE_ROWS])
    for first in range(0, out.shape[0], chunk):
        count = min(chunk, out.shape[0] - first)
        last = forward(context, w, advance(real_at(context[NET_X], w), first * n_in), count, ACTIVATION_VALUE)
        into = advance(target, first * n_out)
        for i in range(count * n_out):
            into[i] = last[i]


def gradient(address: Any, context: Any, w: Any, rows: Any, m: Any, g: Any, scale: Any) -> Any:
    """Any model's gradient, for Python: sum of the cost over m rows, g = scale * its gradient. Empty `rows`: the first m rows."""
    pointer = pointer_of(rows) if rows.shape[0] > 0 else int64_at(0)
    return call_model_gradient(address, pointer_of(context), pointer_of(w), pointer, m, pointer_of(g), scale)


def evaluate(address: Any, context: Any, w: Any, sums: Any) -> None:
    """Any model's evaluation, for Python: sums = (cost, metric) over all rows of the context."""
    call_model_evaluate(address, pointer_of(context), pointer_of(w), pointer_of(sums))
