"""L1 and L2 penalties, on the weights of the layer table or on the whole vector.

Coupled L2 and the L1 subgradient join the gradient before the rule; decoupled L2 (Loshchilov and Hutter, ICLR 2019) shrinks the
parameters before it; proximal L1 (soft threshold: Parikh and Boyd, "Proximal algorithms", 2014, 6.5.2) follows it.
"""

from __future__ import annotations

from typing import Any

from optlab.abi import LAYER_COLUMNS, LAYER_IN, LAYER_OUT, LAYER_W, advance
from optlab.jit import internal
from optlab.kernel.memory import as_real


@internal
def penalised_parts(layers: Any, n_layers: Any, biases: Any) -> Any:
    """How many contiguous parts of the vector are penalised: one per layer, or the vector whole."""
    if n_layers == 0 or biases != 0:
        return 1
    return n_layers


@internal
def part(layers: Any, n_layers: Any, biases: Any, n: Any, index: Any) -> Any:
    """(offset, length) of one of them."""
    if n_layers == 0 or biases != 0:
        return 0, n
    row = advance(layers, index * LAYER_COLUMNS)
    return row[LAYER_W], row[LAYER_IN] * row[LAYER_OUT]


@internal
def add_gradient(w: Any, g: Any, n: Any, l1: Any, l2: Any, layers: Any, n_layers: Any, biases: Any) -> None:
    """g += l2 * w + l1 * sign(w), where sign(0) = 0."""
    l1, l2, zero = as_real(l1, w), as_real(l2, w), as_real(0.0, w)
    for index in range(penalised_parts(layers, n_layers, biases)):
        first, count = part(layers, n_layers, biases, n, index)
        here, slope = advance(w, first), advance(g, first)
        if l1 == zero:
            for i in range(count):
                slope[i] += l2 * here[i]
        else:
            for i in range(count):
                sign = l1 if here[i] > zero else (-l1 if here[i] < zero else zero)
                slope[i] += l2 * here[i] + sign


@internal
def value(w: Any, n: Any, l1: Any, l2: Any, layers: Any, n_layers: Any, biases: Any) -> Any:
    """l1 * sum |w| + l2 * sum w^2 / 2, in float64."""
    absolute, square = 0.0, 0.0
    for index in range(penalised_parts(layers, n_layers, biases)):
        first, count = part(layers, n_layers, biases, n, index)
        here = advance(w, first)
        for i in range(count):
            x = float(here[i])
            absolute += abs(x)
            square += x * x
    return l1 * absolute + 0.5 * l2 * square


@internal
def shrink(w: Any, n: Any, factor: Any, layers: Any, n_layers: Any, biases: Any) -> None:
    """w *= factor, which is 1 - lr * l2."""
    factor = as_real(factor, w)
    for index in range(penalised_parts(layers, n_layers, biases)):
        first, count = part(layers, n_layers, biases, n, index)
        here = advance(w, first)
        for i in range(count):
            here[i] *= factor


@internal
def threshold(w: Any, n: Any, level: Any, layers: Any, n_layers: Any, biases: Any) -> None:
    """w = sign(w) * max(|w| - level, 0); NaN stays NaN."""
    level, zero = as_real(level, w), as_real(0.0, w)
    for index in range(penalised_parts(layers, n_layers, biases)):
        first, count = part(layers, n_layers, biases, n, index)
        here = advance(w, first)
        for i in range(count):
            x = here[i]
            size = abs(x) - level
            if size <= zero:
                here[i] = zero
            elif x > zero:
                here[i] = size
            else:
                here[i] = -size if x < zero else x
