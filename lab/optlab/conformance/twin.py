"""Backpropagation written out in NumPy, with the mistakes that people make as options: what a wrong gradient is compared with.

A twin of the kernel for the sake of diagnosis; without options it gives what `optlab.gradient` gives.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from optlab.conformance import native
from optlab.hyper import Value
from optlab.kinds import Activation, Cost, RowCost

Array = npt.NDArray[np.float64]
Layers = list[tuple[Array, Array]]
Chosen = tuple[Activation, Mapping[str, Value]]

_IN_TERMS_OF_A = {"sigmoid": lambda a: a * (1.0 - a), "tanh": lambda a: 1.0 - a * a}
"""Slopes that courses write in terms of the activation a."""


@dataclass(frozen=True)
class Mistake:
    """What is done otherwise, and in words.

    Attributes:
        slope: at the layers `where` (0, 1, ...): "" right; "of a": f'(a) in place of f'(z); "of z": the formula in a, given z; "none";
            "twice".
        output: the slope of the cost's link is multiplied in once more: "link".
        bias_input: what the bias is multiplied with in the forward pass.
        updated: deltas are carried back with the layer's new weights.
        transposed: layers whose weight gradient is returned transposed.
    """

    words: str = ""
    slope: str = ""
    where: tuple[int, ...] = ()
    output: str = ""
    bias_input: float = 1.0
    updated: bool = False
    transposed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network and its data, by plugins: sizes, activations with their hyper-parameters, cost, X (n, d), Y (n, k)."""

    X: Array
    Y: Array
    sizes: tuple[int, ...]
    activations: Sequence[Chosen]
    cost: Cost | RowCost
    cost_hyper: Mapping[str, Value]

    @property
    def terms(self) -> int:
        """By how much the cost's sum over all rows is divided."""
        return len(self.X) * self.cost.terms(self.sizes[-1])

    def rows(self, count: int) -> Network:
        """The same with the first `count` rows."""
        return replace(self, X=self.X[:count], Y=self.Y[:count])

    def forward(self, layers: Layers, bias_input: float = 1.0) -> tuple[list[Array], list[Array]]:
        """(the z of each layer, X and the a of each layer)."""
        zs, a = [], [self.X]
        for (W, b), (activation, values) in zip(layers, self.activations, strict=True):
            zs.append(a[-1] @ W + bias_input * b)
            a.append(native.activation(activation, values, zs[-1], "float64")[0])
        return zs, a

    def gradient(self, layers: Layers, mistake: Mistake = Mistake(), new: Layers | None = None) -> tuple[float, Layers]:
        """(mean cost, its gradient layer by layer); `new` are the weights after the step, for a mistake that uses them."""
        zs, a = self.forward(layers, mistake.bias_input)
        total, delta = native.cost_gradient(self.cost, self.cost_hyper, a[-1], self.Y, "float64", 1.0 / self.terms)
        if mistake.output == "link":
            delta = delta * self._link_slope(a[-1])
        out: Layers = []
        for k in range(len(layers) - 1, -1, -1):
            delta = delta * self._slope(k, zs[k], a[k + 1], mistake)
            dW = a[k].T @ delta
            out.append((dW.T if k in mistake.transposed else dW, delta.sum(axis=0)))
            carrying = new if mistake.updated and new is not None else layers
            delta = delta @ carrying[k][0].T
        return total / self.terms, out[::-1]

    def _slope(self, k: int, z: Array, a: Array, mistake: Mistake) -> Array:
        activation, values = self.activations[k]
        wrong = mistake.slope if k in mistake.where else ""
        if wrong == "none":
            return np.ones_like(z)
        if wrong == "of z":
            return np.asarray(_IN_TERMS_OF_A[activation.name](z))
        at = a if wrong == "of a" else z
        slope = native.activation(activation, values, at, "float64")[2]
        return np.asarray(slope**2 if wrong == "twice" else slope)

    def _link_slope(self, y: Array) -> Array:
        if self.cost.link == "sigmoid":
            p = 1.0 / (1.0 + np.exp(-y))
        else:
            e = np.exp(y - y.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
        return np.asarray(p * (1.0 - p))


def mistakes(network: Network) -> Iterator[Mistake]:
    """The right gradient first, then every mistake that makes a difference in this network."""
    yield Mistake()
    square = [k for k, (n_in, n_out) in enumerate(itertools.pairwise(network.sizes)) if n_in == n_out > 1]
    for where in [*([tuple(square)] if len(square) > 1 else []), *((k,) for k in square)]:
        yield Mistake(f"the weight gradients of {_layers(where)} are transposed: W is (n_in, n_out)", transposed=where)
    for size in (0.01, 0.1, 0.0):
        words = f"the forward pass adds {size:g}*b where b is meant (bias input {size:g})"
        yield Mistake(words if size else "the forward pass leaves the biases out", bias_input=size)
    curved = [k for k, (one, values) in enumerate(network.activations) if not one.returns_its_input(one.options(values))]
    last = len(network.activations) - 1
    hidden = [k for k in curved if k != last]
    groups = [tuple(curved)] if len(curved) > 1 else []
    groups += [tuple(hidden)] if 1 < len(hidden) < len(curved) else []
    for where in [*groups, *((k,) for k in reversed(curved))]:
        names = _layers(where)
        for slope, words in (
            ("of a", f"the slope of the activation of {names} is evaluated at a, the layer's output, where its input z is meant"),
            ("of z", f"the slope of {names} is a formula in a, the layer's output, but is given its input z"),
            ("none", f"the slope of the activation is missing in the deltas of {names}"),
            ("twice", f"the slope of the activation enters the deltas of {names} twice"),
        ):
            if slope != "of z" or all(network.activations[k][0].name in _IN_TERMS_OF_A for k in where):
                yield Mistake(words, slope=slope, where=where)
    if network.cost.link in ("sigmoid", "softmax"):
        words = f"the output delta holds p(1 - p) once too often: {network.cost.name} takes logits and its delta is already p - t"
        yield Mistake(words, output="link")


def _layers(where: Sequence[int]) -> str:
    names = [str(k + 1) for k in where]
    return f"layer {names[0]}" if len(names) == 1 else f"layers {', '.join(names[:-1])} and {names[-1]}"
