"""The update rule alone, on a fixed tape of gradients."""

from __future__ import annotations

import numpy as np
import pytest

from optlab import abi, requests
from optlab.kernel import layout
from optlab.kernel.load import load
from tests import naive
from tests.kernel.support import Array, Chain
from tests.kernel.test_train import RULES


def trajectory(chain: Chain, gradients: Array, start: Array, dtype: str, period: int = 0) -> tuple[int, Array, Array]:
    steps, n = gradients.shape
    plan = np.zeros(layout.PLAN_COLUMNS, np.int64)
    plan[layout.PLAN_HYPER_PERIOD] = period
    out, result = np.full((steps, n), np.nan, dtype), np.zeros(layout.RESULT_SIZE)
    status = load(dtype).trajectory(
        plan, np.zeros(layout.REAL_COLUMNS), np.zeros(layout.MODEL_COLUMNS, np.int64), np.ascontiguousarray(gradients, dtype),
        np.array(start, dtype), np.zeros(layout.memory_size(n, n), dtype), chain.slots, chain.scalars, chain.table, chain.hyper,
        np.zeros((0, abi.LAYER_COLUMNS), np.int64), out, result,
    )  # fmt: skip
    return status, out, result


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-3)])
@pytest.mark.parametrize("rule", RULES)
def test_trajectories_equal_the_plain_twin(rule: str, dtype: str, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    gradients, start = rng.normal(size=(200, 7)), rng.normal(size=7)
    status, out, _ = trajectory(Chain(7, dtype, (rule, list(RULES[rule].values()))), gradients, start, dtype)
    assert status == layout.DONE
    assert out == pytest.approx(naive.trajectory(rule, gradients, start, **RULES[rule]), rel=tolerance, abs=tolerance)


def test_the_hyper_table_is_read_by_step() -> None:
    _, out, _ = trajectory(Chain(1, "float64", ("gd", [[1.0, 10.0, 100.0]])), np.ones((5, 1)), np.zeros(1), "float64", period=2)
    assert list(-out[:, 0]) == [1, 2, 12, 22, 122]


def test_no_request_is_served_on_a_tape() -> None:
    status, _, result = trajectory(Chain(1, "float64", ("insatiable", [0.0])), np.ones((5, 1)), np.zeros(1), "float64")
    assert status == layout.ERROR
    assert result[layout.RESULT_REQUEST] == requests.EVALUATE
