"""One update: the chain of stages, and the requests that a stage may make instead of finishing (reverse communication)."""

from __future__ import annotations

from typing import Any

from optlab.abi import (
    STAGE_ADDRESS,
    STAGE_COLUMNS,
    STAGE_HYPER,
    STAGE_SCALARS,
    STAGE_SLOTS,
    advance,
    call_model_gradient,
    call_server,
    call_stage,
    int64_at,
)
from optlab.jit import internal
from optlab.kernel import penalties
from optlab.kernel.layout import (
    L1_SUBGRADIENT,
    L2_DECOUPLED,
    L2_IN_MODEL,
    MODEL_CONTEXT,
    MODEL_GRADIENT,
    MODEL_HESSIAN_VECTOR,
    PLAN_L1_MODE,
    PLAN_L2_MODE,
    PLAN_PENALISE_BIASES,
    REAL_L1,
    REAL_L2,
    REAL_TERMS,
    REQUEST_LIMIT,
    RESULT_ASK,
    RESULT_EVALUATIONS,
    RESULT_REQUEST,
    RESULT_ROWS,
)
from optlab.requests import ASK_CALL, ASK_COST, ASK_ROWS, ASK_TERMS, DONE, EVALUATE, HESSIAN_VECTOR, SAMPLED_GRADIENT


@internal
def hyper_row(period: Any, rows: Any, step: Any) -> Any:
    """Row of the hyper table that holds in step 1, 2, ...; the last row lasts for ever."""
    if period <= 0:
        return 0
    return min((step - 1) // period, rows - 1)


@internal
def coupled(plan: Any, reals: Any) -> Any:
    """(l1, l2) of the penalties that are part of the objective; 0 for those applied otherwise."""
    l1 = reals[REAL_L1] if plan[PLAN_L1_MODE] == L1_SUBGRADIENT else 0.0
    l2 = reals[REAL_L2] if plan[PLAN_L2_MODE] != L2_DECOUPLED else 0.0
    return l1, l2


@internal
def objective(
    plan: Any, reals: Any, model: Any, layers: Any, n_layers: Any, w: Any, g: Any, n: Any, rows: Any, m: Any, with_penalty: Any, result: Any
) -> Any:  # fmt: skip
    """(mean cost, coupled penalty) of m rows at w; g = gradient of both. The penalty is 0 unless `with_penalty`."""
    terms = m * reals[REAL_TERMS]
    cost = call_model_gradient(model[MODEL_GRADIENT], int64_at(model[MODEL_CONTEXT]), w, rows, m, g, 1.0 / terms) / terms
    result[RESULT_EVALUATIONS] += 1.0
    result[RESULT_ROWS] += float(m)
    l1, l2 = coupled(plan, reals)
    penalty = 0.0
    missing = 0.0 if plan[PLAN_L2_MODE] == L2_IN_MODEL else l2
    if l1 != 0.0 or missing != 0.0:
        penalties.add_gradient(w, g, n, l1, missing, layers, n_layers, plan[PLAN_PENALISE_BIASES])
    if with_penalty and (l1 != 0.0 or l2 != 0.0):
        penalty = penalties.value(w, n, l1, l2, layers, n_layers, plan[PLAN_PENALISE_BIASES])
    return cost, penalty


@internal
def update(
    plan: Any, reals: Any, model: Any, stages: Any, n_stages: Any, layers: Any, n_layers: Any, hyper: Any, w: Any, g: Any, n: Any,
    slots: Any, scalars: Any, scratch: Any, step: Any, rows: Any, m: Any, cost: Any, result: Any,
) -> Any:  # fmt: skip
    """Run all stages on (w, g). False when one made a request that is not served, now in result[RESULT_REQUEST].

    A stage that returns EVALUATE finds at its next call the objective of its w over the same rows: g with the coupled penalty in
    it, ask[ASK_COST] with its value. Other requests are answered in its scratch, by functions that are compiled for rules that make
    them alone (`curvature`). A null model serves nothing.
    """
    ask = advance(result, RESULT_ASK)
    ask[ASK_COST] = cost
    ask[ASK_ROWS] = float(m)
    ask[ASK_TERMS] = m * reals[REAL_TERMS]
    for index in range(n_stages):
        row = advance(stages, index * STAGE_COLUMNS)
        ask[ASK_CALL] = 0.0
        while True:
            request = call_stage(
                row[STAGE_ADDRESS], w, g, advance(slots, row[STAGE_SLOTS]), advance(hyper, row[STAGE_HYPER]), step, n,
                advance(scalars, row[STAGE_SCALARS]), layers, n_layers, scratch, ask,
            )  # fmt: skip
            if request == DONE:
                break
            served = False
            if model[MODEL_GRADIENT] != 0 and ask[ASK_CALL] < max(REQUEST_LIMIT, 2 * n):
                if request == EVALUATE:
                    mean, penalty = objective(plan, reals, model, layers, n_layers, w, g, n, rows, m, True, result)
                    ask[ASK_COST] = mean + penalty
                    served = True
                elif HESSIAN_VECTOR <= request <= SAMPLED_GRADIENT:
                    address = model[MODEL_HESSIAN_VECTOR + request - HESSIAN_VECTOR]
                    if address != 0:
                        served = call_server(
                            address, plan, reals, model, layers, n_layers, w, g, n, rows, m, scratch, step, ask, result
                        ) != 0  # fmt: skip
            if not served:
                result[RESULT_REQUEST] = float(request)
                return False
            ask[ASK_CALL] += 1.0
    return True
