"""The three answers say no more than the data: claims alone name the best, nobody wins unconfirmed, every odd study gets a sentence."""

from typing import Any

import pytest

from optlab import evidence
from optlab.evidence import words
from tests.evidence.synthetic import study


def test_who_is_not_beaten_is_named_and_no_other() -> None:
    frame, curves = study()
    found = evidence.summary(frame, curves, 0.95)
    answer = found.answers[0]
    beaten = set(found.claims.loc[found.claims["outcome"].eq("better"), "b"])
    assert beaten == {"gd", "momentum", "adagrad"}
    assert answer.short == "nesterov, rmsprop or adam"
    assert "adam beats gd, momentum and adagrad on digits at the cells chosen, for this split; you need " in answer.text
    assert found.best["digits"].members == ("rmsprop", "adam")
    assert "With 95 % confidence the best is among rmsprop and adam; corrected for every comparison on the page, nesterov" in answer.text


def test_one_that_beats_all_others_is_called_the_best() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    fresh = frame["phase"].eq("confirmation")
    frame.loc[fresh & frame["contender"].eq("gd"), "test_metric"] = [0.5 + 0.01 * place for place in range(10)]
    answer = evidence.summary(frame, curves, 0.95).answers[0]
    assert answer.short == "adam"
    assert "adam beats gd on digits at the cells chosen, for this split." in answer.text
    assert "95 % interval" in answer.text


def test_a_single_fresh_replicate_decides_nothing() -> None:
    frame, curves = study(contenders=("gd", "adam"), confirm=1)
    frame.loc[frame["phase"].eq("confirmation") & frame["contender"].eq("gd"), "test_metric"] = 0.1
    answer = evidence.summary(frame, curves).answers[0]
    assert answer.short == "cannot tell yet"
    assert "you need at least 5 more replicates to tell" in answer.text


def test_only_the_first_answer_makes_claims_and_the_others_say_so() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    best, forgiving, first = evidence.summary(frame, curves, 0.95).answers
    assert (best.exploratory, forgiving.exploratory, first.exploratory) == (False, True, True)
    assert forgiving.text.startswith("Exploratory: ") and first.text.startswith("Exploratory: ")


def test_one_contender_is_compared_with_nobody() -> None:
    frame, curves = study(contenders=("adam",))
    answer = evidence.summary(frame, curves, 0.95).answers[0]
    assert "no other contender" in answer.text


def test_no_target_is_said() -> None:
    frame, curves = study(contenders=("adam",))
    assert evidence.summary(frame, curves).answers[2].short == "no target"


@pytest.mark.parametrize(
    "shape",
    [
        {"diverge": True},
        {"confirm": 0},
        {"test": False},
        {"validation": False},
        {"validation": False, "test": False},
        {"lr": (0.01,)},
        {"lr": (0.01,), "l2": (0.0,)},
        {"metric": "r2"},
        {"tuning": 1, "confirm": 1},
        {"problems": ("a", "b")},
    ],
)
def test_every_study_gets_three_sentences_per_problem_in_which_nothing_is_nan(shape: dict[str, Any]) -> None:
    frame, curves = study(contenders=("gd", "adam", "rmsprop"), **shape)
    found = evidence.summary(frame, curves, 0.95)
    assert len(found.answers) == 3 * len(found.problems)
    for answer in found.answers:
        assert answer.text.endswith(".")
        assert "nan" not in (answer.short + answer.text).lower()
        assert "significan" not in answer.text


def test_the_order_of_the_rows_changes_no_answer() -> None:
    frame, curves = study()
    order = list(frame["contender"].unique())
    shuffled = frame.sample(frac=1, random_state=1)
    assert evidence.summary(frame, curves, 0.95, order).answers == evidence.summary(shuffled, curves, 0.95, order).answers


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (words.setting(0.0001), "1e-4"),
        (words.setting(0.031622776601683794), "0.0316"),
        (words.setting(3.1622776601683795e-4), "3.16e-4"),
        (words.setting(1e5), "1e5"),
        (words.setting("64-50-10"), "64-50-10"),
        (words.seconds(0.00153), "1.53 ms"),
        (words.seconds(74.9), "74.9 s"),
        (words.flops(7.49e7), "74.9 MFLOP"),
        (words.count(16200.0), "16,200"),
        (words.count(58.5), "58.5"),
        (words.listed(["a", "b", "c"]), "a, b and c"),
        (words.listed(["a", "b", "c", "d", "e"]), "a, b, c and 2 more"),
        (words.number(float("-inf")), "diverged"),
    ],
)
def test_numbers_read_as_people_write_them(text: str, wanted: str) -> None:
    assert text == wanted


def test_a_grid_too_coarse_for_tolerance_is_not_answered() -> None:
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 10.0))
    assert evidence.summary(frame, curves).answers[1].short == "cannot tell"


def test_the_question_of_the_target_names_the_data_set_that_is_read() -> None:
    frame, curves = study(contenders=("gd", "adam"), confirm=0)
    assert evidence.summary(frame, curves, 0.95).answers[2].question == "Who reaches 0.95 validation accuracy first?"
