"""Tunability against every draw there is."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.evidence.metrics import tunability


def naive(validation, result, budget):
    """Mean over all subsets; ties on validation share."""
    kept = []
    for subset in itertools.combinations(range(len(validation)), budget):
        best = max(validation[i] for i in subset)
        kept.append(np.mean([result[i] for i in subset if validation[i] == best]))
    return np.mean(kept)


def curve(validation, result=None):
    return tunability.expected(tunability.chances(validation), validation if result is None else result)


def test_by_hand():
    np.testing.assert_allclose(curve([0.0, 1.0, 2.0]), [1.0, (1 + 2 + 2) / 3, 2.0])
    some = tunability.chances([0.0, 1.0, 2.0], [1, 3])
    np.testing.assert_allclose(some, [[1 / 3] * 3, [0, 0, 1]])


def test_quantiles_by_hand():
    # of 4 settings two at a time: kept is the 2nd in 1 of 6 draws, the 3rd in 2, the 4th in 3; a quarter of the draws keep the 3rd or less
    chance = tunability.chances([0.1, 0.2, 0.3, 0.4], [2])
    for share, wanted in ((1 / 6, 0.2), (0.25, 0.3), (0.5, 0.3), (0.51, 0.4)):
        assert tunability.quantile(chance, [0.1, 0.2, 0.3, 0.4], share) == [wanted]
    assert tunability.quantile(chance, [0.9, 0.8, 0.7, -np.inf], 0.5) == [-np.inf]  # half of the draws keep one that then diverges


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=7))
def test_as_the_mean_over_all_draws(rows):
    validation, result = map(np.array, zip(*[(float(a), float(b)) for a, b in rows], strict=True))
    found = curve(validation, result)
    for budget in range(1, len(rows) + 1):
        if len(set(validation)) == len(validation):
            assert found[budget - 1] == pytest.approx(naive(validation, result, budget))
    np.testing.assert_allclose(tunability.chances(validation).sum(axis=1), 1)
    own = curve(validation)
    assert (np.diff(own) >= -1e-12).all()
    for budget in range(1, len(rows) + 1):
        assert own[budget - 1] == pytest.approx(naive(validation, validation, budget))


def test_a_setting_that_diverges_spoils_the_budgets_that_may_keep_it():
    found = curve([-np.inf, -np.inf, 0.5, 0.7])
    np.testing.assert_array_equal(np.isneginf(found), [True, True, False, False])
    values = [-np.inf, -np.inf, 0.5, 0.7]
    np.testing.assert_allclose(tunability.share_that_trains(tunability.chances(values), values), [1 / 2, 5 / 6, 1, 1])


def test_large_grids_do_not_overflow():
    found = curve(np.arange(500.0))
    assert found[0] == pytest.approx(249.5) and found[-1] == pytest.approx(499)


@pytest.mark.parametrize(("validation", "result"), [([], None), ([np.nan], None), ([1.0], [1.0, 2.0]), ([1.0], [np.nan])])
def test_bad_input_is_refused(validation, result):
    with pytest.raises(OptlabError, match="tunability: "):
        curve(validation, result)


def test_more_cannot_be_tried_than_there_is():
    with pytest.raises(OptlabError, match="budgets from 1 to all"):
        tunability.chances([0.1, 0.2], [3])
