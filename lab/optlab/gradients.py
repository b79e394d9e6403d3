"""`optlab.gradient`: the training objective of a network and its gradient at given parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.kernel import layout
from optlab.kinds import Activation, Cost, RowCost
from optlab.registry import catalogue_with, name_of
from optlab.wiring import Wiring, layer_table

Array = npt.NDArray[Any]


def gradient(
    parameters: Any,
    X: Any,
    Y: Any,
    sizes: Sequence[int],
    activations: Sequence[str | Activation],
    cost: str | Cost | RowCost,
    l1: float = 0.0,
    l2: float = 0.0,
) -> tuple[float, Array]:
    """(training objective, its gradient) of a network at flat `parameters`, over all rows of X (n, d) and Y (n, k).

    The objective is the mean cost plus l2 * sum(W^2) / 2 + l1 * sum(|W|) over weights. `activations` has one name per layer, output
    included. The dtype is that of `parameters`: float64 or float32.

    Raises:
        OptlabError: shapes that do not fit each other.
    """
    w = np.array(parameters)
    if w.dtype not in (np.float32, np.float64):
        w = w.astype(np.float64)
    X, Y = np.ascontiguousarray(X, dtype=w.dtype), np.ascontiguousarray(Y, dtype=w.dtype)
    sizes = tuple(int(size) for size in sizes)
    needed = layout.parameter_count(sizes)
    if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or not len(X) or (X.shape[1], Y.shape[1]) != (sizes[0], sizes[-1]):
        raise OptlabError(f"gradient: X {X.shape} and Y {Y.shape} do not fit a network with sizes {sizes}")
    if w.shape != (needed,) or len(activations) != len(sizes) - 1:
        raise OptlabError(
            f"gradient: sizes {sizes} need {needed} parameters and {len(sizes) - 1} activations, not {w.shape} and {len(activations)}"
        )
    catalogue = catalogue_with(cost, *activations)
    chosen = [(one, one.values({})) for one in (catalogue.activation(name_of(name)) for name in activations)]
    plugin = catalogue.cost(name_of(cost))
    wiring = Wiring(sizes, chosen, str(w.dtype), plugin, plugin.values({}), "regression")
    workspace, rows = wiring.workspace(len(X), 0)
    g, terms = np.zeros_like(w), len(X) * wiring.terms
    with single_threaded():
        address, context = wiring.kernel.network_gradient.address, wiring.training_context(X, Y, workspace, rows)
        total = wiring.kernel.gradient(address, context, w, np.arange(len(X)), len(X), g, 1.0 / terms)
    value = total / terms
    for offset, n_in, n_out, _ in layer_table(sizes):
        W = slice(offset, offset + n_in * n_out)
        g[W] += w.dtype.type(l2) * w[W] + w.dtype.type(l1) * np.sign(w[W])
        value += 0.5 * l2 * float(w[W] @ w[W]) + l1 * float(np.abs(w[W]).sum())
    return value, g
