"""Learning-rate tolerance: hand-worked blocks, edges, divergence, too coarse a grid, and its interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.evidence.metrics.tolerance import tolerance, width

RATES = 10.0 ** np.arange(-4, 1.5, 0.5)  # 11 points, two per decade


def test_interpolated_on_both_sides_by_hand():
    metric = np.full(11, 0.1)
    metric[4:7] = [0.8, 1.0, 0.9]  # at 1e-2, 10^-1.5, 1e-1; the floor is 0.95
    found = width(RATES, metric)
    # from 1.0 to 0.8 in half a decade: 0.95 after an eighth; from 1.0 to 0.9: after a quarter
    assert found.decades == pytest.approx(0.125 + 0.25)
    assert (found.lr_low, found.lr_high) == (pytest.approx(10**-1.625), pytest.approx(10**-1.25))
    assert not found.at_least and found.text == "0.38"


def test_a_block_at_the_edge_is_at_least_as_wide():
    metric = np.linspace(0, 1, 11)
    found = width(RATES, metric)
    assert found.at_least and found.text.startswith("≥ ")
    assert found.lr_high == pytest.approx(10.0)


def test_a_block_ends_at_the_last_rate_that_trained():
    metric = np.array([0.5] * 5 + [1.0, 1.0] + [-np.inf] * 4)
    found = width(RATES, metric)
    assert found.lr_high == pytest.approx(RATES[6]) and not found.at_least
    assert found.decades == pytest.approx(0.5 + 0.05)


def test_another_hill_behind_a_valley_does_not_count():
    metric = np.array([1.0, 0.1, 0.1, 0.1, 0.1, 1.01, 0.1, 0.1, 0.1, 0.1, 1.0])
    assert width(RATES, metric).decades < 0.2


@pytest.mark.parametrize(
    ("rates", "metric"),
    [([1e-3, 1e-2, 1e-1], [0.1, 0.9, 0.1]), ([1e-3, 3e-3], [0.1, 0.9]), (RATES, [-np.inf] * 11)],
)
def test_no_width_without_two_points_per_decade_or_a_run_that_trained(rates, metric):
    assert width(rates, metric) is None


@given(st.lists(st.one_of(st.floats(0, 1), st.just(-np.inf)), min_size=11, max_size=11), st.floats(0, 0.5))
def test_a_looser_demand_is_met_by_no_fewer_rates(metric, within):
    tight, loose = width(RATES, metric, within), width(RATES, metric, min(0.9, within + 0.1))
    if tight is None:
        assert loose is None
    else:
        assert 0 <= tight.decades <= loose.decades + 1e-12 <= 5 + 1e-9
        assert tight.lr_low <= RATES[int(np.argmax(metric))] * (1 + 1e-12)


def test_with_replicates_an_interval_or_a_range():
    rng = np.random.default_rng(0)
    shape = 1 - 0.1 * (np.log10(RATES) + 1.5) ** 2
    many = tolerance(RATES, shape[:, np.newaxis] + rng.normal(0, 0.01, (11, 10)))
    exact = width(RATES, shape)
    assert many.label == "95 % interval (bootstrap)" and many.low <= exact.decades <= many.high
    few = tolerance(RATES, shape[:, np.newaxis] + rng.normal(0, 0.01, (11, 3)))
    assert few.label == "range over replicates" and few.low <= few.high


def test_replicates_that_diverge_in_the_majority_end_the_block():
    rows = [[1.0, 1.0, 1.0]] * 6 + [[-np.inf, -np.inf, 1.0]] * 5
    assert tolerance(RATES, rows).lr_high == pytest.approx(RATES[5])


@pytest.mark.parametrize(("rates", "metric"), [([1, 2], [np.nan, 1]), ([0, 1], [1, 1]), ([2, 1], [1, 1]), ([1, 2], [1])])
def test_bad_input_is_refused(rates, metric):
    with pytest.raises(OptlabError, match="learning-rate tolerance: "):
        width(rates, metric)
