"""A trained network: its parameters, what they mean, and predictions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kinds import Activation

Array = npt.NDArray[Any]


def unpack(parameters: Array, sizes: tuple[int, ...] | list[int]) -> list[tuple[Array, Array]]:
    """Views of a flat parameter vector, layer by layer: W (n_in, n_out) and b (n_out,).

    Raises:
        OptlabError: the vector's length is not that of a network with these sizes.
    """
    parameters = np.asarray(parameters)
    needed = sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))
    if parameters.shape != (needed,):
        raise OptlabError(f"unpack: parameters of shape {parameters.shape} do not fit the sizes {tuple(sizes)}, which need ({needed},)")
    layers, at = [], 0
    for n_in, n_out in itertools.pairwise(sizes):
        W = parameters[at : at + n_in * n_out].reshape(n_in, n_out)
        at += n_in * n_out
        layers.append((W, parameters[at : at + n_out]))
        at += n_out
    return layers


def softmax(logits: Array) -> Array:
    """Probabilities (n, k) of the classes, of logits."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _sigmoid(logits: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(logits))


LINKS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {"identity": lambda y: y, "sigmoid": _sigmoid, "softmax": softmax, "exp": np.exp, "step": lambda y: (y > 0).astype(y.dtype)}
)


@dataclass(frozen=True, eq=False)
class Network:
    """A dense network with everything that predicting needs: weights, activations, link, scaler."""

    sizes: tuple[int, ...]
    activations: tuple[tuple[Activation, dict[str, Value]], ...]
    link: str
    parameters: Array
    mean: Array | None = None
    scale: Array | None = None
    classes: tuple[Any, ...] | None = None

    def predict(self, X: Any) -> Array:
        """Predictions (n, n_out) at inputs X (n, n_in), in the run's dtype; X is scaled as the training data was.

        Costs that take logits give probabilities here: of the second class (one column), or of each class.

        Raises:
            OptlabError: X has another number of columns, or a value that is not finite.
        """
        from optlab.wiring import Layers

        a = self.inputs(X, "predict")
        with single_threaded():
            layers = Layers(self.sizes, self.activations, str(self.parameters.dtype))
            outputs = layers.outputs(self.parameters, np.ascontiguousarray(a, dtype=self.parameters.dtype))
        return np.asarray(LINKS[self.link](outputs))

    def inputs(self, X: Any, what: str) -> Array:
        """X as float64 (n, n_in), checked, and scaled as the training data was; `what` begins the sentence about a fault."""
        a = np.asarray(X, dtype=np.float64)
        if a.ndim == 1 and self.sizes[0] == 1:
            a = a[:, None]
        if a.ndim != 2 or a.shape[1] != self.sizes[0]:
            raise OptlabError(f"{what}: X has shape {a.shape}, but the network takes (rows, {self.sizes[0]})")
        if not np.isfinite(a).all():
            raise OptlabError(f"{what}: X holds a value that is not finite; drop or fill such rows first")
        if self.mean is not None and self.scale is not None:
            a = (a - self.mean) / self.scale
        return a
