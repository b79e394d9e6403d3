"""The slow, obvious twin of everything compiled: plain NumPy, one statement per line of the textbook.

Rows are samples. A layer is (W, b) with W (n_in, n_out): z = a W + b, then a = f(z). All parameters in one flat vector: per
layer W in C order, then b.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Function = Callable[[Array], Array]
Layers = list[tuple[Array, Array]]


def unpack(parameters: Array, sizes: Sequence[int]) -> Layers:
    """Views of a flat vector, one (W, b) per layer."""
    layers, at = [], 0
    for n_in, n_out in itertools.pairwise(sizes):
        W = parameters[at : at + n_in * n_out].reshape(n_in, n_out)
        at += n_in * n_out
        layers.append((W, parameters[at : at + n_out]))
        at += n_out
    assert at == len(parameters)
    return layers


# -- activations: (value, slope); costs: (summed value, gradient of the sum) ----------------------------------------------


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "identity": (lambda z: z, np.ones_like),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype)),
    "leaky": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1.0, 0.1)),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
}


def squared_error(y: Array, t: Array) -> tuple[float, Array]:
    return float(((y - t) ** 2).sum()), 2 * (y - t)


def softmax_cross_entropy(y: Array, t: Array) -> tuple[float, Array]:
    shifted = y - y.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-(t * log_p).sum()), np.exp(log_p) * t.sum(axis=1, keepdims=True) - t


def binary_cross_entropy(y: Array, t: Array) -> tuple[float, Array]:
    return float((np.logaddexp(0, y) - t * y).sum()), sigmoid(y) - t


COSTS: dict[str, Callable[[Array, Array], tuple[float, Array]]] = {
    "squared_error": squared_error,
    "softmax_cross_entropy": softmax_cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
}


# -- the network ------------------------------------------------------------------------------------------------------------


def outputs(parameters: Array, X: Array, sizes: Sequence[int], activations: Sequence[str]) -> Array:
    a = X
    for (W, b), name in zip(unpack(parameters, sizes), activations, strict=True):
        a = ACTIVATIONS[name][0](a @ W + b)
    return a


def network_gradient(
    parameters: Array, X: Array, Y: Array, sizes: Sequence[int], activations: Sequence[str], cost: str
) -> tuple[float, Array]:  # fmt: skip
    """(sum of the cost over all rows, its gradient): back-propagation. `activations` has one name per layer, output included."""
    layers = unpack(parameters, sizes)
    inputs, slopes, a = [], [], X
    for (W, b), name in zip(layers, activations, strict=True):
        value, derivative = ACTIVATIONS[name]
        z = a @ W + b
        inputs.append(a)
        slopes.append(derivative(z))
        a = value(z)
    total, delta = COSTS[cost](a, Y)
    parts = []
    for (W, _), a, slope in reversed(list(zip(layers, inputs, slopes, strict=True))):
        delta = delta * slope
        parts.append(np.concatenate([(a.T @ delta).ravel(), delta.sum(axis=0)]))
        delta = delta @ W.T
    return total, np.concatenate(parts[::-1])


def weights_mask(sizes: Sequence[int]) -> Array:
    """True where the flat vector holds a weight, False at biases."""
    return np.concatenate([np.repeat([True, False], [a * b, b]) for a, b in itertools.pairwise(sizes)])


def penalty(w: Array, l1: float, l2: float) -> float:
    return float(l1 * np.abs(w).sum() + l2 * (w**2).sum() / 2)


def penalty_gradient(w: Array, l1: float, l2: float) -> Array:
    return l1 * np.sign(w) + l2 * w


# -- update rules, torch.optim's default dialects: each takes (w, g, state, t, hyper) and returns the new w ---------------------


def gd(w: Array, g: Array, state: dict[str, Array], t: int, lr: float) -> Array:
    return w - lr * g


def momentum(w: Array, g: Array, state: dict[str, Array], t: int, lr: float, mu: float) -> Array:
    state["v"] = mu * state.get("v", 0) + g
    return w - lr * state["v"]


def nesterov(w: Array, g: Array, state: dict[str, Array], t: int, lr: float, mu: float) -> Array:
    state["v"] = mu * state.get("v", 0) + g
    return w - lr * (g + mu * state["v"])


def adagrad(w: Array, g: Array, state: dict[str, Array], t: int, lr: float, eps: float = 1e-10) -> Array:
    state["s"] = state.get("s", 0) + g * g
    return w - lr * g / (np.sqrt(state["s"]) + eps)


def rmsprop(w: Array, g: Array, state: dict[str, Array], t: int, lr: float, rho: float = 0.99, eps: float = 1e-8) -> Array:
    state["s"] = rho * state.get("s", 0) + (1 - rho) * g * g
    return w - lr * g / (np.sqrt(state["s"]) + eps)


def adam(
    w: Array, g: Array, state: dict[str, Array], t: int, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> Array:  # fmt: skip
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    m_hat = state["m"] / (1 - beta1**t)
    v_hat = state["v"] / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps)


RULES: dict[str, Callable[..., Array]] = {
    "gd": gd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
}


def trajectory(rule: str, gradients: Array, start: Array, **hyper: float) -> Array:
    """Row k: parameters after step k + 1 on a fixed tape of gradients (T, n)."""
    w, state, rows = start.copy(), dict[str, Array](), []
    for t, g in enumerate(gradients, start=1):
        w = RULES[rule](w, g, state, t, **hyper)
        rows.append(w)
    return np.array(rows)


# -- randomness: Philox4x32-10 and the mini-batch orders ------------------------------------------------------------------------


def philox(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """Four 32-bit words. Salmon et al., SC 2011, with Python's unbounded integers."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def words(epoch: int, key: Sequence[int]) -> Iterator[int]:
    """The stream of one epoch: counters (0, epoch, 0, 0), (1, epoch, 0, 0), ..., 16 at a time: their first words, their second, ..."""
    for block in itertools.count(step=16):
        together = [philox((block + b, epoch, 0, 0), key) for b in range(16)]
        for which in range(4):
            yield from (each[which] for each in together)


def below(bound: int, stream: Iterator[int]) -> int:
    """An integer in [0, bound), unbiased (Lemire 2019)."""
    while True:
        high, low = divmod(next(stream) * bound, 2**32)
        if low >= 2**32 % bound:
            return high


def order(before: Sequence[int] | None, n: int, policy: str, epoch: int, key: Sequence[int]) -> list[int]:
    """Order of epoch 1, 2, ... given the order of the epoch before: fresh, fixed, cumulative or replacement."""
    stream = words(epoch, key)
    if policy == "replacement":
        return [below(n, stream) for _ in range(n)]
    if policy == "fixed" and before is not None:
        return list(before)
    out = list(before) if policy == "cumulative" and before is not None else list(range(n))
    for i in range(n):
        j = below(i + 1, stream)
        out[i], out[j] = out[j], out[i]
    return out


def orders(n: int, epochs: int, policy: str, key: Sequence[int]) -> Array:
    rows: list[list[int]] = []
    for epoch in range(1, epochs + 1):
        rows.append(order(rows[-1] if rows else None, n, policy, epoch, key))
    return np.array(rows)


# -- the training loop -------------------------------------------------------------------------------------------------------


def train(
    parameters: Array,
    X: Array,
    Y: Array,
    *,
    sizes: Sequence[int],
    activations: Sequence[str],
    cost: str,
    rule: str,
    hyper: Callable[[int], dict[str, float]],
    batch: int,
    orders: Array,
    terms: int = 1,
    l1: float = 0.0,
    l2: float = 0.0,
    l1_mode: str = "subgradient",
    l2_mode: str = "coupled",
    penalise_biases: bool = False,
) -> tuple[Array, list[float], list[float]]:
    """(last parameters, mean training cost before training and after each epoch, objective of each mini-batch before its update).

    hyper(t) gives the hyper-parameters of step t; a row's cost is `terms` terms, so means divide by rows * terms.
    """
    w, state, t = parameters.copy(), dict[str, Array](), 0
    mask = np.ones(len(w), bool) if penalise_biases else weights_mask(sizes)
    coupled_l1, coupled_l2 = l1 * (l1_mode == "subgradient"), l2 * (l2_mode == "coupled")

    def mean_cost() -> float:
        return COSTS[cost](outputs(w, X, sizes, activations), Y)[0] / (len(X) * terms)

    curve, running = [mean_cost()], []
    for order in orders:
        for first in range(0, len(order), batch):
            rows = order[first : first + batch]
            t += 1
            total, g = network_gradient(w, X[rows], Y[rows], sizes, activations, cost)
            g = g / (len(rows) * terms)
            running.append(total / (len(rows) * terms) + penalty(w[mask], coupled_l1, coupled_l2))
            g[mask] += penalty_gradient(w[mask], coupled_l1, coupled_l2)
            now = hyper(t)
            if l2_mode == "decoupled":
                w[mask] *= 1 - now["lr"] * l2
            w = RULES[rule](w, g, state, t, **now)
            if l1_mode == "proximal":
                w[mask] = np.sign(w[mask]) * np.maximum(np.abs(w[mask]) - now["lr"] * l1, 0)
        curve.append(mean_cost())
    return w, curve, running
