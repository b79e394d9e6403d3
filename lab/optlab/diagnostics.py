"""The state of a trained network: gradients and last updates by layer, dead units, exact zeros, and the sharpness of its minimum.

On request, because it is dear: the largest eigenvalue takes about 20 Hessian-vector products of two gradients over all rows each.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import arrays, requests
from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kernel import layout
from optlab.kinds import Cost, RowCost
from optlab.network import Network, unpack
from optlab.outcome import Diagnosis, Outcome
from optlab.registry import catalogue_with, name_of
from optlab.wiring import Layers, Wiring, layer_table

Array = npt.NDArray[Any]
Trained = tuple[Cost | RowCost, dict[str, Value]]

TOLERANCE = 1e-5
"""Relative error at which the largest eigenvalue counts as found; the products by differences are good to about 1e-9."""

_SERVER = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4, ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64, ctypes.c_void_p,
                           ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 2)  # fmt: skip


def diagnose(outcome: Outcome, X: Any, y: Any, cost: str | Cost | RowCost | None = None) -> Diagnosis:
    """The state of a trained network over these rows: inputs X (n, d), which are scaled as the training data was, and targets y.

    cost: whose gradient and Hessian; by default the one that was trained. The ratio of the last update is known for runs that were
    trained with ``diagnostics=True``.

    Raises:
        OptlabError: rows that do not fit the network, weights that are not finite, or a saved run whose cost is not installed.
    """
    network, former = outcome.network, outcome.diagnosis
    if cost is not None:
        plugin = catalogue_with(cost).cost(name_of(cost))
        trained: Trained = (plugin, plugin.values({}))
    elif outcome.cost is not None:
        trained = outcome.cost
    else:
        raise OptlabError("diagnose: the run does not know its cost, or it is not installed; give it as cost=")
    inputs = network.inputs(X, "diagnose")
    targets = arrays.encode(arrays.targets(y, "diagnose"), network.classes, "diagnose")
    arrays.check_same_rows(inputs, targets, "diagnose")
    if targets.shape[1] != network.sizes[-1]:
        raise OptlabError(f"diagnose: y has {targets.shape[1]} columns, but the network has {network.sizes[-1]} outputs")
    if not np.isfinite(network.parameters).all():
        raise OptlabError("diagnose: the network has weights that are not finite; a run that diverged has no such state")
    with single_threaded():
        return examine(network, trained, inputs, targets, None if former is None else former.update_ratio)


def examine(network: Network, cost: Trained, X: Array, Y: Array, ratio: tuple[float | None, ...] | None) -> Diagnosis:
    """As `diagnose`, of inputs (n, d) and targets (n, k) as the network takes them, float64. The caller pins BLAS to one thread.

    Units are looked at in the dtype in which they were trained; gradient and Hessian are taken in float64.
    """
    w, slope, sharpness = _curvature(network, cost, X, Y)
    layers = [W for W, _ in unpack(w, network.sizes)]
    return Diagnosis(
        rows=len(X),
        gradient_norm=tuple(float(np.linalg.norm(W)) for W, _ in unpack(slope, network.sizes)),
        update_ratio=ratio,
        dead_units=dead_units(network, X),
        units=network.sizes[1:-1],
        zero_weights=tuple(int((W == 0).sum()) for W in layers),
        weights=tuple(W.size for W in layers),
        sharpness=sharpness,
    )


def update_ratio(before: Array | None, after: Array, sizes: tuple[int, ...]) -> tuple[float | None, ...] | None:
    """|W after - W before| / |W before| of each layer, 2-norms; None for weights of 0, and for a run without a step."""
    if before is None:
        return None
    found = []
    for (old, _), (new, _) in zip(unpack(before, sizes), unpack(after, sizes), strict=True):
        size = float(np.linalg.norm(old.astype(np.float64)))
        found.append(float(np.linalg.norm(new.astype(np.float64) - old)) / size if size else None)
    return tuple(found)


def dead_units(network: Network, X: Array) -> tuple[int, ...]:
    """How many units of each hidden layer put out one and the same number for all rows of X (n, d)."""
    dtype, found = str(network.parameters.dtype), []
    rows = np.ascontiguousarray(X, dtype=dtype)
    for depth in range(1, len(network.sizes) - 1):
        sizes = network.sizes[: depth + 1]
        part = np.ascontiguousarray(network.parameters[: layout.parameter_count(sizes)])  # the first layers are a network of their own
        outputs = Layers(sizes, network.activations[:depth], dtype).outputs(part, rows)
        found.append(int((outputs.max(axis=0) == outputs.min(axis=0)).sum()))
    return tuple(found)


def _curvature(network: Network, cost: Trained, X: Array, Y: Array) -> tuple[Array, Array, float | None]:
    """(parameters, gradient, largest eigenvalue of the Hessian) of the mean cost, float64."""
    wiring = Wiring(network.sizes, network.activations, "float64", *cost, "regression")
    w, X, Y = (np.array(one, dtype=np.float64, order="C") for one in (network.parameters, X, Y))
    n, rows = len(w), len(X)
    workspace, capacity = wiring.workspace(rows, 0)
    context, table = wiring.training_context(X, Y, workspace, capacity), layer_table(network.sizes)
    slope, kernel = np.zeros(n), wiring.kernel
    kernel.gradient(kernel.network_gradient.address, context, w, np.zeros(0, dtype=np.int64), rows, slope, 1.0 / (rows * wiring.terms))

    plan, reals = np.zeros(layout.PLAN_COLUMNS, dtype=np.int64), np.zeros(layout.REAL_COLUMNS)
    reals[layout.REAL_TERMS] = wiring.terms
    model = np.zeros(layout.MODEL_COLUMNS, dtype=np.int64)
    model[layout.MODEL_GRADIENT], model[layout.MODEL_CONTEXT] = kernel.network_gradient.address, context.ctypes.data
    scratch, result = np.zeros(requests.MATRIX * n), np.zeros(layout.RESULT_SIZE)
    serve = _SERVER(kernel.hessian_vector.address)
    direction, answer = (scratch[place * n : (place + 1) * n] for place in (requests.DIRECTION, requests.ANSWER))

    def product(v: Array) -> Array:
        direction[:] = v.ravel()
        serve(
            *(one.ctypes.data for one in (plan, reals, model, table)), len(table), w.ctypes.data, slope.ctypes.data, n, None, rows,
            scratch.ctypes.data, 1, result[layout.RESULT_ASK :].ctypes.data, result.ctypes.data,
        )  # fmt: skip
        return answer.copy()

    return w, slope, largest_eigenvalue(product, n)


def largest_eigenvalue(product: Any, n: int) -> float | None:
    """The largest eigenvalue of a symmetric n x n matrix given by its products, by Lanczos iteration (ARPACK); None where it fails.

    It starts from a fixed direction: the same matrix gives the same number.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    start = np.random.default_rng(0).standard_normal(n)
    first = product(start)
    if not np.isfinite(first).all():
        return None
    if not first.any():  # a matrix of zeros, from which ARPACK cannot start
        return 0.0
    try:
        found = float(eigsh(LinearOperator((n, n), product, dtype=np.float64), 1, which="LA", v0=start, tol=TOLERANCE,
                            return_eigenvectors=False)[0])  # fmt: skip
    except ArpackError:
        return None
    return found if math.isfinite(found) else None
