"""Cost to a target: hand-worked, never the mean of the successes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.evidence.metrics.running_time import first_hits, running_time

INF = np.inf
costs = st.lists(st.tuples(st.one_of(st.integers(1, 50).map(float), st.just(INF)), st.integers(50, 99).map(float)), min_size=1)


def test_by_hand():
    """COCO's definition: (10 + 30 + 100 + 100) / 2 hits."""
    found = running_time([10, INF, 30, INF], [100, 100, 100, 100])
    assert (found.expected, found.hits, found.runs, found.share) == (120.0, 2, 4, 0.5)
    assert found.median == INF  # the middle of 10, 30, inf, inf
    assert running_time([10, 20, 30, INF], [100] * 4).median == 25


def test_without_a_hit_everything_is_infinite():
    assert running_time([INF, INF], [5, 5]).expected == INF


def test_failing_early_is_cheap_but_the_mean_of_successes_would_ignore_it():
    always, lucky = running_time([20] * 10, [100] * 10), running_time([10] + [INF] * 9, [100] * 10)
    assert always.expected == 20 and lucky.expected == 910  # the mean of successes would put lucky (10) ahead


@given(costs)
def test_as_restarts_until_a_hit_would_cost(runs):
    hit, spent = map(np.array, zip(*runs, strict=True))
    found = running_time(hit, spent)
    share = found.hits / len(runs)
    if share:
        # mean cost of a hit + (1 - p) / p misses before it, at their mean cost
        misses = spent[np.isinf(hit)]
        wanted = hit[np.isfinite(hit)].mean() + (1 - share) / share * (misses.mean() if len(misses) else 0)
        assert found.expected == pytest.approx(wanted)


def test_first_hits_by_hand():
    found = first_hits([0, 5, 10, 15], [0.1, np.nan, 0.9, 0.7], [0.05, 0.5, 0.8, 0.95])
    np.testing.assert_array_equal(found, [0, 10, 10, INF])
    np.testing.assert_array_equal(first_hits([], [], [0.5]), [INF])


@pytest.mark.parametrize(("hit", "spent"), [([], []), ([1.0], [1.0, 2.0]), ([np.nan], [1.0]), ([INF], [INF]), ([INF], [np.nan])])
def test_what_is_no_run_is_refused(hit, spent):
    with pytest.raises(OptlabError, match="running time: "):
        running_time(hit, spent)
