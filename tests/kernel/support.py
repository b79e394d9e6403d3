"""Build the kernel's arrays by hand and run one trial."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from optlab import abi
from optlab.kernel import layout
from optlab.kernel.load import Kernel, load
from tests.kernel import callbacks
from tests.kernel.callbacks import address

Array = np.ndarray[Any, np.dtype[Any]]
LEAK = 0.1  # as in naive.ACTIVATIONS
TOLERANCE = {"float64": 1e-6, "float32": 1e-3}


class Network:
    """A network's context over (X, Y), with everything that it points to."""

    def __init__(
        self, sizes: Sequence[int], activations: Sequence[str], cost: str, X: Array, Y: Array, dtype: str, metric: str = "", rows: int = 0
    ) -> None:
        self.dtype, self.sizes = dtype, tuple(sizes)
        self.X, self.Y = np.ascontiguousarray(X, dtype), np.ascontiguousarray(Y, dtype)
        self._sizes = np.array(sizes, np.int64)
        self._hyper, self.l2 = np.array([LEAK]), np.zeros(1)
        self._metric_hyper = np.array([0.0 if cost == "binary_cross_entropy" else 0.5])
        table = np.zeros((len(activations), abi.ACTIVATION_COLUMNS), np.int64)
        for row, name in zip(table, activations, strict=True):
            if name != "identity":
                value, slope = callbacks.ACTIVATIONS[name]
                row[:] = address(value, "activation_value", dtype), address(slope, "activation_value_slope", dtype), self._hyper.ctypes.data
        self._table = table
        rows = rows or layout.workspace_rows(len(X), len(X))
        self._workspace = np.full(layout.workspace_size(sizes, rows), np.nan, dtype)
        value, gradient = callbacks.COSTS[cost]
        self.context = np.zeros(abi.NET_COLUMNS, np.int64)
        self.context[abi.NET_X] = self.X.ctypes.data
        self.context[abi.NET_Y] = self.Y.ctypes.data
        self.context[abi.NET_ROWS] = len(X)
        self.context[abi.NET_DEPTH] = len(activations)
        self.context[abi.NET_SIZES] = self._sizes.ctypes.data
        self.context[abi.NET_ACTIVATIONS] = table.ctypes.data
        self.context[abi.NET_COST_VALUE] = address(value, "cost_value", dtype)
        self.context[abi.NET_COST_GRADIENT] = address(gradient, "cost_value_gradient", dtype)
        self.context[abi.NET_COST_HYPER] = self._hyper.ctypes.data
        self.context[abi.NET_METRIC] = getattr(load(dtype), metric).address if metric else 0
        self.context[abi.NET_METRIC_HYPER] = self._metric_hyper.ctypes.data
        self.context[abi.NET_WORKSPACE] = self._workspace.ctypes.data
        self.context[abi.NET_WORKSPACE_ROWS] = rows

    @property
    def kernel(self) -> Kernel:
        return load(self.dtype)

    def gradient(self, w: Array, rows: Sequence[int] | Array = (), scale: float = 1.0) -> tuple[float, Array]:
        w, g = np.ascontiguousarray(w, self.dtype), np.full(len(w), np.nan, self.dtype)
        index = np.array(rows, np.int64)
        m = len(index) or len(self.X)
        return self.kernel.gradient(self.kernel.network_gradient.address, self.context, w, index, m, g, scale), g

    def evaluate(self, w: Array) -> Array:
        sums = np.zeros(2)
        self.kernel.evaluate(self.kernel.network_evaluate.address, self.context, np.ascontiguousarray(w, self.dtype), sums)
        return sums

    def predict(self, w: Array) -> Array:
        out = np.empty((len(self.X), self.sizes[-1]), self.dtype)
        self.kernel.predict(self.context, np.ascontiguousarray(w, self.dtype), out)
        return out


def layer_table(sizes: Sequence[int]) -> Array:
    rows, at = [], 0
    for n_in, n_out in itertools.pairwise(sizes):
        rows.append((at, n_in, n_out, at + n_in * n_out))
        at += (n_in + 1) * n_out
    return np.array(rows, np.int64).reshape(-1, abi.LAYER_COLUMNS)


class Chain:
    """Stages with their slots, scalars and columns of the hyper table; each hyper a number or one per row of the table."""

    def __init__(self, n: int, dtype: str, *stages: tuple[str, Sequence[Any]]) -> None:
        self.table = np.zeros((len(stages), abi.STAGE_COLUMNS), np.int64)
        slots = scalars = 0
        columns: list[Any] = []
        for row, (name, hyper) in zip(self.table, stages, strict=True):
            function, vectors, numbers = callbacks.STAGES[name]
            average = address(callbacks.polyak_weights, "evaluation_weights", dtype) if name == "polyak" else 0
            row[:] = address(function, "stage", dtype), slots * n, len(columns), scalars, average
            slots, scalars = slots + vectors, scalars + numbers
            columns += list(hyper)
        self.slots = np.zeros(slots * n, dtype)
        self.scalars = np.zeros(scalars)
        self.hyper = np.ascontiguousarray(np.stack(np.broadcast_arrays(*[np.atleast_1d(np.array(c, float)) for c in columns]), axis=1))


class Outcome:
    def __init__(self, status: int, w: Array, history: Array, running: Array, result: Array, memory: Array, chain: Chain) -> None:
        self.status, self.w, self.running, self.result, self.memory, self.chain = status, w, running, result, memory, chain
        self.history = history[: int(result[layout.RESULT_HISTORY_ROWS])]


def run(
    w: Array,
    chain: Chain,
    *,
    dtype: str,
    network: Network | None = None,
    model: Array | None = None,
    validation: Network | None = None,
    sizes: Sequence[int] = (),
    epochs: int = 1,
    batch: int = 1,
    n_rows: int = 1,
    order: int = layout.ORDER_FRESH,
    orders: Array | None = None,
    key: tuple[int, int] = (0, 0),
    evaluate_every: int = 1,
    l1: float = 0.0,
    l2: float = 0.0,
    l1_mode: int = layout.L1_SUBGRADIENT,
    l2_mode: int = layout.L2_COUPLED,
    penalise_biases: bool = False,
    period: int = 0,
    bound: float = np.inf,
    time_limit: float = 0.0,
    terms: float = 1.0,
    penalty_value: bool = False,
    stop: Array | None = None,
) -> Outcome:
    kernel = load(dtype)
    if network is not None:
        sizes, n_rows = network.sizes, len(network.X)
        model = np.zeros(layout.MODEL_COLUMNS, np.int64)
        model[layout.MODEL_GRADIENT] = kernel.network_gradient.address
        model[layout.MODEL_EVALUATE] = kernel.network_evaluate.address
        model[layout.MODEL_CONTEXT] = model[layout.MODEL_TRAIN] = network.context.ctypes.data
        model[layout.MODEL_TRAIN_ROWS] = n_rows
        network.l2 = np.array([l2])
        network.context[abi.NET_L2] = network.l2.ctypes.data if l2_mode == layout.L2_IN_MODEL else 0
        if validation is not None:
            model[layout.MODEL_VALIDATION] = validation.context.ctypes.data
            model[layout.MODEL_VALIDATION_ROWS] = len(validation.X)
    assert model is not None
    w = np.array(w, dtype)
    n = len(w)
    plan = np.zeros(layout.PLAN_COLUMNS, np.int64)
    plan[layout.PLAN_EPOCHS] = epochs
    plan[layout.PLAN_BATCH] = batch
    plan[layout.PLAN_ROWS] = n_rows
    plan[layout.PLAN_ORDER] = order
    plan[layout.PLAN_EVALUATE_EVERY] = evaluate_every
    plan[layout.PLAN_L1_MODE] = l1_mode
    plan[layout.PLAN_L2_MODE] = l2_mode
    plan[layout.PLAN_PENALISE_BIASES] = penalise_biases
    plan[layout.PLAN_HYPER_PERIOD] = period
    plan[layout.PLAN_KEY0], plan[layout.PLAN_KEY1] = key
    plan[layout.PLAN_CLOCK], plan[layout.PLAN_CLOCK_ID] = kernel.clock, kernel.clock_id
    plan[layout.PLAN_RUNNING] = 1
    plan[layout.PLAN_PENALTY_VALUE] = penalty_value
    reals = np.zeros(layout.REAL_COLUMNS)
    reals[layout.REAL_L1], reals[layout.REAL_L2] = l1, l2
    reals[layout.REAL_BOUND], reals[layout.REAL_TIME_LIMIT], reals[layout.REAL_TERMS] = bound, time_limit, terms
    plan[layout.PLAN_PARAMETERS] = n
    memory = np.full(layout.memory_size(n, n), np.nan, dtype)
    history = np.full((1, layout.history_rows(epochs, evaluate_every), layout.HISTORY_COLUMNS), -1.0)
    running = np.full((1, epochs * -(-n_rows // min(batch, n_rows))), np.nan)
    result, status = np.full((1, layout.RESULT_SIZE), np.nan), np.zeros(1, np.int64)
    explicit = np.zeros((0, n_rows), np.int64) if orders is None else np.ascontiguousarray(orders, np.int64)
    kernel.train(
        plan[None], reals[None], model, w[None], memory, chain.slots[None], chain.scalars[None], chain.table[None], chain.hyper[None],
        layer_table(sizes), explicit, np.zeros(n_rows, np.int64), history, running, result, np.empty((1, n), dtype),
        np.empty((1, 0), dtype), status, np.zeros(1, np.int64) if stop is None else stop,
    )  # fmt: skip
    return Outcome(int(status[0]), w, history[0], running[0], result[0], memory, chain)
