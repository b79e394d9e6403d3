"""Dolan and More's profile: hand-worked, against the definition, the integral against quadrature, and the reversal that forbids ranking."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.evidence.metrics import performance_profile as pp

INF = np.inf
COST = pd.DataFrame({"a": [1, 4, 6, INF], "b": [2, 2, 30, 5], "c": [3, INF, 6, INF]}, index=list("wxyz"))
finite = st.one_of(st.integers(1, 20).map(float), st.just(INF))
tables = st.lists(st.tuples(finite, finite, finite), min_size=1, max_size=8).map(lambda rows: pd.DataFrame(rows, columns=list("abc")))


def test_ratios_by_hand():
    wanted = [[1, 2, 3], [2, 1, INF], [1, 5, 1], [INF, 1, INF]]
    np.testing.assert_array_equal(pp.ratios(COST).to_numpy(), wanted)


def test_profile_by_hand():
    ratio = pp.ratios(COST)
    np.testing.assert_array_equal(pp.profile(ratio["a"], [1, 1.9, 2, 100]), [0.5, 0.5, 0.75, 0.75])
    np.testing.assert_array_equal(pp.profile(ratio["b"], [1, 2, 4.9, 5]), [0.5, 0.75, 0.75, 1.0])


def test_integral_by_hand():
    ratio = pp.ratios(COST)
    assert pp.integral(ratio["a"]) == pytest.approx((3 + 2 + 3 + 0) / 4 / 3)
    assert pp.integral(ratio["b"]) == pytest.approx((2 + 3 + 0 + 3) / 4 / 3)  # 5 times the best: beyond r_max = 4
    found = pp.against_best(COST).set_index("solver")
    assert list(found.index) == ["a", "b", "c"]
    assert found.loc["c", "behind"] == pytest.approx(found.loc["a", "integral"] - found.loc["c", "integral"])
    assert list(found["solved"]) == [0.75, 1.0, 0.5] and list(found["wins"]) == [0.5, 0.5, 0.25]


def test_a_problem_that_nobody_solves_counts_for_nobody():
    everyone = pd.DataFrame({"a": [1.0, INF], "b": [2.0, INF]})
    assert pp.profile(pp.ratios(everyone)["a"], 1e9) == 0.5


@settings(max_examples=15, deadline=None)
@given(tables)
def test_as_the_definition_says(cost):
    ratio = pp.ratios(cost)
    taus = 1 + 3 * (np.arange(60) + 0.5) / 60  # midpoints
    for name in cost:
        naive = [
            np.mean([np.isfinite(own) and own <= tau * best for own, best in zip(cost[name], cost.min(axis=1), strict=True)])
            for tau in taus
        ]
        np.testing.assert_allclose(pp.profile(ratio[name], taus), naive)
        assert pp.integral(ratio[name]) == pytest.approx(np.mean(naive), abs=1 / 60)


@settings(max_examples=30, deadline=None)
@given(tables)
def test_a_profile_rises_and_the_best_solver_is_behind_nobody(cost):
    ratio = pp.ratios(cost)
    shares = pp.profile(ratio["a"], np.linspace(1, 30, 40))
    assert (np.diff(shares) >= 0).all()
    assert pp.against_best(cost)["behind"].iloc[0] == 0


def test_the_order_of_others_can_turn_when_the_best_leaves():
    """Gould and Scott 2016: why only the best solver is compared with."""
    cost = pd.DataFrame({"best": [2.0, 3, 2], "second": [5.0, 3, 2], "third": [6.0, 5, 1]})
    everyone, without = (list(pp.against_best(table)["solver"]) for table in (cost, cost.drop(columns="best")))
    assert everyone == ["best", "second", "third"]
    assert without == ["third", "second"]


@pytest.mark.parametrize("bad", [[[0.0]], [[np.nan]], [[-1.0]], np.empty((0, 1))])
def test_what_is_no_cost_is_refused(bad):
    with pytest.raises(OptlabError, match="performance profile: "):
        pp.ratios(pd.DataFrame(bad))


def test_ratios_begin_at_one():
    with pytest.raises(OptlabError, match="r_max"):
        pp.integral([1.0], 1.0)
