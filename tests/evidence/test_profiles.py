"""Sensitivity, tolerance, time to target, learning curves: against plain loops and hand-worked cases."""

import math

import numpy as np
import pandas as pd
import pytest

from optlab import evidence
from tests.evidence.outcomes import curves as no_curves
from tests.evidence.synthetic import LEARNING_RATES, STEPS_PER_EPOCH, study

RATES = (1e-3, 10**-2.5, 1e-2, 10**-1.5, 1e-1)


def tuned(values: dict[float, list[float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frame and no curves of {learning rate: validation of its tuning replicates}; -inf diverged."""
    rows = [
        {"problem": "p", "contender": "c", "cell": f"c:{lr}", "lr": lr, "phase": "tuning", "replicate": k, "metric": "accuracy",
         "status": "diverged" if value == -math.inf else "done", "validation_metric": np.nan if value == -math.inf else value,
         "validation_cost": 1.0, "test_metric": np.nan if value == -math.inf else value}
        for lr, own in values.items() for k, value in enumerate(own)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(digest=[f"{place:032x}" for place in range(len(frame))], seconds=1.0, flops=1.0, steps=1, epochs=1), no_curves()


def test_tolerance_of_hand_worked_grids() -> None:
    # the best median is 1.0, the floor 0.95: an eighth of a step to 0.6 on the left, half a step to 0.9 on the right, of half a decade each
    frame, curves = tuned(dict(zip(RATES, [[0.1], [0.6], [1.0], [0.9], [-math.inf]], strict=True)))
    row = evidence.summary(frame, curves).tolerance.iloc[0]
    assert row["decades"] == pytest.approx(0.5 * (1 / 8 + 1 / 2))
    assert (row["lr_low"], row["lr_high"]) == (pytest.approx(10 ** (-2 - 1 / 16)), pytest.approx(10 ** (-2 + 1 / 4)))
    assert (row["at_least"], row["text"], row["median"]) == (False, "0.31", 1.0)


def test_tolerance_is_the_width_of_the_medians_and_the_range_that_of_single_replicates() -> None:
    # third replicate: never below its floor; first: 0.5 * (1/4 + 1/4); medians: 1.0 between 0.8 and 0.8
    grid = [[0.0, 0.0, 1.0], [0.8, 0.8, 1.0], [1.0, 1.0, 1.0], [0.8, 0.8, 1.0], [0.0, 0.0, 1.0]]
    frame, curves = tuned(dict(zip(RATES, grid, strict=True)))
    row = evidence.summary(frame, curves).tolerance.iloc[0]
    assert (row["decades"], row["low"], row["high"]) == (pytest.approx(0.25), pytest.approx(0.25), pytest.approx(2.0))
    assert row["interval"] == "range over replicates" and not row["at_least"]


def test_tolerance_at_the_edge_and_before_a_cliff() -> None:
    frame, curves = tuned(dict(zip(RATES, [[0.96], [0.97], [1.0], [-math.inf], [-math.inf]], strict=True)))
    row = evidence.summary(frame, curves).tolerance.iloc[0]
    assert row["at_least"] and row["text"] == "≥ 1" and row["lr_high"] == pytest.approx(1e-2)


def test_tolerance_is_absent_where_the_learning_rate_does_not_vary() -> None:
    frame, curves = study(contenders=("gd", "adam"), lr=(0.1,))
    found = evidence.summary(frame, curves)
    assert found.tolerance.empty
    assert found.answers[1].short == "cannot tell"


def test_sensitivity_is_the_slice_through_the_chosen_cell() -> None:
    frame, curves = study(contenders=("adam",), hyper={"beta": (0.9, 0.99)})
    found = evidence.summary(frame, curves)
    best = found.chosen.iloc[0]
    assert list(found.sensitivity["lr"]) == list(LEARNING_RATES)
    tuning = frame[frame["phase"].eq("tuning") & frame["l2"].eq(best["l2"]) & frame["hyper.beta"].eq(best["hyper.beta"])]
    for row in found.sensitivity.itertuples():
        own = tuning[tuning["lr"].eq(row.lr)]
        assert row.high == (own["validation_metric"].max() if (own["status"] != "diverged").any() else -np.inf)
    assert found.sensitivity["chosen"].sum() == 1


def test_time_to_target_agrees_with_a_plain_loop() -> None:
    frame, curves = study(problems=("wine",), seed=2)
    found = evidence.summary(frame, curves, 0.945)
    fresh = frame[frame["phase"].eq("confirmation")]
    missed = 0
    for row in found.targets.itertuples():
        steps = []
        for digest in fresh.loc[fresh["contender"].eq(row.contender), "digest"]:
            run = curves[curves["digest"].eq(digest)]
            hits = run.loc[run["validation_metric"] >= 0.945, "step"]
            steps.append(float(hits.min()) if len(hits) else math.inf)
        missed += sum(math.isinf(step) for step in steps)
        assert row.step == sorted(steps)[4] / 2 + sorted(steps)[5] / 2
        assert row.hits == sum(math.isfinite(step) for step in steps)
        spent = sum(min(step, 30 * STEPS_PER_EPOCH) for step in steps)  # no run of this study diverges at its chosen cell
        assert row.expected_step == pytest.approx(spent / row.hits if row.hits else math.inf)
    assert missed, "the case must hold runs that never reach the target"


def test_learning_curves_are_medians_and_a_diverged_run_counts_as_worst_after_its_end() -> None:
    frame, curves = study(contenders=("adam",), epochs=5)
    digests = list(frame.loc[frame["phase"].eq("confirmation"), "digest"])
    whole = evidence.summary(frame, curves).learning.set_index("epoch")
    values = curves[curves["digest"].isin(digests)].pivot(index="epoch", columns="digest", values="validation_metric")
    np.testing.assert_allclose(whole["median"], values.median(axis=1))
    frame.loc[frame["digest"].eq(digests[0]), "status"] = "diverged"
    cut = curves[~(curves["digest"].eq(digests[0]) & (curves["epoch"] > 2))]
    lost = evidence.summary(frame, cut).learning.set_index("epoch")
    assert np.isfinite(lost.loc[:2, "low"]).all()
    assert (lost.loc[3:, "low"] == -np.inf).all()
    assert (lost["n"] == 10).all()
