"""From names to addresses: the compiled activations, cost and metric of one network, laid out as the kernel reads them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi
from optlab.hyper import Value
from optlab.kernel import layout
from optlab.kernel.load import Kernel, load
from optlab.kinds import Activation, Cost, RowCost
from optlab.loading import uncollected
from optlab.memory import aligned

Array = npt.NDArray[Any]
Chosen = tuple[Activation, Mapping[str, Value]]


def _address(array: Array) -> int:
    return int(array.ctypes.data)


def _metric_of(kernel: Kernel, task: str, n_outputs: int, link: str) -> tuple[int, list[float]]:
    """(address of the metric, its hyper block)."""
    if task == "regression":
        return kernel.squared_residual.address, [1.0 if link == "exp" else 0.0]
    if n_outputs > 1:
        return kernel.accuracy_by_argmax.address, []
    return kernel.accuracy_by_threshold.address, [0.0 if link in ("sigmoid", "step") else 0.5]


def layer_table(sizes: Sequence[int]) -> Array:
    """The layer table (abi.LAYER_*) of a network with these sizes, input first."""
    table, at = np.zeros((len(sizes) - 1, abi.LAYER_COLUMNS), dtype=np.int64), 0
    for row, n_in, n_out in zip(table, sizes, sizes[1:], strict=False):
        row[abi.LAYER_W], row[abi.LAYER_IN], row[abi.LAYER_OUT] = at, n_in, n_out
        row[abi.LAYER_B] = at + n_in * n_out
        at += (n_in + 1) * n_out
    return table


@dataclass(eq=False)
class Layers:
    """The forward part of a network: what predicting needs. Everything whose address the kernel gets is referenced here.

    sizes: nodes per layer, input first. activations: one per layer, output included.
    """

    sizes: tuple[int, ...]
    activations: Sequence[Chosen]
    dtype: str
    kernel: Kernel = field(init=False)

    def __post_init__(self) -> None:
        with uncollected():
            self.kernel = load(self.dtype)
        self._sizes = np.array(self.sizes, dtype=np.int64)
        self._blocks = [np.array([*activation.block(hyper), 0.0]) for activation, hyper in self.activations]
        self._table = np.zeros((len(self.activations), abi.ACTIVATION_COLUMNS), dtype=np.int64)
        for row, (activation, hyper), block in zip(self._table, self.activations, self._blocks, strict=True):
            options = activation.options(hyper)
            if not activation.returns_its_input(options):  # null addresses are the identity, which then costs no pass over the nodes
                compiled = activation.compiled(self.dtype, options)
                row[abi.ACTIVATION_VALUE], row[abi.ACTIVATION_VALUE_SLOPE] = compiled.value, compiled.value_slope
            row[abi.ACTIVATION_HYPER] = _address(block)

    def workspace(self, batch: int, largest: int) -> tuple[Array, int]:
        """(memory, rows it is sized for) for mini-batches of `batch` rows and data sets of up to `largest`."""
        rows = layout.workspace_rows(batch, largest)
        return aligned(layout.workspace_size(self.sizes, rows), self.dtype), rows

    def context(self, X: Array, workspace: Array, rows: int) -> Array:
        """The network context (abi.NET_*) of a forward pass over X. The caller keeps X and the workspace alive."""
        context = np.zeros(abi.NET_COLUMNS, dtype=np.int64)
        context[abi.NET_X], context[abi.NET_ROWS] = _address(X), len(X)
        context[abi.NET_DEPTH], context[abi.NET_SIZES] = len(self.sizes) - 1, _address(self._sizes)
        context[abi.NET_ACTIVATIONS] = _address(self._table)
        context[abi.NET_WORKSPACE], context[abi.NET_WORKSPACE_ROWS] = _address(workspace), rows
        return context

    def outputs(self, w: Array, X: Array) -> Array:
        """Outputs (n, n_out) of the last layer at flat parameters w for X (n, n_in), all in this dtype."""
        out = np.empty((len(X), self.sizes[-1]), dtype=self.dtype)
        if len(X):
            workspace, rows = self.workspace(0, len(X))
            self.kernel.predict(self.context(X, workspace, rows), w, out)
        return out


@dataclass(eq=False)
class Wiring(Layers):
    """A network with its cost and its metric: what training needs."""

    cost: Cost | RowCost
    cost_hyper: Mapping[str, Value]
    task: str

    def __post_init__(self) -> None:
        super().__post_init__()
        self._cost_block = np.array([*self.cost.block(self.cost_hyper), 0.0])
        self._cost = self.cost.compiled(self.dtype, self.cost.options(self.cost_hyper))
        self._metric, block = _metric_of(self.kernel, self.task, self.sizes[-1], self.cost.link)
        self._metric_block = np.array([*block, 0.0])

    @property
    def terms(self) -> int:
        """By how many terms per row the cost's sum is divided."""
        return self.cost.terms(self.sizes[-1])

    def training_context(self, X: Array, Y: Array, workspace: Array, rows: int) -> Array:
        """The whole network context over these rows. The caller keeps X, Y and the workspace alive."""
        context = self.context(X, workspace, rows)
        context[abi.NET_Y] = _address(Y)
        context[abi.NET_COST_VALUE], context[abi.NET_COST_GRADIENT] = self._cost.value, self._cost.value_gradient
        context[abi.NET_COST_HYPER] = _address(self._cost_block)
        context[abi.NET_LINK] = {"sigmoid": abi.LINK_SIGMOID, "softmax": abi.LINK_SOFTMAX}.get(self.cost.link, abi.LINK_OTHER)
        context[abi.NET_METRIC], context[abi.NET_METRIC_HYPER] = self._metric, _address(self._metric_block)
        return context

    def flops_per_row(self, gradient: bool = True) -> int:
        """See `flops_per_row`."""
        return flops_per_row(self.sizes, self.activations, self.cost, self.cost_hyper, gradient)


def flops_per_row(
    sizes: Sequence[int], activations: Sequence[Chosen], cost: Cost | RowCost, cost_hyper: Mapping[str, Value], gradient: bool = True
) -> int:
    """Executed operations of one row: forward, and backward too with `gradient`; the first layer needs no input gradient."""
    total = 0
    for k, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        activation, hyper = activations[k]
        total += 2 * n_in * n_out + n_out * activation.flops(activation.options(hyper), slope=gradient)
        if gradient:  # dW, db, delta * slope, and the input's gradient
            total += 2 * n_in * n_out + 2 * n_out + (2 * n_in * n_out if k else 0)
    return total + sizes[-1] * cost.flops(cost.options(cost_hyper), gradient=gradient)
