"""The verdict: the sentences a reader acts on, for every odd shape of study one that is true."""

import re
from typing import Any

import numpy as np
import pytest

from optlab import evidence
from tests.evidence import outcomes
from tests.evidence.outcomes import DIVERGED
from tests.evidence.synthetic import study

RISING = np.arange(14) / 1000
AHEAD = 0.9 + RISING + 0.01 + RISING[::-1] / 10
BASE = 0.9 + RISING


def six_problems() -> dict[tuple[str, str], np.ndarray]:
    values = {}
    for problem in ("digits", "iris", "runge", "franke", "diabetes"):
        values |= {(problem, "adam"): AHEAD, (problem, "rmsprop"): BASE}
    d = np.random.default_rng(3).normal(0, 1, 14)
    return values | {("wine", "adam"): BASE + 0.005 * (0.45 + (d - d.mean()) / d.std(ddof=1)), ("wine", "rmsprop"): BASE}


def test_two_contenders_over_six_problems() -> None:
    found = outcomes.summary(six_problems())
    assert found.verdict[0].startswith("adam beats rmsprop on 5 of 6 problems at the cells chosen; you need ")
    row = found.claims[found.claims["problem"].eq("wine")].iloc[0]
    assert found.verdict[0].endswith(f"you need {row['more_low']:.0f} to {row['more_high']:.0f} more replicates to tell on wine.")
    assert 1 <= row["more_low"] < row["more_high"] < 50
    assert "Of 6 pairwise comparisons, corrected together, 5 decided who is better and 1 cannot tell yet" in found.verdict[1]


def test_who_beats_whom_on_one_problem() -> None:
    values = {("p", "a"): AHEAD + 0.1, ("p", "b"): AHEAD, ("p", "c"): BASE, ("p", "d"): AHEAD + 0.1 - 1e-4 * np.cos(np.arange(14) * 2)}
    found = outcomes.summary(values)
    assert found.verdict[0] == "No single best on p: take any of a and d; b and c are behind (95 % confidence)."
    assert re.match("(a|d) beats b and c on p at the cells chosen, for this split; you need .* to tell it from (a|d)[.]", found.verdict[1])
    assert found.answers[0].short == "a or d"
    assert not found.answers[0].exploratory
    same = outcomes.summary(values, smallest_difference=0.005)
    assert same.answers[0].short == "a or d (equivalent)"
    assert "and is equivalent to" in same.verdict[1]


def test_a_claim_is_the_only_way_to_be_called_the_best() -> None:
    """With two contenders the set of the best would leave one out at 5 % one-sided, a claim needs 5 % two-sided."""
    d = np.array([1, 2, 3, 4, 5, 6, 7, 8, -9, 4.5]) / 100
    found = outcomes.summary({("p", "a"): 0.5 + d, ("p", "b"): np.full(10, 0.5)})
    assert found.best["p"].members == ("a",)
    assert found.claims.iloc[0]["outcome"] == "cannot tell"
    assert found.answers[0].short == "cannot tell yet"
    assert not any("beats" in one for one in (*found.verdict, found.answers[0].text))
    assert "as the best" not in found.answers[0].text


def test_contenders_that_share_no_problem() -> None:
    found = outcomes.summary({("p", "a"): BASE, ("q", "b"): BASE})
    assert found.claims.empty
    assert found.verdict == ("a and b share no problem on which both are confirmed, so nothing can be said between them.",)


def test_one_seed() -> None:
    found = outcomes.summary({("p", "a"): [0.9], ("p", "b"): [0.8]})
    assert found.verdict[0] == "1 fresh replicate of each chosen cell cannot decide anything: a comparison needs at least 6."
    assert found.answers[0].short == "cannot tell yet"
    assert found.best["p"].members == ()


def test_a_constant_target_has_no_metric_and_no_winner() -> None:
    frame = outcomes.frame({("p", "a"): [0.5] * 6, ("p", "b"): [0.4] * 6})
    for name in ("train_metric", "validation_metric", "test_metric"):
        frame[name] = np.nan
    found = evidence.summary(frame, outcomes.curves())
    assert found.claims.empty
    assert found.verdict[0].startswith("No cell of a and b trained on p")


def test_a_test_split_without_a_number_for_some_replicates_ties_there() -> None:
    frame = outcomes.frame({("p", "a"): AHEAD, ("p", "b"): BASE})
    frame.loc[frame["replicate"].eq(outcomes.FIRST_CONFIRMATION), "test_metric"] = np.nan
    row = evidence.summary(frame, outcomes.curves()).claims.iloc[0]
    assert row["n"] == 14 and row["p"] == 2 * 2 / 2**14


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ({"confirm": 0}, "Nothing is confirmed: the replicates that chose the cells flatter them"),
        ({"diverge": True}, "No cell of gd and adam trained on digits"),
        ({"contenders": ("adam",)}, "no other contender is confirmed there, so nothing is compared"),
        ({"confirm": 1}, "1 fresh replicate of each chosen cell cannot decide anything"),
        ({"validation": False, "test": False}, "adam"),
        ({"problems": ("a", "b")}, "on each of 2 problems"),
    ],
)
def test_every_study_gets_a_verdict_in_which_nothing_is_nan(shape: dict[str, Any], wanted: str) -> None:
    frame, curves = study(**{"contenders": ("gd", "adam"), "epochs": 3, **shape})
    found = evidence.summary(frame, curves)
    assert any(wanted in sentence for sentence in found.verdict)
    for sentence in (*found.verdict, *found.claims["sentence"]):
        assert sentence.endswith(".")
        assert not {"nan", "inf", "-inf", "None"} & set(sentence.replace(",", " ").replace(".", " ").split())
        assert "significan" not in sentence


def test_lost_fresh_replicates_are_named() -> None:
    lost = np.where(np.arange(14) < 3, DIVERGED, 0.9)
    found = outcomes.summary({("p", "a"): AHEAD, ("p", "b"): lost})
    assert "Fresh replicates that diverged and count as the worst: 3 of 14 of b on p." in found.verdict


def test_an_empty_frame_says_that_nothing_has_finished() -> None:
    frame = outcomes.frame({("p", "a"): [0.5]})
    assert evidence.summary(frame.iloc[:0], outcomes.curves()).verdict == ("No trial has finished yet.",)
