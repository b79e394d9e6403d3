"""What somebody's function returns, made into layers; each wrong shape is named with its layer and what is expected."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from optlab.conformance.calling import Function, run
from optlab.conformance.twin import Layers, Network
from optlab.errors import OptlabError
from optlab.kernel import layout
from optlab.network import unpack


def copies(layers: Layers) -> Layers:
    """Layers that may be overwritten."""
    return [(W.copy(), b.copy()) for W, b in layers]


def called(f: Function, layers: Layers, network: Network, who: str) -> tuple[float | None, Layers]:
    """(reported cost or None, gradients) of ``f(layers, X, Y)``."""
    returned = run(f, copies(layers), network.X.copy(), network.Y.copy(), who=who)
    reported = None
    if isinstance(returned, tuple) and len(returned) == 2 and _is_number(returned[0]):
        reported, returned = float(np.ravel(returned[0])[0]), returned[1]
    return reported, layered(returned, network.sizes, who)


def layered(returned: Any, sizes: tuple[int, ...], who: str) -> Layers:
    """Gradients (or parameters) layer by layer, from a flat vector or a list of (W, b)."""
    count, depth = layout.parameter_count(sizes), len(sizes) - 1
    wanted = f"a list of {depth} pairs (dW, db), or one flat vector of {count} numbers"
    if isinstance(returned, np.ndarray) and returned.dtype != object and returned.ndim == 1:
        if returned.shape != (count,):
            raise OptlabError(f"{who}: a vector of {len(returned)} numbers was returned, but a network {sizes} has {count} parameters")
        return unpack(returned.astype(float), sizes)
    try:
        pairs = [(np.asarray(W, dtype=float), np.asarray(b, dtype=float)) for W, b in returned]
    except (TypeError, ValueError):
        raise OptlabError(f"{who}: {type(returned).__name__} was returned, but expected is {wanted}") from None
    if len(pairs) != depth:
        raise OptlabError(f"{who}: {len(pairs)} pairs were returned, but expected is {wanted}")
    for k, (W, b) in enumerate(pairs):
        shape = sizes[k : k + 2]
        if W.shape != shape:
            why = "that of W transposed: return dW.T" if W.shape == shape[::-1] else f"but W is (n_in, n_out) = {shape}"
            raise OptlabError(f"{who}: the weights of layer {k + 1} have shape {W.shape}, {why}")
        if b.shape != shape[1:]:
            remedy = "use ravel()" if b.size == shape[1] else "sum over rows with sum(axis=0)"
            raise OptlabError(f"{who}: the biases of layer {k + 1} have shape {b.shape}, but b is (n_out,) = {shape[1:]}; {remedy}")
    return pairs


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) or (isinstance(value, np.ndarray) and value.size == 1)
