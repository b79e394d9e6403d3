"""One training run: settings, data and streams in, outcome out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi, loop
from optlab.data import Dataset
from optlab.derived import arrays
from optlab.errors import OptlabError
from optlab.kernel import layout
from optlab.memory import aligned
from optlab.outcome import Network, Outcome
from optlab.readout import curves_of, verdict
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.settings import Settings
from optlab.stages import lay_out
from optlab.streams import Streams
from optlab.timetable import hyper_table
from optlab.wiring import Wiring, layer_table

Array = npt.NDArray[Any]

ORDERS = {
    "fresh": layout.ORDER_FRESH,
    "fixed": layout.ORDER_FIXED,
    "cumulative": layout.ORDER_CUMULATIVE,
    "replacement": layout.ORDER_REPLACEMENT,
}
L1_MODES = {"subgradient": layout.L1_SUBGRADIENT, "proximal": layout.L1_PROXIMAL}
L2_MODES = {"coupled": layout.L2_COUPLED, "decoupled": layout.L2_DECOUPLED}


def wire(settings: Settings, dataset: Dataset, catalogue: Catalogue) -> Wiring:
    """The compiled network for these settings on this data."""
    sizes = (dataset.train.X.shape[1], *settings.layers, dataset.train.Y.shape[1])
    hidden = settings.activation_hyper or ((),) * len(settings.activation)
    activations = []
    for name, given in zip((*settings.activation, settings.output), (*hidden, settings.output_hyper), strict=True):
        activation = catalogue.activation(name)
        activations.append((activation, activation.values(dict(given))))
    cost = catalogue.cost(settings.cost)
    return Wiring(sizes, activations, settings.dtype, cost, cost.values(dict(settings.cost_hyper)), dataset.task)


def start(settings: Settings, sizes: Sequence[int], streams: Streams, catalogue: Catalogue) -> Array:
    """The initial flat parameter vector, float64: the initializer's W and b of each layer.

    Raises:
        OptlabError: the initializer returns another shape.
    """
    initializer = catalogue.initializer(settings.initializer)
    hyper, rng = initializer.values(dict(settings.initializer_hyper)), streams.initialisation()
    parts = []
    for n_in, n_out in itertools.pairwise(sizes):
        drawn = initializer(rng, n_in, n_out, **hyper)
        W, b = drawn if isinstance(drawn, tuple) else (drawn, np.zeros(n_out))
        if np.shape(W) != (n_in, n_out) or np.shape(b) != (n_out,):
            raise OptlabError(
                f"initializer {initializer.name} returned shapes {np.shape(W)}, {np.shape(b)} for a layer {n_in} -> {n_out}; "
                f"return W ({n_in}, {n_out}), or (W, b)"
            )
        parts += [np.asarray(W, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64)]
    return np.concatenate(parts)


def _plan(settings: Settings, optimizer: Rule, rows: int, period: int, streams: Streams, running: bool) -> tuple[Array, Array]:
    """The kernel's `plan` and `reals`, all but the clock and the terms per row."""
    plan, reals = np.zeros(layout.PLAN_COLUMNS, dtype=np.int64), np.zeros(layout.REAL_COLUMNS)
    plan[layout.PLAN_EPOCHS] = settings.epochs
    plan[layout.PLAN_BATCH] = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
    plan[layout.PLAN_ROWS] = rows
    plan[layout.PLAN_ORDER] = ORDERS[settings.order]
    plan[layout.PLAN_EVALUATE_EVERY] = settings.evaluate_every
    plan[layout.PLAN_L1_MODE], plan[layout.PLAN_L2_MODE] = L1_MODES[settings.l1_mode], L2_MODES[settings.l2_mode]
    plan[layout.PLAN_PENALISE_BIASES] = settings.penalise_biases
    plan[layout.PLAN_HYPER_PERIOD] = period
    plan[layout.PLAN_LR_COLUMN] = optimizer.swept.index("lr") if "lr" in optimizer.swept else -1
    plan[layout.PLAN_KEY0], plan[layout.PLAN_KEY1] = streams.order_key()
    plan[layout.PLAN_RUNNING] = running
    if settings.l2 and settings.l2_mode == "coupled" and not settings.penalise_biases:
        plan[layout.PLAN_L2_MODE] = layout.L2_IN_MODEL
    reals[layout.REAL_L1], reals[layout.REAL_L2] = settings.l1, settings.l2
    reals[layout.REAL_BOUND], reals[layout.REAL_TIME_LIMIT] = settings.divergence_bound, settings.time_limit
    return plan, reals


def execute(
    settings: Settings,
    dataset: Dataset,
    streams: Streams,
    catalogue: Catalogue,
    *,
    stop: Array | None = None,
    initial: Any = None,
    orders: Any = None,
    running: bool = False,
) -> Outcome:
    """Train once.

    stop: int64 (1,), polled at each step; anything but 0 ends the run. initial: flat start in place of the initializer's.
    orders: (epochs, rows) indices in place of the order policy. running: keep the mean cost of each mini-batch before its update.
    The caller pins BLAS to one thread (`optlab.blas.single_threaded`).

    Raises:
        OptlabError: a shape that does not fit, a plugin that is missing or breaks its contract.
    """
    wiring, optimizer = wire(settings, dataset, catalogue), catalogue.optimizer(settings.optimizer)
    rows, values = len(dataset.train), optimizer.values(dict(settings.hyper))
    batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
    w = _initial(initial, settings, wiring, streams, catalogue)
    table, period = hyper_table(optimizer, settings, catalogue, -(-rows // batch))
    plan, reals = _plan(settings, optimizer, rows, period, streams, running)
    reals[layout.REAL_TERMS] = wiring.terms

    parts = [dataset.train, dataset.validation, dataset.test]
    workspace, capacity = wiring.workspace(batch, max(len(part) for part in parts if part is not None))
    data = [arrays(part, settings.dtype) if part is not None else None for part in parts]
    contexts = [wiring.training_context(*pair, workspace, capacity) if pair is not None else None for pair in data]
    model = np.zeros(layout.MODEL_COLUMNS, dtype=np.int64)
    model[layout.MODEL_GRADIENT] = wiring.kernel.network_gradient.address
    model[layout.MODEL_EVALUATE] = wiring.kernel.network_evaluate.address
    assert contexts[0] is not None
    if plan[layout.PLAN_L2_MODE] == layout.L2_IN_MODEL:
        contexts[0][abi.NET_L2] = reals[layout.REAL_L2 :].ctypes.data
    model[layout.MODEL_CONTEXT] = contexts[0].ctypes.data
    for column, context, part in zip((layout.MODEL_TRAIN, layout.MODEL_VALIDATION, layout.MODEL_TEST), contexts, parts, strict=True):
        if context is not None and part is not None:
            model[column], model[column + 1] = context.ctypes.data, len(part)

    ran = loop.run(
        wiring.kernel, lay_out(optimizer, values, w, layer_table(wiring.sizes)), plan, reals, model, w, table,
        orders=_orders(orders, settings.epochs, rows), stop=stop,
    )  # fmt: skip
    result = ran.result
    curves = curves_of(ran.history, wiring, optimizer, settings, parts)
    status, sentence = verdict(ran.code, result, curves, wiring, dataset, settings)
    network = Network(
        wiring.sizes, tuple((a, dict(h)) for a, h in wiring.activations), wiring.cost.link, w, dataset.mean, dataset.scale, dataset.classes
    )
    return Outcome(
        status, sentence, curves, "accuracy" if dataset.task == "classification" else "r2", network,
        int(result[layout.RESULT_STEPS]), int(result[layout.RESULT_EPOCHS]), float(result[layout.RESULT_SECONDS]), float(curves[-1, 3]),
        ran.running,
    )  # fmt: skip


def _initial(initial: Any, settings: Settings, wiring: Wiring, streams: Streams, catalogue: Catalogue) -> Array:
    if initial is None:
        w = aligned(layout.parameter_count(wiring.sizes), settings.dtype)
        w[:] = start(settings, wiring.sizes, streams, catalogue)
        return w
    w, needed = np.array(initial, dtype=settings.dtype), layout.parameter_count(wiring.sizes)
    if w.shape != (needed,):
        raise OptlabError(f"initial has shape {w.shape}, but a network {wiring.sizes} has ({needed},) parameters")
    if not np.isfinite(w).all():
        raise OptlabError("initial holds a value that is not finite; give finite start parameters")
    return w


def _orders(orders: Any, epochs: int, rows: int) -> Array:
    if orders is None:
        return np.zeros((0, rows), dtype=np.int64)
    given = np.asarray(orders)
    if given.shape != (epochs, rows) or given.dtype.kind not in "iu":
        wanted = f"integers of shape (epochs, rows) = ({epochs}, {rows})"
        raise OptlabError(f"orders has shape {given.shape} and type {given.dtype}; give {wanted}")
    if given.size and (given.min() < 0 or given.max() >= rows):
        raise OptlabError(f"orders holds indices from {given.min()} to {given.max()}; rows are numbered 0 to {rows - 1}")
    return np.ascontiguousarray(given, dtype=np.int64)
