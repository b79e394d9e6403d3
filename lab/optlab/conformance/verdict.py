"""A diagnosis in words: which layer, weights or biases, by what factor, and what that factor is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from optlab.conformance import ratio
from optlab.conformance.diagnose import TOLERANCE, Block, Diagnosis, same
from optlab.conformance.twin import Network


def meaning(network: Network, again: Callable[[int], float]) -> Callable[[float, bool], str]:
    """What a factor is in this network. `again` gives the factor of layer 1's weights with fewer rows: whether it counts rows."""
    n, k, m = len(network.X), network.sizes[-1], max(1, len(network.X) // 2)

    def words(factor: float, everywhere: bool) -> str:
        if factor == 0.0:
            return ""
        if everywhere and n > 1:
            try:
                fewer = again(m)
            except Exception:  # a function that is made for one number of rows
                fewer = factor
            for power, what in ((1, "a sum over rows where their mean is meant"), (-1, "divided by the rows once too often")):
                if fewer and same(factor / fewer, (n / m) ** power):
                    rest = factor / float(n) ** power
                    for name, value in (("", 1.0), (f" x {k} outputs", k), (f" / {k} outputs", 1.0 / k), (" x 2", 2.0), (" / 2", 0.5)):
                        if same(abs(rest), value):
                            return f" ({n} rows{name}: {what})"
        if k > 1 and everywhere:
            for what, value in (
                ("a sum over outputs where their mean is meant", float(k)),
                ("a mean over outputs where their sum is meant", 1 / k),
            ):
                if same(abs(factor), value):
                    return f" ({k} outputs: {what})"
        if everywhere and (same(abs(factor), 0.5) or same(abs(factor), 2.0)):
            return " (the factor 1/2 in front of the cost)"
        return ""

    return words


def sentences(network: Network, found: Diagnosis, l1: float, l2: float, means: Callable[[float, bool], str]) -> list[str]:
    """The defects of a diagnosis, in words; empty when the gradient is right."""
    if found.mistake is None:
        return _unexplained(network, found.blocks)
    out = [found.mistake.words] if found.mistake.words else []
    blocks = found.blocks
    if 0.0 < found.mistake.bias_input < 1.0:
        s = found.mistake.bias_input
        wrong = [block for block in blocks if block.kind == 1 and not same(block.factor, s)]
        out += [f"{block.name} are {ratio.words(block.factor / s)} for that forward pass" for block in wrong]
        blocks = tuple(block for block in blocks if block.kind == 0)
    out += factor_sentences(blocks, means)
    for block in blocks:
        out += penalty_words(block, l1, l2)
    return out


def _unexplained(network: Network, blocks: Sequence[Block]) -> list[str]:
    """No known mistake: which blocks are right, which are a constant factor off, which are neither."""
    out = factor_sentences([block for block in blocks if block.residual <= TOLERANCE], lambda factor, everywhere: "")
    wrong = [block for block in blocks if block.residual > TOLERANCE]
    for block in wrong:
        finite = np.isfinite(block.difference)
        how = f"are wrong by {block.difference:.0%} of their size, by no constant factor" if finite else "are not finite"
        out.append(f"{block.name} {how}")
    last = max(block.layer for block in wrong)
    depth = len(network.sizes) - 1
    if all(np.isfinite(block.difference) for block in wrong) and last < depth - 1:
        out.append(f"going back from the output, layer {last + 1} is the first that is wrong: look at how its delta is made")
    return out


def penalty_words(block: Block, l1: float, l2: float) -> list[str]:
    """What is wrong with the penalty terms of a block, once its factor is known."""
    out = []
    meant_l2, meant_l1 = (l2, l1) if block.kind == 0 else (0.0, 0.0)
    for name, found, meant in (("l2*W", block.l2, meant_l2), ("l1*sign(W)", block.l1, meant_l1)):
        if same(found, meant) or same(found, block.factor * meant):
            continue
        if same(found, 0.0):
            out.append(f"{block.name} lack the penalty term {name}")
        elif meant:
            out.append(f"the penalty term {name} in the {block.name} is {ratio.words(found / meant)}")
        else:
            shown = name.replace("l2", f"{found:.4g}").replace("l1", f"{found:.4g}")
            shown = shown.replace("W", "b") if block.kind else shown
            out.append(f"{block.name} hold a penalty term {shown} that the stated objective does not have")
    return out


def factor_sentences(blocks: Sequence[Block], meaning: Callable[[float, bool], str]) -> list[str]:
    """``bias gradients of layer 1 are 100.0x too large``; one sentence for all blocks that share one factor.

    meaning: (factor, of all blocks) -> what that factor is, e.g. `` (the 30 rows: a sum where a mean is meant)``, or nothing.
    """
    known = [block for block in blocks if np.isfinite(block.factor)]
    wrong = [block for block in known if not same(block.factor, 1.0)]
    if wrong and len(wrong) == len(blocks) and all(same(block.factor, wrong[0].factor) for block in wrong):
        return [f"the gradients of all layers, weights and biases, are {ratio.words(wrong[0].factor)}{meaning(wrong[0].factor, True)}"]
    return [f"{block.name} are {ratio.words(block.factor)}{meaning(block.factor, False)}" for block in wrong]
