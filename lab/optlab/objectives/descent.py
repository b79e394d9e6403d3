"""`optlab.minimise`: one optimizer on one objective, through the same training loop as a network's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from optlab import loop
from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kernel import layout
from optlab.kernel.load import load
from optlab.kinds import Objective
from optlab.objectives.models import Model, model_of
from optlab.objectives.quadratics import Quadratic
from optlab.readout import unserved
from optlab.registry import catalogue_with, name_of
from optlab.rules import Rule
from optlab.stages import arrange
from optlab.streams import Streams

Array = npt.NDArray[Any]
Dtype = Literal["float32", "float64"]


@dataclass(frozen=True, eq=False)
class Descent:
    """One finished minimisation.

    status: "done", "diverged" (a value or a parameter that is not finite) or "error"; `sentence` says it in words.
    values: objective before each step and after the last one (steps + 1), without noise; NaN where it was not finite or not asked for.
    evaluations: gradients computed until then (steps + 1). path: the parameters then (steps + 1, n), or None.
    minimum: the lowest value there is, where known.
    """

    objective: str
    optimizer: str
    hyper: dict[str, Value]
    status: str
    sentence: str
    values: Array
    evaluations: Array
    path: Array | None
    parameters: Array
    steps: int
    seconds: float
    minimum: float | None

    @property
    def value(self) -> float:
        """The last value; infinity for what diverged."""
        return float(self.values[-1]) if self.status == "done" else float("inf")


def minimise(
    objective: str | Objective | Quadratic,
    optimizer: str | Rule = "adam",
    hyper: Mapping[str, Value] | None = None,
    start: Sequence[float] | None = None,
    steps: int = 1000,
    *,
    options: Mapping[str, Value] | None = None,
    dtype: Dtype = "float64",
    seed: int = 0,
    keep_path: bool = True,
    every_step: bool = True,
) -> Descent:
    """Minimise an objective with an optimizer, one gradient a step.

    Args:
        objective: a name (`optlab plugins`), anything made by ``@objective``, or by `optlab.quadratic`.
        hyper: the optimizer's hyper-parameters; `options`: the objective's, such as ``{"dimension": 10}``. The others keep their defaults.
        start: first point; by default the objective's usual one.
        seed: of the noise, where the objective has any.
        keep_path: keep the parameters after each step. every_step: the objective after each step, else only first and last.

    Raises:
        OptlabError: an argument that does not fit, in one sentence.
    """
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise OptlabError(f"minimise: steps = {steps!r} is not allowed; it must be a whole number >= 0")
    if dtype not in ("float32", "float64"):
        raise OptlabError(f"minimise: dtype = {dtype!r} is not allowed; it must be one of float32, float64")
    catalogue = catalogue_with(optimizer, objective)
    found = objective if isinstance(objective, Quadratic) else catalogue.objective(name_of(objective))
    model = model_of(found, options or {}, dtype, Streams(seed))
    rule = catalogue.optimizer(name_of(optimizer))
    return descend(model, rule, rule.values(dict(hyper or {})), start, int(steps), keep_path=keep_path, every_step=every_step)


def descend(
    model: Model, rule: Rule, values: dict[str, Value], start: Sequence[float] | None, steps: int, *, keep_path: bool, every_step: bool
) -> Descent:
    """`minimise` on a compiled model."""
    first = _start(model, start)
    kernel = load(model.dtype)
    plan, reals = np.zeros(layout.PLAN_COLUMNS, dtype=np.int64), np.zeros(layout.REAL_COLUMNS)
    plan[layout.PLAN_EPOCHS], plan[layout.PLAN_BATCH], plan[layout.PLAN_ROWS] = steps, 1, 1  # an epoch is one step on one row
    plan[layout.PLAN_EVALUATE_EVERY], plan[layout.PLAN_LR_COLUMN] = every_step, -1
    reals[layout.REAL_BOUND], reals[layout.REAL_TERMS] = np.inf, 1.0
    address = model.context.ctypes.data
    table = np.zeros(layout.MODEL_COLUMNS, dtype=np.int64)
    table[layout.MODEL_GRADIENT], table[layout.MODEL_EVALUATE] = model.gradient, model.evaluate
    table[layout.MODEL_CONTEXT] = table[layout.MODEL_TRAIN] = address
    table[layout.MODEL_TRAIN_ROWS] = 1
    orders = np.arange(steps, dtype=np.int64).reshape(-1, 1) if model.noisy else None  # step k meets row k of the noise
    arranged = arrange(rule, values, len(first), model.dtype)
    job = loop.Job(arranged, first, np.array([rule.block(values)]).reshape(1, -1), plan, reals)
    with single_threaded():
        [ran] = loop.run(kernel, table, [job], orders=orders, keep_path=keep_path)
    done = int(ran.result[layout.RESULT_STEPS])
    costs, calls = np.full(done + 1, np.nan), np.zeros(done + 1)
    for row in ran.history:
        if np.isfinite(row[layout.HISTORY_TRAIN_COST]):
            costs[int(row[layout.HISTORY_STEP])] = row[layout.HISTORY_TRAIN_COST]
        calls[int(row[layout.HISTORY_STEP])] = row[layout.HISTORY_EVALUATIONS]
    status, sentence = _verdict(ran, done, bool(np.isfinite(costs[-1])), rule.name)
    path = np.concatenate([first[None, :], ran.path]) if ran.path is not None else None
    seconds = float(ran.result[layout.RESULT_SECONDS])
    return Descent(model.name, rule.name, values, status, sentence, costs, calls, path, ran.w, done, seconds, model.known.minimum)


def _start(model: Model, start: Sequence[float] | None) -> Array:
    w = np.array(model.known.start if start is None else start, dtype=model.dtype)
    if w.shape != (model.dimension,) or not np.isfinite(w).all():
        raise OptlabError(f"minimise: start {w.tolist()!r:.60} does not fit {model.name}, which takes {model.dimension} finite numbers")
    return w


def _verdict(ran: loop.Ran, steps: int, finite: bool, rule: str) -> tuple[str, str]:
    if ran.code == layout.DIVERGED or (ran.code == layout.DONE and not finite):
        return "diverged", f"diverged: not finite after {steps} steps"
    if ran.code == layout.ERROR:
        return "error", unserved(rule, ran.result, steps)
    return "done", f"finished {steps} steps"
