"""`optlab.check_step`: somebody's own training step, and the gradient that it implies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from optlab.conformance.calling import Function, run
from optlab.conformance.diagnose import TOLERANCE, Diagnosis, Sample, diagnose
from optlab.conformance.findings import Findings, findings
from optlab.conformance.networks import draws, row_of, stated
from optlab.conformance.shapes import copies, layered
from optlab.conformance.twin import Layers, Mistake, Network
from optlab.conformance.verdict import meaning, sentences
from optlab.errors import OptlabError
from optlab.kinds import Activation, Cost, RowCost

UPDATED = Mistake("hidden deltas are computed with already-updated weights: compute all gradients first, then update", updated=True)
_IDLE = "the step leaves all parameters as they are; return the new ones, or change the arrays in place"
_SMALLER = 1e-3  # of the learning rate: there a mistake of first order in it has all but gone


def check_step(
    step: Function,
    X: Any,
    Y: Any,
    sizes: Sequence[int],
    activations: Sequence[str | Activation],
    cost: str | Cost | RowCost,
    l1: float = 0.0,
    l2: float = 0.0,
    *,
    lr: float = 0.1,
    parameters: Any = None,
    seed: int = 0,
) -> Findings:
    """Check one step of plain gradient descent, ``step(layers, X, Y, lr)``: the gradient that it implies, (old - new) / lr.

    `layers` is a list of (W, b) as for `check_gradient`. The step returns the new layers (a list of pairs, or one flat vector), or
    changes the arrays of `layers` in place and returns None. It finds what `check_gradient` finds, and also a step that changes
    weights before it has used them for the gradients of the layers below. The other arguments are those of `check_gradient`.

    Raises:
        OptlabError: shapes that do not fit.
    """
    if not lr > 0.0:
        raise OptlabError(f"check_step: lr = {lr} is not allowed; give a positive learning rate")
    network = stated(X, Y, sizes, activations, cost)
    points = draws(network, parameters, seed)

    def diagnosed(rate: float, part: Network, some: Sequence[Layers]) -> Diagnosis:
        return diagnose(part, [_sample(step, layers, part, rate) for layers in some], l1, l2, [UPDATED] if len(part.sizes) > 2 else [])

    found = diagnosed(lr, network, points)
    subject = f"step of a network {'-'.join(map(str, network.sizes))}, {network.cost.name}, lr = {lr:g}"
    rows = [row_of(block) for block in found.blocks]
    if all(block.difference == 1.0 and block.factor == 0.0 for block in found.blocks):
        return findings(
            subject, ["the step leaves all parameters as they are; return the new ones, or change the arrays in place"], "", rows
        )

    def again(count: int) -> float:
        return diagnosed(lr, network.rows(count), points[:2]).blocks[0].factor

    defects = sentences(network, found, l1, l2, meaning(network, again))
    if found.mistake is None:
        closer = diagnosed(lr * _SMALLER, network, points)
        pairs = [(small.difference, large.difference) for small, large in zip(closer.blocks, found.blocks, strict=True)]
        if all(small < 0.1 * large or large < TOLERANCE for small, large in pairs):
            depends = "the implied gradient depends on the learning rate and is right for small ones"
            defects.append(f"{depends}: parameters are used after their update")
    fine = f"the implied gradient is right to {max(block.difference for block in found.blocks):.1g} in all layers"
    return findings(subject, defects, fine, rows)


def _sample(step: Function, layers: Layers, network: Network, lr: float) -> Sample:
    given = [list(pair) for pair in copies(layers)]  # lists, so that `layers[k][0] = ...` works too
    returned = run(step, given, network.X.copy(), network.Y.copy(), lr, who="check_step")
    new = layered(given if returned is None else returned, network.sizes, "check_step")
    implied = [((W - V) / lr, (b - c) / lr) for (W, b), (V, c) in zip(layers, new, strict=True)]
    return Sample(layers, [(np.asarray(W), np.asarray(b)) for W, b in implied], [(W.copy(), b.copy()) for W, b in new])
