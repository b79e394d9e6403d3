"""Intervals against SciPy, hand-worked cases, the coverage they promise, and what no interval may hide."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optlab.errors import OptlabError
from optlab.evidence import intervals
from optlab.evidence.intervals import interval

values = st.lists(st.one_of(st.integers(-5, 5).map(float), st.just(-np.inf)), min_size=1, max_size=90)


def test_t_as_scipys():
    d = np.random.default_rng(0).normal(0, 1, 10)
    found = interval(d, "mean", paired=True)
    theirs = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert found.method == "t" and found.label == "95 % interval of the mean difference (paired t)"


def test_bca_as_scipys():
    data = np.random.default_rng(0).exponential(1, 60)
    found = interval(data, "mean")
    theirs = stats.bootstrap((data,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(1)).confidence_interval
    width = theirs.high - theirs.low
    assert found.method == "BCa"
    assert abs(found.low - theirs.low) < 0.04 * width and abs(found.high - theirs.high) < 0.04 * width


@pytest.mark.parametrize(
    ("n", "first", "last", "coverage"),
    [(6, 0, 5, 1 - 2 / 64), (8, 0, 7, 1 - 2 / 256), (9, 1, 7, 1 - 2 * 10 / 512), (10, 1, 8, 1 - 2 * 11 / 1024)],
)
def test_order_statistics_by_hand(n, first, last, coverage):
    assert intervals.order_statistics(n) == (first, last, pytest.approx(coverage))
    found = interval(np.arange(n))
    assert (found.low, found.high) == (first, last)
    assert found.coverage == pytest.approx(coverage)


@pytest.mark.parametrize("n", range(6, 81))
def test_order_statistics_are_the_closest_pair_that_reaches_the_level(n):
    first, last, coverage = intervals.order_statistics(n)
    assert coverage == pytest.approx(1 - 2 * stats.binom(n, 0.5).cdf(first))
    assert coverage >= 0.95 > 1 - 2 * stats.binom(n, 0.5).cdf(first + 1)
    assert last == n - 1 - first


@pytest.mark.parametrize(("n", "level"), [(5, 0.95), (7, 0.9875)])
def test_below_what_the_median_needs_the_range_is_called_range(n, level):
    found = interval(np.arange(n), level=level)
    assert (found.low, found.high, found.method, found.label) == (0, n - 1, "range", "range")
    assert math.isnan(found.coverage) and not found.claims


def test_below_its_domain_a_mean_gets_the_range():
    assert interval([1.0, 2.0], "mean", paired=True).label == "range"
    assert interval(np.arange(49.0), "mean").label == "range"
    assert interval(np.ones(20), "mean", paired=True).label == "range"  # a spread of zero is no knowledge of the spread


def test_a_mean_of_a_diverged_run_is_not_offered():
    found = interval([*range(9), -np.inf], "mean", paired=True)
    assert (found.of, found.method, found.low, found.high) == ("median", "order statistics", 0, 7)
    assert interval([0.0, 1.0, -np.inf], "mean", paired=True).method == "range"


def test_a_median_shows_divergence_as_minus_infinity():
    found = interval([-np.inf] * 3 + [1.0] * 7)
    assert (found.low, found.high) == (-np.inf, 1.0)
    assert found.label == "95 % interval of the median (order statistics)" and 0.9785 <= found.coverage < 0.979


def test_resplit_replicates_have_nadeau_and_bengios_variance():
    d = np.random.default_rng(1).normal(0, 1, 10)
    found = interval(d, "mean", test_share=0.25, paired=True)
    half = stats.t.ppf(0.975, 9) * math.sqrt(d.var(ddof=1) * (1 / 10 + 0.25))
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half))
    assert "re-split" in found.label
    plain, wide = interval(d), interval(d, test_share=0.25)
    assert wide.high - np.median(d) == pytest.approx((plain.high - np.median(d)) * math.sqrt(1 + 10 * 0.25))
    assert interval([-np.inf] * 3 + [1.0] * 7, test_share=0.25).low == -np.inf
    assert interval([-np.inf] * 6 + [1.0] * 4, test_share=0.25).high == 1.0


@given(values, st.sampled_from(["mean", "median"]), st.booleans(), st.sampled_from([None, 0.25]))
def test_every_row_gets_ends_in_order_that_are_no_nan(row, of, paired, share):
    found = interval(row, of, test_share=share, paired=paired)
    assert found.low <= found.high
    if found.of == "median" and found.claims:
        assert found.low <= np.sort(row)[len(row) // 2] and found.high >= np.sort(row)[(len(row) - 1) // 2]


@given(values, st.integers(0, 89))
def test_a_run_that_diverges_never_raises_an_end_of_the_median(row, place):
    worse = list(row)
    worse[place % len(row)] = -np.inf
    before, after = interval(row), interval(worse)
    assert after.low <= before.low and after.high <= before.high


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [[1.0]]])
def test_nan_and_nothing_are_refused(bad):
    with pytest.raises(OptlabError, match="interval: "):
        interval(bad)


@pytest.mark.parametrize("settings", [{"level": 1.0}, {"level": 0}, {"test_share": -1}, {"test_share": np.inf}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(OptlabError, match="interval: level"):
        interval([1.0, 2.0], **settings)


@pytest.mark.parametrize(("n", "share"), [(6, 0.45), (10, 0.0), (30, 0.2)])
def test_the_median_is_covered_whatever_diverges(n, share):
    """1,000 studies, ties included; 93 % promised at least, 95 % by construction: 3 standard errors are 2 %."""
    rng = np.random.default_rng(n)
    data = np.where(rng.random((1000, n)) < share, -np.inf, np.round(rng.normal(0, 1, (1000, n)), 1))
    # P(-inf) = share, then the quantile of a normal at (0.5 - share) / (1 - share), rounded as the data
    truth = np.round(stats.norm.ppf((0.5 - share) / (1 - share)), 1) + 0.0
    covered = np.mean([found.low <= truth <= found.high for found in map(interval, data)])
    assert covered >= 0.93
