"""Derivatives that owe nothing to the table of derivative rules: the complex step, and extrapolated central differences.

The complex step, Im f(x + ih) / h with h = 1e-30, has no cancellation: it is exact to rounding (Squire and Trapp, SIAM Review 40
(1998) 110). It needs every function to be evaluated as an analytic one, so the pieces of abs, maximum, where, ... are chosen by
real parts here. Central differences are extrapolated to step 0 and know their own error (Ridders, Adv. Eng. Software 4 (1982) 75).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.formula.graph import Graph
from optlab.formula.table import TABLE

Array = npt.NDArray[Any]

STEP = 1e-30
_LEVELS = 10  # halvings of the step: beyond, rounding grows faster than the truncation error falls


def _sigmoid(z: Array) -> Array:
    e = np.exp(np.where(z.real >= 0, -z, z))
    return np.asarray(np.where(z.real >= 0, 1.0, e) / (1.0 + e))


def _logaddexp(a: Array, b: Array) -> Array:
    low, high = np.where(a.real >= b.real, b, a), np.where(a.real >= b.real, a, b)
    return np.asarray(high + np.log1p(np.exp(low - high)))


def _atan2(a: Array, b: Array) -> Array:
    steep = np.abs(a.real) > np.abs(b.real)
    ratio = np.where(steep, b, a) / np.where(steep, a, b)
    angle = np.where(steep, -1.0, 1.0) * np.arctan(ratio)
    return np.asarray(angle - angle.real + np.arctan2(a.real, b.real))


def _cbrt(z: Array) -> Array:
    side = np.sign(z.real)
    return np.asarray(side * (side * z) ** (1.0 / 3.0))


def _erf(z: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(z))


_PIECES: dict[str, Callable[..., Any]] = {
    "abs": lambda z: np.where(z.real < 0, -z, z),
    "sign": lambda z: np.sign(z.real) + 0j,
    "floor": lambda z: np.floor(z.real) + 0j,
    "mod": lambda a, b: a - np.floor(a.real / b.real) * b,
    "minimum": lambda a, b: np.where(a.real <= b.real, a, b),
    "maximum": lambda a, b: np.where(a.real >= b.real, a, b),
    "where": lambda c, a, b: np.where(c, a, b),
    "sigmoid": _sigmoid,
    "logaddexp": _logaddexp,
    "hypot": lambda a, b: np.sqrt(a * a + b * b),
    "atan2": _atan2,
    "cbrt": _cbrt,
    "erf": _erf,
    "straight_through": lambda a, b: a.real + 1j * np.imag(b),
}
_ANALYTIC = {
    "add", "sub", "mul", "div", "neg", "power", "integer_power", "square", "sqrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "both", "either", "opposite",
}  # fmt: skip
_COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def complex_step(graph: Graph, inputs: Sequence[Any], wrt: int, invariants: Mapping[str, Any]) -> Array | None:
    """d(first output)/d(input `wrt`) at arrays of points; None when the formula holds a function with no analytic pieces known here."""
    points = np.broadcast_arrays(*(np.asarray(each, dtype=complex) for each in inputs))
    known: dict[str, Any] = {name: point + STEP * 1j * (k == wrt) for k, (name, point) in enumerate(zip(graph.inputs, points, strict=True))}
    known |= {name: np.asarray(value, dtype=complex) for name, value in invariants.items()}
    found: list[Any] = []
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            arguments = [found[k] for k in node.parents]
            if node.op == "constant":
                found.append(np.asarray(node.value, dtype=complex))
            elif node.op in _PIECES:
                found.append(_PIECES[node.op](*arguments))
            elif node.op in _COMPARISONS:
                found.append(TABLE[node.op].value(*(np.real(each) for each in arguments)))
            elif node.op in _ANALYTIC:
                found.append(TABLE[node.op].value(*arguments, *([node.value] if node.op == "integer_power" else [])))
            elif node.op in TABLE:
                return None
            else:
                found.append(known[node.value])
        return np.broadcast_to(np.imag(found[graph.outputs[0]]) / STEP, points[0].shape)


def differences(function: Callable[[Array], Array], x: Array, first: float = 0.05) -> tuple[Array, Array]:
    """(derivative, its own error estimate) of an elementwise function at x, by central differences extrapolated to step 0."""
    x = np.asarray(x, dtype=float)
    best, error = np.full(x.shape, np.nan), np.full(x.shape, np.inf)
    previous: list[Array] = []
    h = first * np.maximum(1.0, np.abs(x))
    with np.errstate(all="ignore"):
        for level in range(_LEVELS):
            up, down = x + h, x - h
            row = [(function(up) - function(down)) / (up - down)]
            for k in range(level):
                power = 4.0 ** (k + 1)
                row.append((power * row[k] - previous[k]) / (power - 1.0))
                doubt = np.maximum(np.abs(row[k + 1] - row[k]), np.abs(row[k + 1] - previous[k]))
                better = doubt < error
                best, error = np.where(better, row[k + 1], best), np.where(better, doubt, error)
            previous, h = row, h / 2.0
    return best, error
