"""The ranked table: fresh replicates of the chosen cells alone, worst values kept, nothing ranked that is not confirmed."""

import numpy as np
import pandas as pd
import pytest

from optlab import evidence
from optlab.evidence import rank, select
from tests.evidence.synthetic import OPTIMIZERS, study


def test_ranks_follow_the_medians_of_the_confirmation_replicates_on_test() -> None:
    frame, curves = study(seed=5)
    table = evidence.summary(frame, curves).ranked.set_index("contender")
    fresh = frame[frame["phase"].eq("confirmation")]
    medians = {name: float(np.median(own["test_metric"])) for name, own in fresh.groupby("contender")}
    for name in OPTIMIZERS:
        assert table.loc[name, "median"] == pytest.approx(medians[name])
        assert table.loc[name, "rank"] == 1 + sum(other > medians[name] for other in medians.values())
        assert table.loc[name, "n"] == 10


def test_confirmation_replicates_of_a_cell_that_is_no_longer_chosen_are_left_out() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    stale = frame[frame["phase"].eq("confirmation") & frame["contender"].eq("adam")].assign(cell="adam:an older choice", test_metric=1.0)
    table = evidence.summary(pd.concat([frame, stale], ignore_index=True), curves).ranked
    assert list(table["n"]) == [10, 10]
    assert table["high"].max() < 1.0


def test_equal_medians_share_a_rank() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    frame.loc[frame["phase"].eq("confirmation"), "test_metric"] = 0.5
    assert list(evidence.summary(frame, curves).ranked["rank"]) == [1, 1]


def test_a_diverged_confirmation_counts_as_worst() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    fresh = frame["phase"].eq("confirmation") & frame["contender"].eq("adam")
    lost = frame.index[fresh][:6]
    frame.loc[lost, "status"] = "diverged"
    frame.loc[lost, "test_metric"] = np.nan
    table = evidence.summary(frame, curves).ranked.set_index("contender")
    assert table.loc["adam", "median"] == -np.inf
    assert table.loc["adam", "rank"] == 2
    assert table.loc["adam", "share_diverged"] == pytest.approx(0.6)


def test_without_confirmation_nothing_is_ranked() -> None:
    frame, curves = study(contenders=("gd", "adam"), confirm=0)
    found = evidence.summary(frame, curves)
    assert found.ranked["rank"].isna().all()
    assert set(found.ranked["evidence"]) == {rank.TUNING_ONLY}
    assert found.answers[0].short == "not confirmed"


def test_a_contender_without_a_trained_cell_stays_in_the_table() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    frame.loc[frame["contender"].eq("gd"), "status"] = "diverged"
    table = evidence.summary(frame, curves).ranked.set_index("contender")
    assert table.loc["gd", "evidence"] == rank.NO_CELL
    assert table.loc["adam", "rank"] == 1


def test_without_a_test_set_the_ranking_reads_validation_and_says_so() -> None:
    frame, curves = study(contenders=("gd", "adam"), test=False)
    found = evidence.summary(frame, curves)
    assert set(found.ranked["claimed_on"]) == {"validation"}
    assert "validation accuracy" in found.answers[0].text


def test_each_problem_is_ranked_on_its_own() -> None:
    frame, curves = study(contenders=("gd", "adam"), problems=("iris", "wine"))
    table = evidence.summary(frame, curves).ranked
    assert list(table["problem"]) == ["iris", "iris", "wine", "wine"]
    assert list(table["rank"]) == [1, 2, 1, 2]
    assert len(select.choose(frame)) == 4


def test_the_interval_of_the_median_is_that_of_order_statistics_and_the_range_below_its_domain() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    fresh = frame[frame["phase"].eq("confirmation")]
    for _, row in evidence.summary(frame, curves).ranked.iterrows():
        values = np.sort(fresh.loc[fresh["contender"].eq(row["contender"]), "test_metric"].to_numpy())
        assert (row["interval_low"], row["interval_high"]) == (values[1], values[8])  # the 2nd and the 9th of 10: 97.9 %
        assert row["interval"].startswith("95 % interval of the median (order statistics")
        assert row["mean"] == pytest.approx(values.mean())
    few, curves = study(contenders=("gd", "adam"), confirm=5)
    table = evidence.summary(few, curves).ranked
    assert set(table["interval"]) == {"range"}
    assert (table["interval_low"] == table["low"]).all() and (table["interval_high"] == table["high"]).all()


def test_a_diverged_run_is_in_the_mean_and_in_the_interval() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    fresh = frame["phase"].eq("confirmation") & frame["contender"].eq("adam")
    lost = frame.index[fresh][:3]
    frame.loc[lost, "status"] = "diverged"
    frame.loc[lost, "test_metric"] = np.nan
    row = evidence.summary(frame, curves).ranked.set_index("contender").loc["adam"]
    assert row["mean"] == row["interval_low"] == -np.inf
    assert np.isfinite(row["interval_high"])
