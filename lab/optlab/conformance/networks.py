"""`optlab.check_gradient`: somebody's own backpropagation against the lab's, against central differences, and against its own cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance.diagnose import Block, Sample, diagnose
from optlab.conformance.findings import Findings, findings
from optlab.conformance.reported import cost_sentences
from optlab.conformance.shapes import called
from optlab.conformance.twin import Layers, Network
from optlab.conformance.verdict import meaning, sentences
from optlab.errors import OptlabError
from optlab.gradients import gradient
from optlab.kernel import layout
from optlab.kinds import Activation, Cost, RowCost
from optlab.network import unpack
from optlab.registry import catalogue_with, name_of

Array = npt.NDArray[np.float64]

DRAWS = 5
"""Parameter vectors at which gradients are compared: a factor must be the same at all of them."""
_COORDINATES = 24  # central differences of the lab's own cost, as a check of the reference itself


def check_gradient(
    f: Callable[..., Any],
    X: Any,
    Y: Any,
    sizes: Sequence[int],
    activations: Sequence[str | Activation],
    cost: str | Cost | RowCost,
    l1: float = 0.0,
    l2: float = 0.0,
    *,
    parameters: Any = None,
    seed: int = 0,
) -> Findings:
    """Check a hand-written gradient ``f(layers, X, Y)`` of a network; the result says which layer is wrong and by what factor.

    `layers` is a list of (W, b), W (n_in, n_out), b (n_out,), as `optlab.unpack` gives it. f returns the gradients as a list of
    (dW, db) of the same shapes, or as one flat vector; or (cost, gradients), and then its cost is checked too. X is (n, d), Y (n, k).
    sizes, activations (one per layer, output included), cost, l1 and l2 state what the network is meant to be, as for
    `optlab.gradient`. Parameters are drawn at random, biases too, around `parameters` where given.

    Raises:
        OptlabError: shapes that do not fit; the sentence says which layer and what is expected.
    """
    network = stated(X, Y, sizes, activations, cost)
    points = draws(network, parameters, seed)
    samples, costs = [], []
    for layers in points:
        reported, found = called(f, layers, network, "check_gradient")
        samples.append(Sample(layers, found))
        costs.append(reported)
    subject = f"gradient of a network {'-'.join(map(str, network.sizes))}, {network.cost.name}"
    reference = _reference(network, points[0], l1, l2)
    diagnosis = diagnose(network, samples, l1, l2)

    def again(count: int) -> float:
        part = network.rows(count)
        other = [Sample(layers, called(f, layers, part, "check_gradient")[1]) for layers in points[:2]]
        return diagnose(part, other, l1, l2).blocks[0].factor

    defects = sentences(network, diagnosis, l1, l2, meaning(network, again))
    if reference > 1e-5:
        name = network.cost.name
        defects.append(f"the lab's own gradient of {name} departs from central differences by {reference:.1g}; run `optlab check {name}`")
    if all(each is not None for each in costs):
        defects += cost_sentences(f, network, samples, [float(each) for each in costs if each is not None], l1, l2, diagnosis)
    rows = [row_of(block) for block in diagnosis.blocks]
    worst = max(block.difference for block in diagnosis.blocks)
    fine = f"right to {worst:.1g} in all layers (central differences agree to {reference:.1g})"
    return findings(subject, defects, fine, rows)


def stated(X: Any, Y: Any, sizes: Sequence[int], activations: Sequence[Any], cost: Any) -> Network:
    """The network as stated, checked."""
    sizes = tuple(int(size) for size in sizes)
    X, Y = np.ascontiguousarray(X, dtype=float), np.ascontiguousarray(Y, dtype=float)
    if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or not len(X) or (X.shape[1], Y.shape[1]) != (sizes[0], sizes[-1]):
        raise OptlabError(
            f"X {X.shape} and Y {Y.shape} do not fit a network with sizes {sizes}: X is (rows, {sizes[0]}) and Y (rows, {sizes[-1]})"
        )
    if len(activations) != len(sizes) - 1:
        raise OptlabError(f"sizes {sizes} have {len(sizes) - 1} layers, but {len(activations)} activations are given; name one per layer")
    catalogue = catalogue_with(cost, *activations)
    plugin = catalogue.cost(name_of(cost))
    if plugin.link in ("sigmoid", "softmax") and name_of(activations[-1]) == plugin.link:
        why = f"the cost {plugin.name} takes logits and applies the {plugin.link} itself"
        raise OptlabError(f"{why}: name 'identity' as the last activation, and leave your function as it is")
    chosen = [(one, one.values({})) for one in (catalogue.activation(name_of(name)) for name in activations)]
    return Network(X, Y, sizes, chosen, plugin, plugin.values({}))


def draws(network: Network, parameters: Any, seed: int) -> list[Layers]:
    """Random parameters: weights N(0, 1/n_in), biases N(0, 1/4), or small changes of the given ones."""
    rng, count = np.random.default_rng(seed), layout.parameter_count(network.sizes)
    if parameters is not None:
        w = np.asarray(parameters, dtype=float)
        if w.shape != (count,):
            raise OptlabError(f"parameters have shape {w.shape}, but a network {network.sizes} has ({count},) parameters")
        return [unpack(w + scale * rng.normal(size=count), network.sizes) for scale in (0.0, *[0.1] * (DRAWS - 1))]
    out = []
    for _ in range(DRAWS):
        layers = unpack(rng.normal(size=count), network.sizes)
        for W, b in layers:
            W *= len(W) ** -0.5
            b *= 0.5
        out.append(layers)
    return out


def flat(layers: Layers) -> Array:
    """The flat vector of layers."""
    return np.concatenate([np.ravel(part) for layer in layers for part in layer])


def _reference(network: Network, layers: Layers, l1: float, l2: float) -> float:
    """Relative error of the lab's own gradient against central differences of its cost, at some random coordinates."""
    w, names = flat(layers), [activation for activation, _ in network.activations]

    def objective(v: Array) -> tuple[float, Array]:
        return gradient(v, network.X, network.Y, network.sizes, names, network.cost, l1, l2)

    g = objective(w)[1]
    picked = np.random.default_rng(1).choice(len(w), min(len(w), _COORDINATES), replace=False)
    central = np.empty(len(picked))
    for place, k in enumerate(picked):
        step = np.zeros_like(w)
        step[k] = 1e-6
        central[place] = (objective(w + step)[0] - objective(w - step)[0]) / 2e-6
    return float(np.abs(central - g[picked]).max() / max(np.abs(g).max(), 1e-300))


def row_of(block: Block) -> dict[str, Any]:
    return {
        "layer": block.layer + 1,
        "of": f"{('weights', 'biases')[block.kind]}",
        "factor": block.factor,
        "unexplained": block.residual,
        "difference": block.difference,
        "ok": bool(block.difference <= 1e-6),
    }
