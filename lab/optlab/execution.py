"""One training run: settings, data and streams in, outcome out."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import loop
from optlab.classified import classified
from optlab.data import Dataset
from optlab.diagnostics import examine, update_ratio
from optlab.errors import OptlabError
from optlab.kernel import layout
from optlab.network import Network
from optlab.outcome import Outcome
from optlab.prepared import Prepared
from optlab.readout import bad_place, curves_of, verdict
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.settings import Settings
from optlab.streams import Streams
from optlab.timetable import hyper_table

Array = npt.NDArray[Any]

ORDERS = {
    "fresh": layout.ORDER_FRESH,
    "fixed": layout.ORDER_FIXED,
    "cumulative": layout.ORDER_CUMULATIVE,
    "replacement": layout.ORDER_REPLACEMENT,
}
L1_MODES = {"subgradient": layout.L1_SUBGRADIENT, "proximal": layout.L1_PROXIMAL}
L2_MODES = {"coupled": layout.L2_COUPLED, "decoupled": layout.L2_DECOUPLED}


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
    prepared: Prepared | None = None,
    stop: Array | None = None,
    initial: Any = None,
    orders: Any = None,
    running: bool = False,
    diagnostics: bool = False,
    area: bool = True,
) -> Outcome:
    """Train once.

    prepared: `Prepared(settings, dataset, catalogue)` or one that fits them; made where it is not given.
    stop: int64 (1,), polled at each step; anything but 0 ends the run. initial: flat start in place of the initializer's.
    orders: (epochs, rows) indices in place of the order policy. running: keep the mean cost of each mini-batch before its update.
    diagnostics: look at the network at the end, over the training rows (`Outcome.diagnosis`); it changes no other number.
    area: take the area under the ROC curve, too.
    The caller pins BLAS to one thread (`optlab.blas.single_threaded`).

    Raises:
        OptlabError: a shape that does not fit, a plugin that is missing or breaks its contract.
    """
    ready = prepared or Prepared(settings, dataset, catalogue)
    wiring, rows, tuned = ready.wiring, len(dataset.train), ready.tuned(settings)
    w = ready.start(streams) if initial is None else _given(initial, settings, wiring.sizes)
    table, period = hyper_table(tuned.rule, settings, catalogue, -(-rows // ready.batch))
    plan, reals = _plan(settings, tuned.rule, rows, period, streams, running)
    reals[layout.REAL_TERMS] = wiring.terms
    ready.penalise_in_model(reals[layout.REAL_L2 :] if plan[layout.PLAN_L2_MODE] == layout.L2_IN_MODEL else None)
    ran = loop.run(
        wiring.kernel, tuned.arrangement.begin(w, len(w) if diagnostics else 0), plan, reals, ready.model, w, table,
        orders=_orders(orders, settings.epochs, rows), stop=stop, keep_before=diagnostics,
    )  # fmt: skip
    result = ran.result
    curves = curves_of(ran.history, ready, tuned.step_flops, settings)
    status, sentence = verdict(ran.code, result, curves, ready, dataset, settings)
    # What the history evaluates is what predicts: an average of w where the rule keeps one.
    final = w if ran.evaluated is w else np.array(ran.evaluated)
    activations = tuple((a, dict(h)) for a, h in wiring.activations)
    network = Network(wiring.sizes, activations, wiring.cost.link, final, dataset.mean, dataset.scale, dataset.classes)
    cost, finished = (wiring.cost, dict(wiring.cost_hyper)), status not in ("diverged", "error")
    confusion, roc_auc = _classified(ready, dataset, ran.evaluated, area) if finished else (None, math.nan)
    diagnosis = None
    if diagnostics and finished and np.isfinite(w).all():
        diagnosis = examine(network, cost, dataset.train.X, dataset.train.Y, update_ratio(ran.before, w, wiring.sizes))
    return Outcome(
        status, sentence, curves, "accuracy" if dataset.task == "classification" else "r2", network,
        int(result[layout.RESULT_STEPS]), int(result[layout.RESULT_EPOCHS]), float(result[layout.RESULT_SECONDS]), float(curves[-1, 3]),
        ran.running, cost, confusion, roc_auc, *bad_place(status, result), diagnosis,
    )  # fmt: skip


def _classified(ready: Prepared, dataset: Dataset, evaluated: Array, area: bool) -> tuple[Array | None, float]:
    """(confusion matrix, ROC-AUC) on the test rows, right after the run."""
    if dataset.test is None or dataset.task == "regression":
        return None, math.nan
    outputs = ready.test_outputs(evaluated)
    assert outputs is not None
    return classified(outputs, dataset.test, ready.wiring.cost.link, area)


class Executor:
    """`execute` for many trials from many threads: each thread keeps what its last trial has in common with the next."""

    def __init__(self, catalogue: Catalogue, stop: Array | None = None) -> None:
        self._catalogue, self._stop, self._kept = catalogue, stop, threading.local()

    def __call__(self, settings: Settings, dataset: Dataset, streams: Streams, diagnostics: bool = False, area: bool = True) -> Outcome:
        """The outcome of one trial; see `execute`."""
        prepared: Prepared | None = getattr(self._kept, "prepared", None)
        if prepared is None or not prepared.fits(settings, dataset, self._catalogue):
            self._kept.prepared = prepared = Prepared(settings, dataset, self._catalogue)
        return execute(settings, dataset, streams, self._catalogue, prepared=prepared, stop=self._stop, diagnostics=diagnostics, area=area)


def _given(initial: Any, settings: Settings, sizes: tuple[int, ...]) -> Array:
    w, needed = np.array(initial, dtype=settings.dtype), layout.parameter_count(sizes)
    if w.shape != (needed,):
        raise OptlabError(f"initial has shape {w.shape}, but a network {sizes} has ({needed},) parameters")
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
