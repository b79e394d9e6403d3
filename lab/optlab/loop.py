"""The kernel's training loop with the arrays it works in: what training a network and minimising an objective have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi, requests
from optlab.kernel import layout
from optlab.kernel.load import Kernel
from optlab.memory import aligned
from optlab.rule_decorators import stage
from optlab.stages import Stages

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Ran:
    """What the loop leaves behind. Arrays: see `kernel.layout`.

    evaluated: the weights that the last row of the history evaluates: w, or a rule's average of it.
    running: mean cost of each mini-batch before its update, where the plan asked for it, else None.
    path: w after each step (steps, n), where asked for, else None.
    before: w as the rule's last update found it (n,), where asked for and there was a step, else None.
    """

    code: int
    history: Array
    result: Array
    evaluated: Array
    running: Array | None
    path: Array | None
    before: Array | None


@stage
def remember(w, g, before):  # type: ignore[no-untyped-def]
    """Keeps the weights as the stages behind it find them, and changes nothing."""
    return w, g, w


def _serving(model: Array, stages: Stages, kernel: Kernel) -> Array:
    """`model` with the addresses of what serves the rule's requests, which are compiled now where they never were."""
    asked = stages.requests - {requests.EVALUATE}
    if not asked:
        return model
    out = model.copy()
    if requests.HESSIAN_VECTOR in asked:
        out[layout.MODEL_HESSIAN_VECTOR] = kernel.hessian_vector.address
    if requests.GAUSS_NEWTON in asked and len(stages.layers):
        out[layout.MODEL_GAUSS_NEWTON] = kernel.gauss_newton.address
    if requests.SAMPLED_GRADIENT in asked and len(stages.layers):
        out[layout.MODEL_SAMPLED_GRADIENT] = kernel.sampled_gradient.address
    return out


def run(
    kernel: Kernel, stages: Stages, plan: Array, reals: Array, model: Array, w: Array, table: Array, *, orders: Array | None = None,
    stop: Array | None = None, keep_path: bool = False, keep_before: bool = False,
) -> Ran:  # fmt: skip
    """Train w in place.

    stages: the rule's, laid out from w, with a step's parameters per step behind their slots if `keep_path`, or one such vector if
    `keep_before`. table: swept hyper-parameters, one row per period of steps. plan, reals, model: as `kernel.layout` has them; what
    the clock and the rule decide of the plan is filled in here.
    orders: explicit mini-batch orders, none by default. stop: polled at each step.
    """
    rows, epochs, n, dtype = int(plan[layout.PLAN_ROWS]), int(plan[layout.PLAN_EPOCHS]), len(w), kernel.dtype
    steps = epochs * -(-rows // min(int(plan[layout.PLAN_BATCH]), rows))
    plan[layout.PLAN_CLOCK], plan[layout.PLAN_CLOCK_ID] = kernel.clock, kernel.clock_id
    plan[layout.PLAN_PENALTY_VALUE] = requests.EVALUATE in stages.requests
    rows_of_stages = stages.table
    if keep_path:  # one stage more, which only looks
        looks = np.zeros((1, abi.STAGE_COLUMNS), dtype=np.int64)
        looks[0, abi.STAGE_ADDRESS], looks[0, abi.STAGE_SLOTS] = kernel.recorder.address, stages.free
        rows_of_stages = np.concatenate([stages.table, looks])
    elif keep_before:
        looks = np.zeros((1, abi.STAGE_COLUMNS), dtype=np.int64)
        looks[0, abi.STAGE_ADDRESS], looks[0, abi.STAGE_SLOTS] = remember.compiled(dtype, {}).stage, stages.free
        rows_of_stages = np.concatenate([looks, stages.table])
    history = np.full((layout.history_rows(epochs, int(plan[layout.PLAN_EVALUATE_EVERY])), layout.HISTORY_COLUMNS), np.nan)
    batches = np.full(steps if plan[layout.PLAN_RUNNING] else 0, np.nan)
    result = np.zeros(layout.RESULT_SIZE)
    memory = aligned(layout.memory_size(n, stages.scratch), dtype)
    code = kernel.train(
        plan, reals, _serving(model, stages, kernel), w, memory, stages.slots, stages.scalars, rows_of_stages, table, stages.layers,
        np.zeros((0, rows), dtype=np.int64) if orders is None else orders, np.zeros(rows, dtype=np.int64), history, batches, result,
        np.zeros(1, dtype=np.int64) if stop is None else stop,
    )  # fmt: skip
    done = int(result[layout.RESULT_STEPS])
    path = stages.slots[stages.free :].reshape(steps, n)[:done] if keep_path else None
    before = stages.slots[stages.free : stages.free + n] if keep_before and done else None
    running = batches[:done] if plan[layout.PLAN_RUNNING] else None
    averages = done and stages.table[:, abi.STAGE_EVALUATION].any()
    return Ran(
        int(code), history[: int(result[layout.RESULT_HISTORY_ROWS])], result, memory[n : 2 * n] if averages else w, running, path, before
    )
