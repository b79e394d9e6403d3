"""Scores over problems: hand-worked, rliable's definition, and numbers that nobody else's optimizer changes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import optlab
from benchmarks import targets
from optlab.errors import OptlabError
from optlab.evidence import many

PINNED = {"wine": many.Target(0.6, 0.1), "iris": many.Target(0.7, 0.05)}


def runs(**contenders):
    return {problem: {name: pd.Series(values) for name, values in contenders.items()} for problem in PINNED}


def test_scores_by_hand():
    np.testing.assert_allclose(many.normalised([0.4, 0.9, 0.65, 0.95, -np.inf], (0.6, 0.1)), [0, 1, 0.5, 1.1, -np.inf])


def test_the_interquartile_mean_is_that_of_rliable():
    """rliable.metrics.aggregate_iqm: scipy.stats.trim_mean(scores, proportiontocut=0.25, axis=None)."""
    scores = np.random.default_rng(0).normal(0, 1, (10, 7))
    assert many.interquartile_mean(scores) == stats.trim_mean(scores, proportiontocut=0.25, axis=None)
    assert many.interquartile_mean([0, 1, 2, 100]) == 1.5


def test_a_quarter_of_diverged_runs_is_cut_off_and_more_is_not_hidden():
    assert many.interquartile_mean([-np.inf, 1, 2, 3]) == 1.5
    assert many.interquartile_mean([-np.inf, -np.inf, 2, 3]) == -np.inf


def test_another_contender_changes_nobody_elses_numbers():
    rng = np.random.default_rng(1)
    adam, gd, bad = rng.uniform(0.8, 0.9, 10), rng.uniform(0.7, 0.8, 10), np.full(10, -np.inf)
    before = many.over_problems(runs(adam=adam, gd=gd), PINNED).set_index("contender")
    after = many.over_problems(runs(bad=bad, adam=adam, gd=gd), PINNED).set_index("contender")
    pd.testing.assert_frame_equal(before, after.loc[before.index])
    assert list(after.index) == ["adam", "gd", "bad"]
    assert after.loc["bad", "score"] == after.loc["bad", "high"] == -np.inf


def test_below_ten_problems_it_says_on_these_problems():
    six = {f"p{place}": {"adam": pd.Series(np.linspace(0.8, 0.9, 10))} for place in range(6)}
    found = many.over_problems(six, dict.fromkeys(six, (0.6, 0.1)))
    assert found["label"][0] == "on these problems, 95 % interval (stratified bootstrap)"
    assert found["low"][0] < found["score"][0] < found["high"][0]
    few = many.over_problems(runs(adam=np.linspace(0.8, 0.9, 10)), PINNED)
    assert few["label"][0] == "on these problems, range over problems"
    ten = {f"p{place}": {"adam": pd.Series([0.5, 0.6])} for place in range(10)}
    label = many.over_problems(ten, dict.fromkeys(ten, (0.9, 0.1)))["label"][0]
    assert label == "over 10 problems, range over problems"


def test_a_problem_without_a_target_or_a_contender_is_named():
    data = runs(adam=[0.8, 0.9], gd=[0.7, 0.8]) | {"mine": {"adam": pd.Series([0.5]), "gd": pd.Series([0.5])}}
    data["half"] = {"adam": pd.Series([0.5])}
    found = many.over_problems(data, PINNED | {"half": (0.6, 0.1)})
    assert found["label"][0].startswith("on these problems (without mine and half)")
    assert list(found["n_problems"]) == [2, 2]


def test_one_problem_is_no_summary():
    found = many.over_problems({"wine": {"adam": pd.Series([0.9])}}, PINNED)
    assert found.empty and list(found.columns) == many.COLUMNS


def test_the_pinned_targets_are_those_of_the_built_in_problems():
    """All but those that come over the network."""
    found = many.targets()
    assert set(found) == set(optlab.catalogue()["problems"]) - targets.FETCHED
    assert all(0 <= reference < baseline for baseline, reference in found.values())
    assert found["digits"].baseline == pytest.approx(0.9, abs=0.03)  # ten classes of nearly equal size
    assert found["diabetes"].baseline == pytest.approx(1.0, abs=0.05)  # 1 - R2 of the mean


@given(st.lists(st.one_of(st.floats(-1, 1), st.just(-np.inf)), min_size=1, max_size=30), st.integers(0, 29))
def test_a_run_that_diverges_never_raises_a_score(metric, place):
    worse = list(metric)
    worse[place % len(metric)] = -np.inf
    before, after = (many.interquartile_mean(many.normalised(row, (0.6, 0.1))) for row in (metric, worse))
    assert after <= before + 1e-12


@pytest.mark.parametrize("target", [(0.1, 0.1), (0.1, 0.5), (np.nan, 0.1), (np.inf, 0.1)])
def test_a_reference_that_beats_nothing_is_refused(target):
    with pytest.raises(OptlabError, match="normalised: the reference"):
        many.normalised([0.5], target)


def test_nan_is_refused():
    with pytest.raises(OptlabError, match="normalised: a metric is NaN"):
        many.normalised([np.nan], (0.6, 0.1))
    with pytest.raises(OptlabError, match="interquartile mean: "):
        many.interquartile_mean([np.nan, 1.0])
