"""Sensitivity, tolerance, time to target, learning curves: against plain loops and hand-worked cases."""

import math

import numpy as np
import pandas as pd
import pytest

from optlab import evidence
from optlab.evidence import profiles
from tests.evidence.synthetic import LEARNING_RATES, study


def line(medians: list[float], chosen: int, rates: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0)) -> pd.DataFrame:
    marks = [place == chosen for place in range(len(medians))]
    return pd.DataFrame({"problem": "p", "contender": "c", "lr": rates[: len(medians)], "median": medians, "chosen": marks})


@pytest.mark.parametrize(
    ("medians", "chosen", "decades", "at_least"),
    [
        ([0.1, 0.90, 0.88, 0.1], 1, 1.0, False),
        ([0.86, 0.90, 0.88, 0.1], 1, 2.0, True),
        ([0.9, 0.1, 0.91, 0.2], 2, 0.0, False),  # the block is contiguous: the good value beyond the gap does not count
        ([-math.inf, 0.9, -math.inf, 0.9], 1, 0.0, False),
        ([0.86, 0.90, 0.90, 0.90], 3, 3.0, True),
    ],
)
def test_tolerance_of_hand_worked_lines(medians: list[float], chosen: int, decades: float, at_least: bool) -> None:
    row = profiles.tolerance(line(medians, chosen)).iloc[0]
    assert row["decades"] == pytest.approx(decades)
    assert row["at_least"] == at_least
    assert row["text"].startswith("≥") == at_least


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
            hits = run.loc[run["test_metric"] >= 0.945, "step"]
            steps.append(float(hits.min()) if len(hits) else math.inf)
        missed += sum(math.isinf(step) for step in steps)
        assert row.step == sorted(steps)[4] / 2 + sorted(steps)[5] / 2
        assert row.hits == sum(math.isfinite(step) for step in steps)
    assert missed, "the case must hold runs that never reach the target"


def test_learning_curves_are_medians_and_a_diverged_run_counts_as_worst_after_its_end() -> None:
    frame, curves = study(contenders=("adam",), epochs=5)
    digests = list(frame.loc[frame["phase"].eq("confirmation"), "digest"])
    whole = evidence.summary(frame, curves).learning.set_index("epoch")
    values = curves[curves["digest"].isin(digests)].pivot(index="epoch", columns="digest", values="test_metric")
    np.testing.assert_allclose(whole["median"], values.median(axis=1))
    frame.loc[frame["digest"].eq(digests[0]), "status"] = "diverged"
    cut = curves[~(curves["digest"].eq(digests[0]) & (curves["epoch"] > 2))]
    lost = evidence.summary(frame, cut).learning.set_index("epoch")
    assert np.isfinite(lost.loc[:2, "low"]).all()
    assert (lost.loc[3:, "low"] == -np.inf).all()
    assert (lost["n"] == 10).all()
