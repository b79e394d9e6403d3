"""Activations, costs, metrics and update rules written by hand against the calling convention, compiled with `jit.callback`.

They are slow and plain on purpose: the kernel is tested without the formula compiler and without a plugin.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from optlab import abi, jit, requests

# -- activations (value; value and slope) ------------------------------------------------------------------------------------


def sigmoid(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        a[i] = 1 / (1 + math.exp(-z[i]))
    return 0


def sigmoid_slope(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        s = 1 / (1 + math.exp(-z[i]))
        a[i] = s
        z[i] = s * (1 - s)
    return 0


def tanh(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        a[i] = math.tanh(z[i])
    return 0


def tanh_slope(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        y = math.tanh(z[i])
        a[i] = y
        z[i] = 1 - y * y
    return 0


def softplus(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        a[i] = math.log1p(math.exp(z[i]))
    return 0


def softplus_slope(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        x = z[i]
        a[i] = math.log1p(math.exp(x))
        z[i] = 1 / (1 + math.exp(-x))
    return 0


def leaky(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        a[i] = z[i] if z[i] > 0 else hyper[0] * z[i]
    return 0


def leaky_slope(z: Any, a: Any, n: Any, hyper: Any) -> Any:
    for i in range(n):
        x = z[i]
        a[i] = x if x > 0 else hyper[0] * x
        z[i] = 1 if x > 0 else hyper[0]
    return 0


ACTIVATIONS = {
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (tanh, tanh_slope),
    "softplus": (softplus, softplus_slope),
    "leaky": (leaky, leaky_slope),
}

# -- costs (value; value and gradient) ---------------------------------------------------------------------------------------


def squared_error(y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    total = 0.0
    for i in range(rows * columns):
        total += float(y[i] - t[i]) ** 2
    return total


def squared_error_gradient(y: Any, t: Any, d: Any, rows: Any, columns: Any, hyper: Any, scale: Any) -> Any:
    total = 0.0
    for i in range(rows * columns):
        difference = y[i] - t[i]
        total += float(difference) ** 2
        d[i] = scale * 2 * difference
    return total


def binary_cross_entropy(y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    total = 0.0
    for i in range(rows * columns):
        total += max(y[i], 0.0) + math.log1p(math.exp(-abs(y[i]))) - t[i] * y[i]
    return total


def binary_cross_entropy_gradient(y: Any, t: Any, d: Any, rows: Any, columns: Any, hyper: Any, scale: Any) -> Any:
    total = 0.0
    for i in range(rows * columns):
        total += max(y[i], 0.0) + math.log1p(math.exp(-abs(y[i]))) - t[i] * y[i]
        d[i] = scale * (1 / (1 + math.exp(-y[i])) - t[i])
    return total


def softmax_cross_entropy(y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    total = 0.0
    for r in range(rows):
        top, mass = float(y[r * columns]), 0.0
        for j in range(columns):
            top = max(top, float(y[r * columns + j]))
        for j in range(columns):
            mass += math.exp(y[r * columns + j] - top)
        for j in range(columns):
            total -= t[r * columns + j] * (y[r * columns + j] - top - math.log(mass))
    return total


def softmax_cross_entropy_gradient(y: Any, t: Any, d: Any, rows: Any, columns: Any, hyper: Any, scale: Any) -> Any:
    total = 0.0
    for r in range(rows):
        top, mass, weight = float(y[r * columns]), 0.0, 0.0
        for j in range(columns):
            top = max(top, float(y[r * columns + j]))
        for j in range(columns):
            mass += math.exp(y[r * columns + j] - top)
            weight += t[r * columns + j]
        for j in range(columns):
            log_p = y[r * columns + j] - top - math.log(mass)
            total -= t[r * columns + j] * log_p
            d[r * columns + j] = scale * (weight * math.exp(log_p) - t[r * columns + j])
    return total


COSTS = {
    "squared_error": (squared_error, squared_error_gradient),
    "binary_cross_entropy": (binary_cross_entropy, binary_cross_entropy_gradient),
    "softmax_cross_entropy": (softmax_cross_entropy, softmax_cross_entropy_gradient),
}

# -- update rules: stages ------------------------------------------------------------------------------------------------------


def gd(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    for i in range(n):
        w[i] -= h[0] * g[i]
    return 0


def momentum(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    for i in range(n):
        s[i] = h[1] * s[i] + g[i]
        w[i] -= h[0] * s[i]
    return 0


def nesterov(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    for i in range(n):
        s[i] = h[1] * s[i] + g[i]
        w[i] -= h[0] * (g[i] + h[1] * s[i])
    return 0


def adagrad(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    for i in range(n):
        s[i] += g[i] * g[i]
        w[i] -= h[0] * g[i] / (math.sqrt(s[i]) + h[1])
    return 0


def rmsprop(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    for i in range(n):
        s[i] = h[1] * s[i] + (1 - h[1]) * g[i] * g[i]
        w[i] -= h[0] * g[i] / (math.sqrt(s[i]) + h[2])
    return 0


def adam(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    correction1, correction2 = 1 - h[1] ** t, 1 - h[2] ** t
    for i in range(n):
        s[i] = h[1] * s[i] + (1 - h[1]) * g[i]
        s[n + i] = h[2] * s[n + i] + (1 - h[2]) * g[i] * g[i]
        w[i] -= h[0] * (s[i] / correction1) / (math.sqrt(s[n + i] / correction2) + h[3])
    return 0


def clip(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    """Scale the gradient down to norm h[0]; scalar slot 0 counts how often."""
    norm = 0.0
    for i in range(n):
        norm += float(g[i]) ** 2
    norm = math.sqrt(norm)
    if norm > h[0]:
        scalars[0] += 1
        for i in range(n):
            g[i] *= h[0] / norm
    return 0


def polyak(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    """Running mean of the parameters in its slot; the history evaluates that."""
    for i in range(n):
        s[i] += (w[i] - s[i]) / t
    return 0


def polyak_weights(w: Any, s: Any, h: Any, t: Any, n: Any, out: Any) -> Any:
    for i in range(n):
        out[i] = s[i]
    return 0


def backtrack(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    """Armijo's rule: from step h[0], halve until the cost falls by h[1] * step * |g|^2. Slots: start and its gradient."""
    if ask[requests.ASK_CALL] == 0:
        square = 0.0
        for i in range(n):
            s[i] = w[i]
            s[n + i] = g[i]
            square += float(g[i]) ** 2
        scalars[0] = h[0]
        scalars[1] = ask[requests.ASK_COST]
        scalars[2] = square
    elif ask[requests.ASK_COST] <= scalars[1] - h[1] * scalars[0] * scalars[2]:
        return requests.DONE
    else:
        scalars[0] /= 2
    for i in range(n):
        w[i] = s[i] - scalars[0] * s[n + i]
    return requests.EVALUATE


def insatiable(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    return requests.EVALUATE


def second_order(w: Any, g: Any, s: Any, h: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any) -> Any:
    return requests.HESSIAN_VECTOR


# name -> (function, vector slots, scalar slots)
STAGES = {
    "gd": (gd, 0, 0),
    "momentum": (momentum, 1, 0),
    "nesterov": (nesterov, 1, 0),
    "adagrad": (adagrad, 1, 0),
    "rmsprop": (rmsprop, 1, 0),
    "adam": (adam, 2, 0),
    "clip": (clip, 0, 1),
    "polyak": (polyak, 1, 0),
    "backtrack": (backtrack, 2, 3),
    "insatiable": (insatiable, 0, 0),
    "second_order": (second_order, 0, 0),
}

# -- a model that is no network: 1/2 sum_i h_i (w_i - 1)^2; its context is (address of h, n) --------------------------------------


def quadratic_gradient(context: Any, w: Any, rows: Any, m: Any, g: Any, scale: Any) -> Any:
    h = abi.real_at(context[0], w)
    total = 0.0
    for i in range(context[1]):
        g[i] = scale * h[i] * (w[i] - 1)
        total += 0.5 * h[i] * (w[i] - 1) ** 2
    return total


def quadratic_evaluate(context: Any, w: Any, sums: Any) -> Any:
    h = abi.real_at(context[0], w)
    sums[0] = 0.0
    for i in range(context[1]):
        sums[0] += 0.5 * h[i] * (w[i] - 1) ** 2
    sums[1] = 0.0
    return 0


@functools.cache
def compiled(function: Any, kind: str, dtype: str) -> Any:
    """C function of `function` with the signature `kind` of `abi`; kept for the life of the process."""
    with jit.compiling(f"{function.__name__} {dtype}"):
        return jit.callback(getattr(abi, kind)(abi.REALS[dtype]))(function)


def address(function: Any, kind: str, dtype: str) -> int:
    return int(compiled(function, kind, dtype).address)
