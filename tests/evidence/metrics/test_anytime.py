"""The anytime ECDF against SciPy's and by hand; it says nothing beyond the budget."""

import numpy as np
import pytest
from scipy import stats

from optlab.errors import OptlabError
from optlab.evidence.metrics import anytime


def test_by_hand():
    found = anytime.ecdf([[1, 3, np.inf], [3, 8, 20]], 10)  # two runs, three targets
    np.testing.assert_array_equal(found.budget, [1, 3, 8])
    np.testing.assert_allclose(found.share, [1 / 6, 3 / 6, 4 / 6])
    np.testing.assert_allclose(found.at([0.5, 1, 7.9, 10]), [0, 1 / 6, 3 / 6, 4 / 6])
    assert np.isnan(found.at(10.1))
    assert found.area() == pytest.approx((2 * 1 / 6 + 5 * 3 / 6 + 2 * 4 / 6) / 10)


def test_as_scipys_ecdf_within_the_budget():
    hits = np.random.default_rng(0).exponential(5, 200).round(1)
    theirs = stats.ecdf(hits).cdf
    budgets = np.linspace(0, 12, 50)
    np.testing.assert_allclose(anytime.ecdf(hits, 12).at(budgets), theirs.evaluate(budgets))


def test_nothing_hit_and_everything_for_nothing():
    assert anytime.ecdf([np.inf, 11.0], 10).area() == 0
    assert anytime.ecdf([0.0, 0.0], 10).area() == 1


def test_targets_close_equal_parts_of_the_gap():
    found = anytime.targets(0.9, 0.02, 4)  # losses of constant and reference
    np.testing.assert_allclose(found, [0.32, 0.54, 0.76, 0.98])


@pytest.mark.parametrize(("hits", "budget"), [([], 1), ([np.nan], 1), ([-1.0], 1), ([1.0], 0), ([1.0], np.inf)])
def test_bad_input_is_refused(hits, budget):
    with pytest.raises(OptlabError, match="anytime ECDF: "):
        anytime.ecdf(hits, budget)
