"""Pairwise claims: hand-worked corrections, pairing by replicate, worst values kept, and a sentence for every odd pair."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optlab import evidence
from optlab.evidence import claims, compare, pairs, signflip
from optlab.evidence.compare import Design
from tests.evidence import outcomes
from tests.evidence.outcomes import DIVERGED, FIXED, claimed

TEN = np.arange(10) / 1000
ACCURACY = st.one_of(st.sampled_from([DIVERGED, 0.1, 0.95, 0.96]), st.floats(0, 1))
RUNS = st.lists(st.tuples(ACCURACY, ACCURACY), min_size=1, max_size=14)


def test_a_clear_difference_is_claimed_with_its_numbers() -> None:
    b = 0.9 + TEN
    a = b + 0.01 + TEN[::-1] / 10
    row = claimed({("p", "b"): b, ("p", "a"): a}).iloc[0]
    assert (row["a"], row["b"], row["outcome"], row["n"]) == ("a", "b", "better", 10)
    assert row["p"] == row["p_holm"] == 2 / 2**10
    d = a - b
    assert row["difference"] == pytest.approx(np.median(d))
    assert row["effect"] == pytest.approx(d.mean() / d.std(ddof=1))
    assert row["correlation"] == pytest.approx(stats.pearsonr(a, b).statistic)
    assert row["improvement"] == pytest.approx(stats.mannwhitneyu(a, b).statistic / 100)
    assert np.isnan(row["more_low"]) and np.isnan(row["more_high"])
    assert "a beats b on p at the cells chosen, for this split: higher test accuracy in 10 of 10 paired replicates" in row["sentence"]


def test_replicates_are_paired_by_their_number() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 10)
    values = {("p", "a"): 0.8 + noise + 0.002, ("p", "b"): 0.8 + noise}
    assert claimed(values).iloc[0]["outcome"] == "better"
    frame = outcomes.frame(values)
    shuffled = frame.sample(frac=1, random_state=3)
    first, second = (evidence.summary(each, outcomes.curves(), contenders=["a", "b"]).claims for each in (frame, shuffled))
    assert first.equals(second)
    backwards = frame["replicate"].max() - frame["replicate"] % 10
    swapped = frame.assign(replicate=frame["replicate"].where(frame["contender"].ne("a"), backwards))
    assert evidence.summary(swapped, outcomes.curves()).claims.iloc[0]["outcome"] == "cannot tell"


def test_a_replicate_that_one_of_them_has_not_run_is_left_out_of_their_comparison() -> None:
    frame = outcomes.frame({("p", "a"): 0.9 + TEN, ("p", "b"): 0.8 + TEN})
    cut = frame.drop(frame.index[frame["contender"].eq("b") & frame["phase"].eq("confirmation")][:3])
    row = evidence.summary(cut, outcomes.curves()).claims.iloc[0]
    assert row["n"] == 7 and row["p"] == 2 / 2**7


def test_holm_of_a_hand_worked_family() -> None:
    """Three problems with raw p-values 2/1024, 4/1024 and 44/1024: 6/1024, 8/1024, 44/1024 after Holm."""
    plain = np.linspace(0.01, 0.02, 10)
    flipped = plain.copy()
    flipped[0] = -flipped[0]  # the smallest difference turned: 2 of 1024 flips are as far on each side
    wild = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) / 1000
    wild[[7]] *= -1  # sum 39: flips that lose at most 8 from 55
    ahead = {(name, "a"): 0.5 + d for name, d in zip("xyz", (plain, flipped, wild), strict=True)}
    table = claimed({key: values for (name, _), d in ahead.items() for key, values in (((name, "a"), d), ((name, "b"), np.full(10, 0.5)))})
    raw = [2 / 1024, 4 / 1024, 2 * sum(_ways(wild_sum) for wild_sum in range(9)) / 1024]
    assert list(table["p"]) == pytest.approx(raw)
    assert list(table["p_holm"]) == pytest.approx([3 * raw[0], 2 * raw[1], max(raw[2], 2 * raw[1])])


def _ways(total: int) -> int:
    """Subsets of 1 .. 10 with this sum."""
    return sum(sum(part) == total for size in range(11) for part in itertools.combinations(range(1, 11), size))


def test_more_comparisons_make_the_same_difference_undecided() -> None:
    one = {("p0", "a"): 0.9 + TEN, ("p0", "b"): 0.8 + TEN}
    assert claimed(one)["outcome"].eq("better").all()
    many = {(f"p{k}", who): values for k in range(30) for (_, who), values in one.items()}
    table = claimed(many)
    assert table["outcome"].eq("cannot tell").all()  # 30 * 2 / 1024 > 0.05
    assert set(table["more_low"]) == {1.0}  # one more replicate halves the least p-value: 30 / 1024
    verdict = outcomes.summary(many).verdict
    assert verdict[0] == "10 fresh replicates of each chosen cell cannot decide anything: 30 comparisons on this page need at least 11."


def test_equivalence_is_two_one_sided_tests_within_the_smallest_difference() -> None:
    rng = np.random.default_rng(1)
    b = 0.9 + rng.normal(0, 0.002, 12)
    a = b + rng.normal(0, 0.001, 12)
    row = claimed({("p", "a"): a, ("p", "b"): b}, smallest_difference=0.01).iloc[0]
    assert row["outcome"] == "equivalent"
    assert "equivalent within 0.01 on p" in row["sentence"]
    assert claimed({("p", "a"): a, ("p", "b"): b}, smallest_difference=1e-5).iloc[0]["outcome"] == "cannot tell"
    d = a - b
    p = compare.equivalent(d, 0.01, FIXED)
    assert p == max(signflip.one_sided(d + 0.01), signflip.one_sided(0.01 - d)) == 1 / 2**12


def test_a_certain_difference_below_the_smallest_that_matters_is_equivalent() -> None:
    table = claimed({("p", "a"): 0.901 + TEN, ("p", "b"): 0.9 + TEN}, smallest_difference=0.01)
    assert table.iloc[0]["p"] == 2 / 1024
    assert table.iloc[0]["outcome"] == "equivalent"


def test_a_diverged_run_loses_its_pair_and_is_counted() -> None:
    b = 0.9 + TEN
    lost = np.where(np.arange(10) < 8, DIVERGED, 0.95)
    row = claimed({("p", "good"): b, ("p", "bad"): lost}).iloc[0]
    assert (row["a"], row["b"], row["n"]) == ("good", "bad", 10)
    assert row["outcome"] == "better"
    assert row["difference"] == np.inf
    assert "bad diverged in 8 of 10, which counts as worst" in row["sentence"]
    assert "inf" not in row["sentence"] and "nan" not in row["sentence"]


def test_two_that_diverge_together_are_equal() -> None:
    row = claimed({("p", "a"): [DIVERGED] * 10, ("p", "b"): [DIVERGED] * 10}).iloc[0]
    assert row["outcome"] == "cannot tell" and row["p"] == 1.0
    assert row["sentence"].startswith("Every run of a and of b diverged")


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ([0.9], [0.8], "you need at least 5 more replicates to tell"),
        ([0.9] * 10, [0.9] * 10, "gave the same test accuracy"),
        ([0.9, 0.91], [0.8, 0.7], "at least 4 more"),
    ],
)
def test_pairs_that_nothing_can_decide_get_their_sentence(a: list[float], b: list[float], wanted: str) -> None:
    row = claimed({("p", "a"): a, ("p", "b"): b}).iloc[0]
    assert row["outcome"] == "cannot tell"
    assert wanted in row["sentence"]


def test_a_higher_median_with_bad_runs_is_not_hidden() -> None:
    steady = 0.90 + TEN
    risky = np.where(np.arange(20) < 9, 0.1, 0.92)
    row = claimed({("p", "steady"): np.concatenate([steady, steady]), ("p", "risky"): risky}).iloc[0]
    assert (row["a"], row["outcome"]) == ("steady", "better")
    assert "The median of steady alone is the lower one: risky has the bad runs." in row["sentence"]


def test_re_split_replicates_use_the_factor_of_nadeau_and_bengio() -> None:
    rng = np.random.default_rng(2)
    d = rng.normal(0.8, 1, 12)
    p = compare.two_sided(d, Design(resplit=True, test_share=0.25))
    t = d.mean() / np.sqrt((1 / 12 + 0.25) * d.var(ddof=1))
    assert p == pytest.approx(2 * stats.t.sf(t, 11))  # the larger of both
    assert p > compare.two_sided(d, FIXED)
    clear = rng.normal(10, 1, 12)
    assert compare.two_sided(clear, Design(resplit=True, test_share=0.25)) == 2 / 2**12  # here the sign-flip test is the stricter one


@pytest.mark.parametrize(("resplit", "shares", "reach"), [
    (False, None, "for this split"), (True, None, "on these splits"), (True, {"p": 0.25}, "on new splits"),
])  # fmt: skip
def test_every_claim_says_how_far_it_reaches(resplit: bool, shares: dict[str, float] | None, reach: str) -> None:
    frame = outcomes.frame({("p", "a"): 0.9 + TEN + 0.1 * TEN[::-1], ("p", "b"): 0.8 + TEN})
    found = evidence.summary(frame, outcomes.curves(), resplit=resplit, test_shares=shares)
    assert found.claims.iloc[0]["outcome"] == "better"
    assert f"at the cells chosen, {reach}" in found.claims.iloc[0]["sentence"]
    assert f"at the cells chosen, {reach}" in found.verdict[0]
    wanted = "range" if reach == "on these splits" else "interval"  # no interval for splits that overlap by an unknown share
    assert wanted in found.claims.iloc[0]["interval"] and wanted in found.ranked.iloc[0]["interval"]


def test_looks_pay_for_each_other() -> None:
    d = np.linspace(0.01, 0.02, 10)
    looked = Design(looks=(10, 20, 40, 80))
    assert compare.two_sided(d, looked) == 4 * 2 / 2**10
    assert compare.two_sided(d[:9], looked) == 1.0  # before the first look nothing is tested
    back = np.concatenate([d, -d * 0.9])
    assert compare.two_sided(back, looked) == 4 * 2 / 2**10  # decided at the first look, and stays so
    assert compare.direction(back, looked) == 1.0


@settings(max_examples=25, deadline=None)
@given(RUNS)
def test_whatever_the_values_the_table_is_whole_and_blind_to_names(runs: list[tuple[float, float]]) -> None:
    a, b = np.array(runs).T
    table = claimed({("p", "a"): a, ("p", "b"): b}, smallest_difference=0.01)
    other = claimed({("p", "b"): b, ("p", "a"): a}, smallest_difference=0.01)
    row, twin = table.iloc[0], other.iloc[0]
    assert row["n"] == len(runs)  # a diverged run is never dropped
    for name in ("p", "p_holm", "outcome"):
        assert row[name] == twin[name]
    assert 0 < row["p"] <= row["p_holm"] <= 1 and 0 <= row["improvement"] <= 1
    assert (row["outcome"] == "cannot tell") == bool(np.isfinite(row["more_low"]) or np.isinf(row["more_low"]))
    assert not {"nan", "inf"} & set(row["sentence"].replace(".", " ").replace(",", " ").split())


@settings(max_examples=25, deadline=None)
@given(RUNS, st.integers(0, 13))
def test_a_run_that_diverges_instead_never_helps(runs: list[tuple[float, float]], place: int) -> None:
    a, b = np.array(runs).T
    worse = a.copy()
    worse[place % len(a)] = DIVERGED
    assert pairs.improvement(worse, b) <= pairs.improvement(a, b)
    before, after = (claims.median(signflip.differences(one, b)) for one in (a, worse))
    # NaN lies between the two infinities: as many runs of one diverged as of the other, and none is comparable.
    assert np.isnan(after) or after <= before or (np.isnan(before) and after == -np.inf)
    lost = claimed({("p", "a"): np.full(len(b), DIVERGED), ("p", "b"): b}).iloc[0]
    assert lost["outcome"] == "cannot tell" or lost["a"] == "b"
