"""Sign-flip tests against SciPy, against hand-worked cases, and in what they must never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optlab.errors import OptlabError
from optlab.evidence import signflip

sizes = st.floats(-10, 10, allow_nan=False).map(lambda value: round(value, 3))
anything = st.lists(st.one_of(sizes, st.sampled_from([np.inf, -np.inf])), min_size=1, max_size=14)


@pytest.mark.parametrize("n", [2, 3, 7, 12])
@pytest.mark.parametrize(("test", "alternative"), [(signflip.one_sided, "greater"), (signflip.two_sided, "two-sided")])
def test_of_finite_differences_as_scipys_permutation_of_all_signs(n, test, alternative):
    d = np.random.default_rng(n).normal(0.5, 1, n)
    theirs = stats.permutation_test((d,), np.mean, permutation_type="samples", alternative=alternative, n_resamples=np.inf)
    assert test(d) == pytest.approx(theirs.pvalue, abs=1e-15)


@pytest.mark.parametrize("n", [17, 25])
def test_with_infinite_differences_as_scipys_exact_signed_ranks(n):
    d = np.random.default_rng(n).normal(0.3, 1, n)
    d[3] = np.inf
    theirs = stats.wilcoxon(np.where(np.isinf(d), 99.0, d), alternative="greater", method="exact")
    assert signflip.one_sided(d) == pytest.approx(theirs.pvalue, rel=1e-12)


def test_the_grid_beyond_enumeration_agrees_with_enumeration(monkeypatch):
    d = np.random.default_rng(5).normal(0.4, 1, 15)
    enumerated = signflip.one_sided(d)
    monkeypatch.setattr(signflip, "ENUMERATED", 0)
    assert signflip.one_sided(d) == pytest.approx(enumerated, abs=2e-4)


def test_differences_that_are_whole_multiples_keep_their_ties_on_the_grid(monkeypatch):
    d = np.array([1.0, 1, 1, -1, 1, 1, 1, 1, 1, -1])  # P(Binomial(10, 1/2) >= 8) = 56 / 1024
    monkeypatch.setattr(signflip, "ENUMERATED", 0)
    assert signflip.one_sided(d) == 56 / 1024
    assert signflip.two_sided(-d) == 112 / 1024


def test_hand_worked():
    assert signflip.one_sided([3, 2, 1]) == 1 / 8
    assert signflip.one_sided([3, 2, -1]) == 2 / 8  # +3+2-1 and +3+2+1
    assert signflip.two_sided([3, 2, -1]) == 4 / 8
    assert signflip.one_sided([0, 0]) == 1.0
    assert signflip.one_sided([np.inf, 2, -1]) == 2 / 8
    # ranks 4.5, -4.5, 3, 2, 1 give 6: reached by 6 of 8 flips where both infinities are positive, by 1 of 8 where one is, twice
    assert signflip.one_sided([np.inf, -np.inf, 5, 4, 3]) == 8 / 32


def test_both_diverged_is_a_tie_and_one_is_infinite():
    np.testing.assert_array_equal(signflip.differences([-np.inf, -np.inf, 1.0], [-np.inf, 0.0, -np.inf]), [0, -np.inf, np.inf])


@pytest.mark.parametrize(("k", "n"), [(2, 5), (6, 7), (40, 10), (41, 10)])
def test_pairs_needed(k, n):
    assert signflip.needed(k) == n
    assert 2.0**-n <= 0.05 / (k - 1) < 2.0 ** -(n - 1)


@given(anything)
def test_p_values_are_probabilities_and_the_two_tails_mirror(d):
    d = np.array(d)
    up, down, both = signflip.one_sided(d), signflip.one_sided(-d), signflip.two_sided(d)
    assert 2.0 ** -len(d) <= up <= 1
    assert up + down >= 1 - 1e-12
    assert both == pytest.approx(min(1.0, 2 * min(up, down)))


@given(st.lists(st.integers(1, 100), min_size=1, max_size=14, unique=True), st.data())
def test_a_run_that_diverges_never_helps_its_contender(sizes, data):
    d = np.array(sizes) * np.array(data.draw(st.lists(st.sampled_from([1.0, -1.0]), min_size=len(sizes), max_size=len(sizes))))
    d[np.argmax(np.abs(d))] = np.inf  # some other run of the other contender: ranks before and after
    lost = d.copy()
    lost[data.draw(st.integers(0, len(d) - 1))] = -np.inf
    assert signflip.one_sided(lost) >= signflip.one_sided(d)


@pytest.mark.parametrize("d", [[], [1.0, np.nan], [[1.0]]])
def test_what_is_no_row_of_differences_is_refused(d):
    with pytest.raises(OptlabError, match="sign-flip test: "):
        signflip.one_sided(d)


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([np.nan], [1.0]), ([np.inf], [1.0])])
def test_what_is_no_pair_is_refused(a, b):
    with pytest.raises(OptlabError, match="paired differences: "):
        signflip.differences(a, b)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_equals_are_told_apart_in_at_most_five_percent(share):
    """Diverging in ``share`` of the runs: the test stays exact. 1,000 studies of 10 pairs; 5 % + 3 standard errors."""
    rng = np.random.default_rng(3)
    runs = np.where(rng.random((2, 1000, 10)) < share, -np.inf, rng.exponential(1, (2, 1000, 10)))
    claimed = np.mean([signflip.two_sided(signflip.differences(a, b)) <= 0.05 for a, b in zip(*runs, strict=True)])
    assert claimed <= 0.071
