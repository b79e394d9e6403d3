"""The memory of a chain of stages, laid out as the kernel reads it: addresses, slots, scalars, hyper columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi
from optlab.formula.stages import ASKING
from optlab.hyper import Value
from optlab.kernel import layout
from optlab.memory import aligned
from optlab.requests import EVALUATE
from optlab.rules import ArrayRule, Rule, Tensor

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Stages:
    """What the kernel takes of a rule for one run; everything is owned here.

    table: (stages, abi.STAGE_COLUMNS). slots: reals at their first values. scalars: float64. layers: (layers, abi.LAYER_COLUMNS), empty
    without a network. scratch: elements that the answers to its requests take.
    """

    table: Array
    slots: Array
    scalars: Array
    layers: Array
    scratch: int


def tensors_of(layers: Array, n: int) -> list[Tensor]:
    """W and b of each layer of a layer table; all n parameters as one vector where there is none."""
    if not len(layers):
        return [Tensor(0, 1, n)]
    out = []
    for row in layers.tolist():
        n_in, n_out = row[abi.LAYER_IN], row[abi.LAYER_OUT]
        out += [Tensor(row[abi.LAYER_W], n_in, n_out), Tensor(row[abi.LAYER_B], 1, n_out)]
    return out


def requests_of(rule: Rule) -> frozenset[int]:
    """What a rule may ask the training loop for, of `optlab.requests`: further evaluations, and what its array code names."""
    asking = [part for part in rule.parts if isinstance(part, ArrayRule) and part.asks]
    return frozenset(request for part in asking for request in (EVALUATE, *(ASKING[name] for name in part.given if name in ASKING)))


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A rule's memory before there are parameters: what all trials at its hyper-parameters on one network share.

    firsts: (offset, elements, first value or the part of the parameters) of the vector slots; `size` is their whole length. requests:
    what the rule may ask for. The others: see `Stages`.
    """

    dtype: str
    table: Array
    firsts: tuple[tuple[int, int, float | slice], ...]
    size: int
    scalars: Array
    layers: Array
    requests: frozenset[int]
    scratch: int

    def fill(self, slots: Array, w: Array) -> None:
        """Give `slots`, which are 0, the values of all vector slots before the first step from w."""
        for start, size, first in self.firsts:
            if isinstance(first, slice):
                slots[start : start + size] = w[first]
            elif first != 0.0:
                slots[start : start + size] = first


def arrange(rule: Rule, values: Mapping[str, Value], n: int, dtype: str, layers: Array | None = None) -> Arrangement:
    """How the stages of `rule` at these hyper-parameters lie in memory for n parameters; `layers`: their layer table, if they have one."""
    layers = np.zeros((0, abi.LAYER_COLUMNS), dtype=np.int64) if layers is None else layers
    tensors = tensors_of(layers, n)
    table = np.zeros((len(rule.parts), abi.STAGE_COLUMNS), dtype=np.int64)
    firsts: list[tuple[int, int, float | slice]] = []
    scalars: list[float] = []
    offset = column = 0
    for row, part, own in zip(table, rule.parts, rule.part_values(values), strict=True):
        made = part.compiled(dtype, part.options(own))
        row[abi.STAGE_ADDRESS], row[abi.STAGE_EVALUATION] = made.stage, made.evaluation
        row[abi.STAGE_SLOTS], row[abi.STAGE_HYPER], row[abi.STAGE_SCALARS] = offset, column, len(scalars)
        for _, size, first in part.memory(tensors, own):
            firsts.append((offset, size, first))
            offset += size
        offset = layout.block(offset)
        scalars += part.scalars(tensors, own)
        column += len(part.swept)
    asked = requests_of(rule)
    scratch = layout.scratch_size(n, int(layers[-1, abi.LAYER_OUT]) if len(layers) else 0, asked)
    return Arrangement(dtype, table, tuple(firsts), max(offset, 1), np.array([*scalars, 0.0]), layers, asked, scratch)


def lay_out(rule: Rule, values: Mapping[str, Value], w: Array, layers: Array | None = None) -> Stages:
    """The stages of `rule` at these hyper-parameters, before the first step from w; see `Arrangement`."""
    arranged = arrange(rule, values, len(w), str(w.dtype), layers)
    slots = aligned(arranged.size, arranged.dtype)
    arranged.fill(slots, w)
    return Stages(arranged.table, slots, arranged.scalars.copy(), arranged.layers, arranged.scratch)
