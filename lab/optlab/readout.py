"""From the kernel's arrays to what people read: curves in FLOPs and metrics, a status and its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import requests
from optlab.data import Dataset
from optlab.derived import variation
from optlab.kernel import layout
from optlab.outcome import CURVES
from optlab.prepared import Prepared
from optlab.settings import Settings

Array = npt.NDArray[Any]

LEARNED = 1e-6  # share of the constant predictor's cost that a run must gain to have learned anything: above rounding
_FIRST = [layout.HISTORY_EPOCH, layout.HISTORY_STEP, layout.HISTORY_SECONDS]
REQUESTS = {
    requests.EVALUATE: "a further evaluation",
    requests.HESSIAN_VECTOR: "a Hessian-vector product",
    requests.GAUSS_NEWTON: "a Gauss-Newton matrix",
    requests.SAMPLED_GRADIENT: "a sampled gradient",
}
SERVED = {
    requests.GAUSS_NEWTON: "; networks alone have one, for a rule that names `matrix`",
    requests.SAMPLED_GRADIENT: "; networks alone have one, with a softmax or sigmoid cost, for a rule that names `sampled`",
}


def curves_of(histories: Array, prepared: Prepared, step_flops: Array) -> Array:
    """(T, rows, len(CURVES)): the kernel's histories with FLOPs for evaluations and rows, and metrics as accuracy or R^2 for their sums.

    histories: (T, rows, columns), as `kernel.layout` has them. step_flops: (T,), of an update and the penalties.
    """
    curves = np.full((*histories.shape[:2], len(CURVES)), np.nan)
    curves[:, :, :3] = histories[:, :, _FIRST]
    per_step = histories[:, :, layout.HISTORY_STEP] * step_flops[:, None]
    curves[:, :, 3] = histories[:, :, layout.HISTORY_ROWS] * prepared.flops_per_row + per_step
    regression = prepared.wiring.task == "regression"
    costs = (layout.HISTORY_TRAIN_COST, layout.HISTORY_VALIDATION_COST, layout.HISTORY_TEST_COST)
    for column, source, part in zip((4, 6, 8), costs, prepared.parts, strict=True):
        if part is None:
            continue
        curves[:, :, column], total = histories[:, :, source], histories[:, :, source + 1]
        if not regression:
            np.divide(total, len(part), out=curves[:, :, column + 1])
        else:
            with np.errstate(divide="ignore", invalid="ignore"):  # constant targets have no R^2
                curves[:, :, column + 1] = 1 - total / variation(part)
    return curves


def unserved(optimizer: str, result: Array, step: int) -> str:
    """The sentence of a run that a rule ended with a request which nothing serves, or with an exception."""
    request = int(result[layout.RESULT_REQUEST])
    if request == requests.RAISED:
        return f"optimizer {optimizer} raised an exception in step {step}; `optlab check` on its file shows which"
    asked, calls = REQUESTS.get(request, f"the unknown request {request}"), int(result[layout.RESULT_ASK + requests.ASK_CALL])
    if calls >= layout.REQUEST_LIMIT:
        asked = f"more than {calls} answers"
    return f"optimizer {optimizer} asked for {asked} in step {step}, which the training loop does not serve{SERVED.get(request, '')}"


def bad_place(status: str, result: Array) -> tuple[int | None, int | None, int | None]:
    """(epoch, step, first layer that was not finite) of a run that diverged, counted from 1; None for what there is not."""
    if status != "diverged":
        return None, None, None
    if result[layout.RESULT_BAD_EPOCH] < 0:  # seen in the finished run alone: its last training cost is beyond the bound
        return int(result[layout.RESULT_EPOCHS]), int(result[layout.RESULT_STEPS]), None
    layer = int(result[layout.RESULT_BAD_LAYER])
    return int(result[layout.RESULT_BAD_EPOCH]), int(result[layout.RESULT_BAD_STEP]), layer + 1 if layer >= 0 else None


def verdict(code: int, result: Array, curves: Array, prepared: Prepared, dataset: Dataset, settings: Settings) -> tuple[str, str]:
    """(status, sentence)."""
    steps, epochs = int(result[layout.RESULT_STEPS]), int(result[layout.RESULT_EPOCHS])
    if code == layout.DIVERGED:
        where = f"step {int(result[layout.RESULT_BAD_STEP])}, epoch {int(result[layout.RESULT_BAD_EPOCH])}"
        cost, layer = result[layout.RESULT_BAD_COST], int(result[layout.RESULT_BAD_LAYER])
        if np.isfinite(cost) and layer < 0:
            initial = result[layout.RESULT_INITIAL_COST]
            bound = f"{settings.divergence_bound:g} times the initial {initial:.3g}"
            return "diverged", f"diverged at {where}: cost {cost:.3g} is beyond {bound}"
        return "diverged", f"diverged at {where}: not finite" + (f", first in layer {layer + 1}" if layer >= 0 else "")
    if code == layout.STOPPED:
        why = f"the time limit of {settings.time_limit:g} s" if 0 < settings.time_limit <= result[layout.RESULT_SECONDS] else "request"
        return "stopped", f"stopped by {why} after {steps} steps, {epochs} of {settings.epochs} epochs"
    if code == layout.ERROR:
        return "error", unserved(settings.optimizer, result, steps)
    final, initial = curves[-1, 4], result[layout.RESULT_INITIAL_COST]
    if not final <= settings.divergence_bound * max(abs(initial), layout.DIVERGENCE_FLOOR):
        return "diverged", f"diverged in the last epoch, {epochs}: the training cost is {final:.3g} after the initial {initial:.3g}"
    if dataset.validation is None:  # "stuck" is for choosing among runs, which needs validation data; one short run is just short
        return "done", f"finished {epochs} epochs"
    baseline = prepared.baseline
    if final >= baseline - LEARNED * abs(baseline):
        constant = f"a constant prediction's {baseline:.4g}"
        return "stuck", f"finished {epochs} epochs, but its training cost {final:.4g} is no better than {constant}"
    return "done", f"finished {epochs} epochs"
