"""The training loop of one trial. Arrays: see `layout`, where each is one of several.

A step: rows of the mini-batch -> cost and gradient (coupled penalties in it) -> tests -> decoupled L2 -> chain of stages ->
proximal L1. Nothing is allocated; the caller owns all memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.abi import (
    LAYER_B,
    LAYER_COLUMNS,
    LAYER_IN,
    LAYER_OUT,
    LAYER_W,
    STAGE_EVALUATION,
    STAGE_HYPER,
    STAGE_SLOTS,
    advance,
    call_evaluation_weights,
    call_model_evaluate,
    int64_at,
)
from optlab.jit import internal
from optlab.kernel import layout, penalties
from optlab.kernel.chain import hyper_row, objective, update
from optlab.kernel.layout import (
    DIVERGED,
    DIVERGENCE_FLOOR,
    DONE,
    ERROR,
    L1_PROXIMAL,
    L2_DECOUPLED,
    ORDER_REPLACEMENT,
    STOPPED,
)
from optlab.kernel.memory import clock, pointer_of
from optlab.kernel.random import next_order
from optlab.kernel.vectors import all_finite


@internal
def first_bad_layer(layers: Any, n_layers: Any, w: Any, g: Any) -> Any:
    """First layer with a non-finite parameter or gradient, -1 if none."""
    for layer in range(n_layers):
        row = advance(layers, layer * LAYER_COLUMNS)
        count, bias, n_out = row[LAYER_IN] * row[LAYER_OUT], row[LAYER_B], row[LAYER_OUT]
        if not (all_finite(advance(w, row[LAYER_W]), count) and all_finite(advance(w, bias), n_out)):
            return layer
        if not (all_finite(advance(g, row[LAYER_W]), count) and all_finite(advance(g, bias), n_out)):
            return layer
    return -1


@internal
def evaluated_weights(stages: Any, hyper: Any, w: Any, slots: Any, step: Any, n: Any, out: Any) -> Any:
    """The weights that the history evaluates: those of the last stage that has its own, else w; before training always w."""
    for back in range(stages.shape[0]):
        index = stages.shape[0] - 1 - back
        if step > 0 and stages[index, STAGE_EVALUATION] != 0:
            own = advance(slots, stages[index, STAGE_SLOTS])
            call_evaluation_weights(stages[index, STAGE_EVALUATION], w, own, advance(hyper, stages[index, STAGE_HYPER]), step, n, out)
            return out
    return w


@internal
def record(history: Any, epoch: Any, step: Any, result: Any) -> Any:
    """Begin a row of the history: counters, and NaN for what is measured. Returns its index."""
    index = np.int64(result[layout.RESULT_HISTORY_ROWS])
    result[layout.RESULT_HISTORY_ROWS] += 1.0
    for column in range(layout.HISTORY_COLUMNS):
        history[index, column] = np.nan
    history[index, layout.HISTORY_EPOCH] = epoch
    history[index, layout.HISTORY_STEP] = step
    history[index, layout.HISTORY_SECONDS] = result[layout.RESULT_SECONDS]
    history[index, layout.HISTORY_EVALUATIONS] = result[layout.RESULT_EVALUATIONS]
    history[index, layout.HISTORY_ROWS] = result[layout.RESULT_ROWS]
    return index


@internal
def evaluate(history: Any, index: Any, model: Any, terms: Any, w: Any, result: Any) -> None:
    """Mean cost and summed metric of the sets that there are, into row `index`."""
    sums = advance(pointer_of(result), layout.RESULT_SUMS)
    for which in range(3):
        context, rows = model[layout.MODEL_TRAIN + 2 * which], model[layout.MODEL_TRAIN_ROWS + 2 * which]
        if context != 0:
            call_model_evaluate(model[layout.MODEL_EVALUATE], int64_at(context), w, sums)
            history[index, layout.HISTORY_TRAIN_COST + 2 * which] = sums[0] / (rows * terms)
            history[index, layout.HISTORY_TRAIN_METRIC + 2 * which] = sums[1]


@internal
def seconds(plan: Any) -> Any:
    return clock(plan[layout.PLAN_CLOCK], plan[layout.PLAN_CLOCK_ID]) if plan[layout.PLAN_CLOCK] != 0 else 0.0


def train(
    plan: Any, reals: Any, model: Any, w: Any, memory: Any, slots: Any, scalars: Any, stages: Any, hyper: Any, layers: Any, orders: Any,
    permutation: Any, history: Any, running: Any, result: Any, stop: Any,
) -> Any:  # fmt: skip
    """Run one trial. Returns a status of `layout`; w, slots, history and result hold the outcome."""
    n, n_rows, n_layers = w.shape[0], plan[layout.PLAN_ROWS], layers.shape[0]
    batch = min(plan[layout.PLAN_BATCH], n_rows)
    biases, policy, lr_column = plan[layout.PLAN_PENALISE_BIASES], plan[layout.PLAN_ORDER], plan[layout.PLAN_LR_COLUMN]
    terms, time_limit = reals[layout.REAL_TERMS], reals[layout.REAL_TIME_LIMIT]
    l1 = reals[layout.REAL_L1] if plan[layout.PLAN_L1_MODE] == L1_PROXIMAL else 0.0
    l2 = reals[layout.REAL_L2] if plan[layout.PLAN_L2_MODE] == L2_DECOUPLED else 0.0
    with_penalty = plan[layout.PLAN_RUNNING] != 0 or plan[layout.PLAN_PENALTY_VALUE] != 0
    parameters, g, outcome, table = pointer_of(w), pointer_of(memory), pointer_of(result), pointer_of(layers)
    averaged, scratch = advance(g, n), advance(g, 2 * n)
    slot_memory, scalar_memory, hyper_table = pointer_of(slots), pointer_of(scalars), pointer_of(hyper)
    bias, outputs = 0, 0
    if n_layers > 0:
        bias, outputs = layers[n_layers - 1, LAYER_B], layers[n_layers - 1, LAYER_OUT]

    for column in range(layout.RESULT_SIZE):
        result[column] = 0.0
    result[layout.RESULT_BAD_STEP] = result[layout.RESULT_BAD_EPOCH] = result[layout.RESULT_BAD_LAYER] = -1.0
    result[layout.RESULT_BAD_COST] = np.nan
    index = record(history, 0, 0, result)
    evaluate(history, index, model, terms, parameters, result)
    initial = history[index, layout.HISTORY_TRAIN_COST]
    known = not np.isnan(initial)
    limit = reals[layout.REAL_BOUND] * max(abs(initial), DIVERGENCE_FLOOR) if known else np.inf
    result[layout.RESULT_INITIAL_COST] = initial

    status, step, epoch, trained, every = DONE, 0, 0, 0.0, plan[layout.PLAN_EVALUATE_EVERY]
    hyper_now = hyper_table
    begin = seconds(plan)
    while status == DONE and epoch < plan[layout.PLAN_EPOCHS]:
        epoch += 1
        # A full batch is taken as it lies: its order changes nothing but rounding, and gathering would copy every row.
        order = int64_at(0)
        if orders.shape[0] > 0:
            order = advance(pointer_of(orders), (epoch - 1) * orders.shape[1])
        elif batch < n_rows or policy == ORDER_REPLACEMENT:
            order = pointer_of(permutation)
            next_order(order, n_rows, policy, epoch, plan[layout.PLAN_KEY0], plan[layout.PLAN_KEY1])
        rows = order
        for first in range(0, n_rows, batch):
            if stop[0] != 0 or (time_limit > 0.0 and trained + seconds(plan) - begin > time_limit):
                status = STOPPED
                break
            m = min(batch, n_rows - first)
            if batch < n_rows:
                rows = advance(order, first)
            cost, penalty = objective(
                pointer_of(plan), pointer_of(reals), pointer_of(model), table, n_layers, parameters, g, n, rows, m, with_penalty, outcome
            )
            if not known:
                known, limit = True, reals[layout.REAL_BOUND] * max(abs(cost), DIVERGENCE_FLOOR)
                result[layout.RESULT_INITIAL_COST] = cost
            if not (np.isfinite(cost) and cost <= limit and all_finite(advance(g, bias), outputs)):
                status = DIVERGED
                result[layout.RESULT_BAD_COST], result[layout.RESULT_BAD_STEP] = cost, step + 1
                break
            if plan[layout.PLAN_RUNNING] != 0:
                running[step] = cost + penalty
            step += 1
            hyper_now = advance(hyper_table, hyper_row(plan[layout.PLAN_HYPER_PERIOD], hyper.shape[0], step) * hyper.shape[1])
            if l2 != 0.0:
                penalties.shrink(parameters, n, 1.0 - hyper_now[lr_column] * l2, table, n_layers, biases)
            if not update(
                pointer_of(plan), pointer_of(reals), pointer_of(model), pointer_of(stages), stages.shape[0], table, n_layers, hyper_now,
                parameters, g, n, slot_memory, scalar_memory, scratch, step, rows, m, cost + penalty, outcome,
            ):  # fmt: skip
                status = ERROR
                break
            if l1 != 0.0:
                penalties.threshold(parameters, n, hyper_now[lr_column] * l1, table, n_layers, biases)
        if status == DONE and not all_finite(parameters, n):
            status = DIVERGED
            result[layout.RESULT_BAD_STEP] = step
        trained += seconds(plan) - begin
        result[layout.RESULT_SECONDS] = trained
        if status == DONE:
            result[layout.RESULT_EPOCHS] = epoch
        if status != DONE or epoch == plan[layout.PLAN_EPOCHS] or (every > 0 and epoch % every == 0):
            index = record(history, epoch, step, result)
            if status in (DONE, STOPPED):
                weights = evaluated_weights(stages, hyper_now, parameters, slot_memory, step, n, averaged)
                evaluate(history, index, model, terms, weights, result)
        begin = seconds(plan)
    result[layout.RESULT_STEPS] = step
    if status == DIVERGED:
        result[layout.RESULT_BAD_EPOCH] = epoch
        result[layout.RESULT_BAD_LAYER] = first_bad_layer(table, n_layers, parameters, g)
    return status
