"""The update rule alone, on a fixed tape of gradients: what trajectories, plain twins and reference libraries are compared on."""

from __future__ import annotations

from typing import Any

from optlab.abi import advance
from optlab.kernel.chain import hyper_row, update
from optlab.kernel.layout import DONE, ERROR, PLAN_HYPER_PERIOD, RESULT_REQUEST, RESULT_STEPS
from optlab.kernel.memory import pointer_of


def trajectory(
    plan: Any, reals: Any, model: Any, gradients: Any, w: Any, memory: Any, slots: Any, scalars: Any, stages: Any, hyper: Any, layers: Any,
    out: Any, result: Any,
) -> Any:  # fmt: skip
    """Run the chain over gradients (T, n); out (T, n) row k = parameters after step k + 1. Returns DONE or ERROR.

    Arrays as of `train`; of the plan only PLAN_HYPER_PERIOD is read. The model must be zeros: no request is served.
    """
    n = w.shape[0]
    parameters, g = pointer_of(w), pointer_of(memory)
    scratch = advance(g, 2 * n)
    result[RESULT_REQUEST] = 0.0
    for k in range(gradients.shape[0]):
        source, target = advance(pointer_of(gradients), k * n), advance(pointer_of(out), k * n)
        for i in range(n):
            g[i] = source[i]
        hyper_now = advance(pointer_of(hyper), hyper_row(plan[PLAN_HYPER_PERIOD], hyper.shape[0], k + 1) * hyper.shape[1])
        if not update(
            pointer_of(plan), pointer_of(reals), pointer_of(model), pointer_of(stages), stages.shape[0], pointer_of(layers),
            layers.shape[0], hyper_now, parameters, g, n, pointer_of(slots), pointer_of(scalars), scratch, k + 1, pointer_of(model), 0,
            0.0, pointer_of(result),
        ):  # fmt: skip
            return ERROR
        for i in range(n):
            target[i] = parameters[i]
        result[RESULT_STEPS] = k + 1.0
    return DONE
