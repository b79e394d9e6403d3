"""The kernel's training loop with the arrays it works in: what training networks and minimising an objective have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi, requests
from optlab.kernel import layout
from optlab.kernel.load import Kernel
from optlab.memory import aligned, aligned_rows
from optlab.rule_decorators import stage
from optlab.stages import Arrangement

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Job:
    """One trial for the loop. Arrays: see `kernel.layout`; what the clock and the rule decide of the plan is filled in by `run`.

    rule: laid out for the parameters. start: first weights (n,). table: swept hyper-parameters, one row per period of steps.
    """

    rule: Arrangement
    start: Array
    table: Array
    plan: Array
    reals: Array

    @property
    def shape(self) -> tuple[Any, ...]:
        """What jobs on one model must have in common to be run in one call."""
        rule, plan = self.rule, self.plan
        planned = [plan[layout.PLAN_EPOCHS], plan[layout.PLAN_BATCH], plan[layout.PLAN_EVALUATE_EVERY], plan[layout.PLAN_RUNNING]]
        return rule.table.shape, rule.size, len(rule.scalars), rule.requests, rule.scratch, self.table.shape, *planned


@dataclass(frozen=True, eq=False)
class Ran:
    """What the loop leaves behind of one trial. Arrays: see `kernel.layout`.

    w: last parameters (n,). evaluated: the weights that the last row of the history evaluates: w, or a rule's average of it.
    running: mean cost of each mini-batch before its update, where the plan asked for it, else None.
    path: w after each step (steps, n), where asked for, else None.
    before: w as the rule's last update found it (n,), where asked for and there was a step, else None.
    outputs: what stood at the place that was asked for after the trial (its number of elements,).
    """

    code: int
    history: Array
    result: Array
    w: Array
    evaluated: Array
    running: Array | None
    path: Array | None
    before: Array | None
    outputs: Array


@stage
def remember(w, g, before):  # type: ignore[no-untyped-def]
    """Keeps the weights as the stages behind it find them, and changes nothing."""
    return w, g, w


def _serving(model: Array, rule: Arrangement, kernel: Kernel) -> Array:
    """`model` with the addresses of what serves the rule's requests, which are compiled now where they never were."""
    out, asked = model.copy(), rule.requests
    if requests.HESSIAN_VECTOR in asked:
        out[layout.MODEL_HESSIAN_VECTOR] = kernel.hessian_vector.address
    if requests.GAUSS_NEWTON in asked and len(rule.layers):
        out[layout.MODEL_GAUSS_NEWTON] = kernel.gauss_newton.address
    if requests.SAMPLED_GRADIENT in asked and len(rule.layers):
        out[layout.MODEL_SAMPLED_GRADIENT] = kernel.sampled_gradient.address
    return out


def _stages(jobs: Sequence[Job], address: int, last: bool) -> Array:
    """(T, stages, columns) of all jobs, with one that only looks behind or before them where its address is given."""
    rows = np.array([job.rule.table for job in jobs])
    if not address:
        return rows
    looks = np.zeros((len(jobs), 1, abi.STAGE_COLUMNS), dtype=np.int64)
    looks[:, 0, abi.STAGE_ADDRESS], looks[:, 0, abi.STAGE_SLOTS] = address, jobs[0].rule.size
    return np.concatenate([rows, looks] if last else [looks, rows], axis=1)


def run(
    kernel: Kernel, model: Array, jobs: Sequence[Job], *, orders: Array | None = None, stop: Array | None = None, keep_path: bool = False,
    keep_before: bool = False, outputs: Array | None = None,
) -> list[Ran]:  # fmt: skip
    """Train from each job's start; the jobs are of one `shape`. model: as `kernel.layout` has it.

    orders: explicit mini-batch orders, none by default. stop: polled at each step. keep_path, keep_before: see `Ran`. outputs: memory
    that each trial leaves something in, kept from it.
    """
    one, count, dtype = jobs[0], len(jobs), kernel.dtype
    rule, rows, epochs, n = one.rule, int(one.plan[layout.PLAN_ROWS]), int(one.plan[layout.PLAN_EPOCHS]), len(one.start)
    steps = epochs * -(-rows // min(int(one.plan[layout.PLAN_BATCH]), rows))
    plan, reals = np.array([job.plan for job in jobs]), np.array([job.reals for job in jobs])
    plan[:, layout.PLAN_CLOCK], plan[:, layout.PLAN_CLOCK_ID] = kernel.clock, kernel.clock_id
    plan[:, layout.PLAN_PENALTY_VALUE], plan[:, layout.PLAN_PARAMETERS] = requests.EVALUATE in rule.requests, n
    looks = kernel.recorder.address if keep_path else remember.compiled(dtype, {}).stage if keep_before else 0
    w = aligned_rows(count, n, dtype)
    slots = aligned_rows(count, rule.size + n * (steps if keep_path else keep_before), dtype)
    for k, job in enumerate(jobs):
        w[k, :n] = job.start
        job.rule.fill(slots[k], job.start)
    history = np.full((count, layout.history_rows(epochs, int(one.plan[layout.PLAN_EVALUATE_EVERY])), layout.HISTORY_COLUMNS), np.nan)
    batches = np.full((count, steps if one.plan[layout.PLAN_RUNNING] else 0), np.nan)
    result, codes = np.zeros((count, layout.RESULT_SIZE)), np.zeros(count, dtype=np.int64)
    averages = np.empty((count, n if rule.table[:, abi.STAGE_EVALUATION].any() else 0), dtype)
    served = _serving(model, rule, kernel)
    kept = np.empty((count, 0 if outputs is None else outputs.size), dtype)
    served[layout.MODEL_OUTPUTS] = 0 if outputs is None else outputs.ctypes.data
    kernel.train(
        plan, reals, served, w, aligned(layout.memory_size(n, rule.scratch), dtype), slots, np.array([job.rule.scalars for job in jobs]),
        _stages(jobs, looks, keep_path), np.array([job.table for job in jobs]), rule.layers,
        np.zeros((0, rows), dtype=np.int64) if orders is None else orders, np.zeros(rows, dtype=np.int64), history, batches, result,
        averages, kept, codes, np.zeros(1, dtype=np.int64) if stop is None else stop,
    )  # fmt: skip
    found = []
    for k, code in enumerate(codes.tolist()):
        done, end = int(result[k, layout.RESULT_STEPS]), int(result[k, layout.RESULT_HISTORY_ROWS])
        looked = slots[k, rule.size :]
        path = looked[: steps * n].reshape(steps, n)[:done] if keep_path else None
        before = looked[:n] if keep_before and done else None
        running = batches[k, :done] if one.plan[layout.PLAN_RUNNING] else None
        last, average = w[k, :n], averages[k] if done and averages.size else None
        found.append(Ran(code, history[k, :end], result[k], last, last if average is None else average, running, path, before, kept[k]))
    return found
