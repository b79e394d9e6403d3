"""One training run: settings, data and streams in, outcome out."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator, Sequence
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
from optlab.prepared import Prepared, penalty_flops
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
_SPENT = [layout.RESULT_STEPS, layout.RESULT_EPOCHS, layout.RESULT_SECONDS]
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
    initial: Any = None,
    orders: Any = None,
    running: bool = False,
    diagnostics: bool = False,
) -> Outcome:
    """Train once.

    initial: flat start in place of the initializer's. orders: (epochs, rows) indices in place of the order policy.
    running: keep the mean cost of each mini-batch before its update.
    diagnostics: look at the network at the end, over the training rows (`Outcome.diagnosis`); it changes no other number.
    The caller pins BLAS to one thread (`optlab.blas.single_threaded`).

    Raises:
        OptlabError: a shape that does not fit, a plugin that is missing or breaks its contract.
    """
    ready = Prepared(settings, dataset, catalogue)
    first = ready.start(streams) if initial is None else _given(initial, settings, ready.wiring.sizes)
    [ran] = loop.run(
        ready.wiring.kernel, ready.model, [_job(ready, settings, streams, catalogue, first, running)],
        orders=_orders(orders, settings.epochs, len(dataset.train)), keep_before=diagnostics, outputs=ready.outputs_left(),
    )  # fmt: skip
    [outcome] = _outcomes([ran], ready, [settings], dataset, diagnostics, area=True)
    return outcome


def _job(ready: Prepared, settings: Settings, streams: Streams, catalogue: Catalogue, first: Array, running: bool = False) -> loop.Job:
    tuned, rows = ready.tuned(settings), len(ready.parts[0])
    table, period = hyper_table(tuned.rule, settings, catalogue, -(-rows // ready.batch))
    plan, reals = _plan(settings, tuned.rule, rows, period, streams, running)
    reals[layout.REAL_TERMS] = ready.wiring.terms
    return loop.Job(tuned.arrangement, first, table, plan, reals)


def _outcomes(
    ran: Sequence[loop.Ran], ready: Prepared, settings: Sequence[Settings], dataset: Dataset, diagnostics: bool, area: bool
) -> Iterator[Outcome]:
    """The outcome of each trial, in turn. What NumPy can do for all of them at once is done so: alone it took 80 us per trial."""
    wiring = ready.wiring
    # What the history evaluates is what predicts: an average of w where the rule keeps one.
    activations = tuple((a, dict(h)) for a, h in wiring.activations)
    metric, cost = "accuracy" if dataset.task == "classification" else "r2", (wiring.cost, dict(wiring.cost_hyper))
    tables = list(_curves(ran, ready, settings))
    known = zip(ran, tables, settings, strict=True)
    verdicts = [verdict(one.code, one.result, curves, ready, dataset, own) for one, curves, own in known]
    finished = [status not in ("diverged", "error") for status, _ in verdicts]
    classes = iter(_classified(list(itertools.compress(ran, finished)), ready, dataset, area))
    for one, curves, (status, sentence), sound in zip(ran, tables, verdicts, finished, strict=True):
        network = Network(wiring.sizes, activations, wiring.cost.link, one.evaluated, dataset.mean, dataset.scale, dataset.classes)
        confusion, roc_auc = next(classes) if sound else (None, math.nan)
        diagnosis = None
        if diagnostics and sound and np.isfinite(one.w).all():
            diagnosis = examine(network, cost, dataset.train.X, dataset.train.Y, update_ratio(one.before, one.w, wiring.sizes))
        steps, epochs, seconds = one.result[_SPENT].tolist()
        yield Outcome(
            status, sentence, curves, metric, network, int(steps), int(epochs), seconds, float(curves[-1, 3]), one.running, cost,
            confusion, roc_auc, *bad_place(status, one.result), diagnosis,
        )  # fmt: skip


def _curves(ran: Sequence[loop.Ran], ready: Prepared, settings: Sequence[Settings]) -> Iterator[Array]:
    flops = [ready.tuned(one).step_flops + penalty_flops(one, ready.weights) for one in settings]
    for _, alike in itertools.groupby(zip(ran, flops, strict=True), lambda one: one[0].history.shape):
        histories, per_step = zip(*((one.history, cost) for one, cost in alike), strict=True)
        yield from curves_of(np.array(histories), ready, np.array(per_step))


def _classified(ran: Sequence[loop.Ran], ready: Prepared, dataset: Dataset, area: bool) -> Sequence[tuple[Array | None, float]]:
    """(confusion matrix, ROC-AUC) on the test rows, of each trial."""
    if dataset.test is None or dataset.task == "regression" or not ran:
        return [(None, math.nan)] * len(ran)
    return classified(np.array([ready.test_outputs(one) for one in ran]), dataset.test, ready.wiring.cost.link, area)


class Executor:
    """`execute` for many trials from many threads: each thread keeps what its last trial has in common with the next.

    stop: int64 (1,), polled at each step; anything but 0 ends the trials.
    """

    def __init__(self, catalogue: Catalogue, stop: Array | None = None) -> None:
        self._catalogue, self._stop, self._kept = catalogue, stop, threading.local()

    def __call__(
        self, trials: Sequence[tuple[Settings, Streams]], dataset: Dataset, diagnostics: bool = False, area: bool = True
    ) -> list[Outcome | BaseException]:
        """The outcome of each trial, or why it has none; see `execute`. Neighbours that differ in numbers alone share a call.

        area: take the area under the ROC curve, too.
        """
        found: dict[int, Outcome | BaseException] = {}
        waiting: list[tuple[int, Settings, loop.Job]] = []
        ready: Prepared | None = getattr(self._kept, "prepared", None)
        for place, (settings, streams) in enumerate(trials):
            try:
                if ready is None or not ready.fits(settings, dataset, self._catalogue):
                    found |= self._run(ready, waiting, dataset, diagnostics, area)
                    waiting = []
                    self._kept.prepared = ready = Prepared(settings, dataset, self._catalogue)
                waiting.append((place, settings, _job(ready, settings, streams, self._catalogue, ready.start(streams))))
            except BaseException as error:  # also of a plugin that calls sys.exit()
                found[place] = error
        found |= self._run(ready, waiting, dataset, diagnostics, area)
        return [found[place] for place in range(len(trials))]

    def _run(
        self, ready: Prepared | None, waiting: list[tuple[int, Settings, loop.Job]], dataset: Dataset, diagnostics: bool, area: bool
    ) -> dict[int, Outcome | BaseException]:
        found: dict[int, Outcome | BaseException] = {}
        if ready is None:
            return found
        for _, alike in itertools.groupby(waiting, lambda one: one[2].shape):
            group = list(alike)
            jobs, kernel = [job for _, _, job in group], ready.wiring.kernel
            try:
                ran = loop.run(kernel, ready.model, jobs, stop=self._stop, keep_before=diagnostics, outputs=ready.outputs_left())
                outcomes = _outcomes(ran, ready, [settings for _, settings, _ in group], dataset, diagnostics, area)
                for (place, _, _), outcome in zip(group, outcomes, strict=True):
                    found[place] = outcome
            except BaseException as error:  # also of a plugin that calls sys.exit()
                found |= {place: error for place, _, _ in group if place not in found}
        return found


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
