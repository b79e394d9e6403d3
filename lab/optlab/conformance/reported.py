"""The cost that somebody's function reports: whether it is the stated one, feels the parameters, and has the returned gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import ratio
from optlab.conformance.diagnose import TOLERANCE, Block, Diagnosis, Sample, same
from optlab.conformance.shapes import called, copies
from optlab.conformance.twin import Layers, Mistake, Network

Array = npt.NDArray[np.float64]

STEP = 1e-5
_PER_BLOCK = 6  # coordinates of each block whose central difference is taken


def cost_sentences(
    f: Callable[..., Any], network: Network, samples: Sequence[Sample], costs: Sequence[float], l1: float, l2: float, found: Diagnosis
) -> list[str]:
    """What is wrong with the reported costs, and with the gradient as *their* gradient."""
    if not np.isfinite(costs).all():
        return [f"the reported cost is {costs[int(np.flatnonzero(~np.isfinite(costs))[0])]}: it overflows, or takes the logarithm of 0"]
    slopes = [_slopes(f, network, sample.layers, sample.found) for sample in samples[:2]]
    if all(not np.any(central) for sample in slopes for central, _ in sample):
        if len(set(costs)) == 1:
            return [f"the reported cost is {costs[0]:g} whatever the parameters are"]
        return ["the reported cost does not change when the parameters do a little: it is computed from thresholded outputs"]
    out = []
    data = np.array([network.gradient(sample.layers, found.mistake or Mistake())[0] for sample in samples])
    penalty = np.array([sum(0.5 * l2 * float((W**2).sum()) + l1 * float(np.abs(W).sum()) for W, _ in s.layers) for s in samples])
    plain, whole = ratio.fit(costs, data), ratio.fit(costs, data + penalty)
    fitted = whole if whole.constant(TOLERANCE) else plain
    if fitted.constant(TOLERANCE):
        if not fitted.right(TOLERANCE):
            out.append(f"the reported cost is {ratio.words(fitted.factor)}{_mean(fitted.factor, network)}")
            out += _belongs(fitted.factor, found.blocks, network)
        return out
    out.append("the reported cost is not the stated one, by no constant factor")
    return out + _own(slopes, len(network.sizes) - 1)


def _mean(factor: float, network: Network) -> str:
    n, k = len(network.X), network.sizes[-1]
    for value, words in (
        (0.5, "the factor 1/2"), (2.0, "the factor 1/2"), (float(n), f"{n} rows: a sum where a mean is meant"),
        (1.0 / k, f"{k} outputs: a mean over outputs too"), (float(k), f"{k} outputs: a sum over outputs where their mean is meant"),
        (float(n * k), f"{n} rows x {k} outputs: a sum where a mean is meant"), (1.0 / n, f"{n} rows: divided once too often"),
    ):  # fmt: skip
        if value != 1.0 and same(factor, value):
            return f" ({words})"
    return ""


def _belongs(cost_factor: float, blocks: Sequence[Block], network: Network) -> list[str]:
    """One common factor between the gradients and the reported cost's own."""
    factors = [block.factor / cost_factor for block in blocks if block.residual <= TOLERANCE]
    if len(factors) < len(blocks) or not all(same(each, factors[0]) for each in factors):
        return []
    if same(factors[0], 1.0):
        return ["the gradients are those of the reported cost: it is the stated cost that both depart from"]
    n, k = len(network.X), network.sizes[-1]
    size = abs(factors[0])
    names = (("rows", n), ("outputs", k), ("rows x outputs", n * k))
    what = next((f" = {words}" for words, value in names if value > 1 and same(size, float(value))), "")
    return [f"the gradients are {ratio.number(factors[0])} times those of the reported cost{what}"]


def _slopes(f: Callable[..., Any], network: Network, layers: Layers, found: Layers) -> list[tuple[Array, Array]]:
    """For each block: (central differences of the reported cost, what was returned there) at some coordinates, the largest first."""
    out = []
    for k, pair in enumerate(found):
        for kind, part in enumerate(pair):
            picked = np.argsort(-np.abs(part), axis=None)[:_PER_BLOCK]
            central = np.empty(len(picked))
            for place, coordinate in enumerate(picked):
                ends = []
                for side in (STEP, -STEP):
                    moved = copies(layers)
                    moved[k][kind].flat[coordinate] += side
                    ends.append(called(f, moved, network, "check_gradient")[0] or 0.0)
                central[place] = (ends[0] - ends[1]) / (2 * STEP)
            out.append((central, part.ravel()[picked]))
    return out


def _own(slopes: Sequence[Sequence[tuple[Array, Array]]], depth: int) -> list[str]:
    """Block by block, the returned gradient against central differences of the reported cost."""
    out = []
    for k in range(2 * depth):
        central, found = (np.concatenate([sample[k][side] for sample in slopes]) for side in (0, 1))
        fitted, name = ratio.fit(found, central), f"{('weight', 'bias')[k % 2]} gradients of layer {k // 2 + 1}"
        if fitted.right(1e-4):
            continue
        how = ratio.words(round(fitted.factor, 3)) if fitted.constant(1e-4) else "no constant multiple of it"
        out.append(f"{name} are {how} for the reported cost" if fitted.constant(1e-4) else f"{name} are not those of the reported cost")
    return out
