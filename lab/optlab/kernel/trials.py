"""Several trials of one model in one call: a short trial costs less than coming to the kernel and going. Arrays: see `layout`."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from optlab.abi import address_of, advance, int64_at, real_at
from optlab.kernel import layout
from optlab.kernel.memory import pointer_of
from optlab.kernel.symbols import linked


def train_signature(real: Any) -> Any:
    integers, reals, doubles = (types.Array(kind, 1, "C") for kind in (types.int64, real, types.float64))
    table, matrix = types.Array(types.int64, 2, "C"), types.Array(types.float64, 2, "C")
    return types.int64(
        integers, doubles, integers, reals, reals, reals, doubles, table, matrix, table, table, integers, matrix, doubles, doubles, integers
    )


@intrinsic
def one_trial(
    typingctx: Any, plan: Any, reals: Any, model: Any, w: Any, memory: Any, slots: Any, scalars: Any, stages: Any, hyper: Any, layers: Any,
    orders: Any, permutation: Any, history: Any, running: Any, result: Any, stop: Any,
) -> Any:  # fmt: skip
    """`train.train`, published by `load`."""
    return linked(f"train_{w.dtype}", train_signature(w.dtype))


def train_each(
    plan: Any, reals: Any, model: Any, w: Any, memory: Any, slots: Any, scalars: Any, stages: Any, hyper: Any, layers: Any, orders: Any,
    permutation: Any, history: Any, running: Any, result: Any, averages: Any, outputs: Any, statuses: Any, stop: Any,
) -> None:  # fmt: skip
    """Run the trials one after the other, each as if it were alone; statuses (T,) of `layout`."""
    for k in range(plan.shape[0]):
        n = plan[k, layout.PLAN_PARAMETERS]
        if model[layout.MODEL_L2] != 0:
            own = plan[k, layout.PLAN_L2_MODE] == layout.L2_IN_MODEL
            strength = advance(pointer_of(reals), k * layout.REAL_COLUMNS + layout.REAL_L2)
            int64_at(model[layout.MODEL_L2])[0] = address_of(strength) if own else 0
        for i in range(2 * n, memory.shape[0]):  # a rule that looks at an answer before it asks finds no other trial's
            memory[i] = 0
        statuses[k] = one_trial(
            plan[k], reals[k], model, w[k, :n], memory, slots[k], scalars[k], stages[k], hyper[k], layers, orders, permutation, history[k],
            running[k], result[k], stop,
        )  # fmt: skip
        for i in range(averages.shape[1]):
            averages[k, i] = memory[n + i]
        source = real_at(model[layout.MODEL_OUTPUTS], pointer_of(outputs))
        for i in range(outputs.shape[1]):
            outputs[k, i] = source[i]
