"""Two runs of one study: no change is claimed of equal ones, a planted change is named, too few replicates are refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from optlab.errors import OptlabError
from optlab.evidence import quality, signflip
from tests.evidence import synthetic

SMALL = {"lr": (1e-2, 1e-1), "l2": (0.0,), "tuning": 2, "epochs": 2}


def run(seed: int = 0, contenders: tuple[str, ...] = ("gd", "adam"), **changes: object) -> pd.DataFrame:
    return synthetic.study(contenders=contenders, seed=seed, **{**SMALL, **changes})[0]


def worsened(frame: pd.DataFrame, contender: str, by: float) -> pd.DataFrame:
    own = frame["contender"].eq(contender) & frame["phase"].eq("confirmation")
    return frame.assign(test_metric=frame["test_metric"] - by * own)


def test_the_same_run_has_the_same_numbers():
    found = quality.between(run(), run())
    assert [one.outcome for one in found.changes] == [quality.SAME] * 2 and not found.changed
    assert found.sentence == "Quality did not change: the same numbers in each of 2 comparisons."


def test_a_planted_change_is_named_and_the_worst_comes_first():
    before = run()
    found = quality.between(before, worsened(worsened(before, "adam", 0.05), "gd", -0.05))
    assert [(one.contender, one.outcome) for one in found.changed] == [("adam", quality.WORSE), ("gd", quality.BETTER)]
    assert found.sentence.startswith("Quality changed: adam on digits got worse: test accuracy 0.8005, before 0.8506")
    assert "(1 more change beyond noise)" in found.sentence
    own = found.changes[1]
    assert own.before - own.now == pytest.approx(0.05) and own.n == 10
    assert own.p == pytest.approx(2 * 2 / 2**10)  # ten differences of one sign, Holm over two comparisons


def test_the_p_value_is_that_of_the_paired_sign_flip_test():
    before, now = run(contenders=("adam",)), run(seed=1, contenders=("adam",))
    values = [frame[frame["phase"].eq("confirmation")].sort_values("replicate")["test_metric"].to_numpy() for frame in (before, now)]
    d = values[1] - values[0]
    exact = stats.permutation_test((d,), lambda x: x.mean(), permutation_type="samples", n_resamples=np.inf).pvalue
    found = quality.between(before, now).changes[0]
    assert found.p == pytest.approx(signflip.two_sided(d)) == pytest.approx(exact)


def test_equal_runs_with_other_seeds_seldom_change():
    """At most 5 % of pairs of runs of the same thing; 60 of them leave room for chance: more than 8 has p < 0.01."""
    changed = sum(bool(quality.between(run(2 * k), run(2 * k + 1)).changed) for k in range(60))
    assert changed <= 8


def test_a_change_smaller_than_matters_is_none():
    before = run(contenders=("adam",), confirm=20)
    found = quality.between(before, worsened(before, "adam", 0.001), smallest_difference=0.01)
    assert found.changes[0].outcome == quality.EQUIVALENT and not found.changed


def test_runs_that_now_diverge_are_worse():
    before = run(contenders=("adam",))
    lost = before["phase"].eq("confirmation")
    found = quality.between(before, before.assign(status=before["status"].mask(lost, "diverged")))
    assert found.changes[0].outcome == quality.WORSE and "diverged" in found.changes[0].sentence


def test_what_only_one_run_has_is_named():
    found = quality.between(run(contenders=("gd", "adam")), run(contenders=("adam", "rmsprop")))
    assert set(found.alone) == {("digits", "rmsprop"), ("digits", "gd")} and [one.contender for one in found.changes] == ["adam"]


@pytest.mark.parametrize(("confirm", "words"), [(0, "share no contender"), (5, "it takes 7 (confirm = 7)")])
def test_too_little_to_compare_is_refused(confirm: int, words: str):
    before = run(confirm=confirm)
    with pytest.raises(OptlabError, match=words.replace("(", r"\(").replace(")", r"\)")):
        quality.between(before, worsened(before, "adam", 0.1))
