"""The protocol says what the study does, whole, before it runs and in its record; every setting may be an axis of it."""

from pathlib import Path
from typing import Any

import pytest

import optlab
from optlab.study import axes
from optlab.study.spec import Study
from tests.study.support import TINY, tiny


def rows(study: Study, **options: Any) -> dict[str, str]:
    return dict(study.protocol(**options).pairs())


def test_it_prints_every_part_in_a_line() -> None:
    protocol = tiny().protocol()
    lines = str(protocol).splitlines()
    assert [line.split("  ")[0] for line in lines] == [name for name, _ in protocol.pairs()]
    assert len({len(line) - len(line.partition("  ")[2].lstrip()) for line in lines}) == 1
    text = dict(protocol.pairs())
    assert text["contenders"] == "gd, adam"
    assert text["tuned"] == "learning rate: 0.001, 0.1; L2: 0, 0.01"
    assert text["search"] == "grid, every combination: 4 cells each"
    assert text["budget"] == "3 epochs per trial (18 steps on iris)"
    assert text["batch order"].startswith("fresh: ")
    assert "2 fresh ones of the chosen cells (from 1000000)" in text["replicates"]
    assert "all replicates share one split" in text["splits"]
    assert "highest median validation metric" in text["selection"]
    assert "Holm" in text["claims"] and "for this split" in text["claims"]
    assert text["target"] == "0.5"


def test_the_paragraph_is_sentences_with_the_numbers() -> None:
    text = tiny(smallest_difference=0.02).protocol().paragraph()
    assert "\n" not in text and text.endswith(".")
    for words in (
        "gd and adam on iris (classification; 90 training, 30 validation, 30 test rows)",
        "tuned over learning rate: 0.001, 0.1",
        "3 epochs per trial",
        "2 tuning replicates",
        "again with 2 fresh replicates",
        "(Bonferroni), for this split",
        "within 0.02",
    ):
        assert words in text


def test_contenders_with_axes_of_their_own_have_rows_of_their_own() -> None:
    text = rows(tiny(hyper={"adam": {"beta1": optlab.linear(0.5, 0.9, 5)}}))
    assert text["tuned: gd"] == "learning rate: 0.001, 0.1; L2: 0, 0.01"
    assert text["tuned: adam"].endswith("beta1: 5 values from 0.5 to 0.9, even in the number")
    assert text["search"] == "grid, every combination: gd 4, adam 20 cells"


@pytest.mark.parametrize(
    ("changes", "row", "words"),
    [
        ({"search": "sobol", "trials": 8, "lr": optlab.log(1e-4, 1)}, "search", "Sobol (scrambled), the same budget of 8 cells"),
        ({"search": "random", "trials": 100}, "search", "where the axes hold fewer, all: 4 cells each"),
        ({"halving": {"keep": 0.3, "epochs": [1]}}, "halving", "after 1 epochs the better 30%"),
        ({"extend": True}, "extension", "grows there by 2 points, at most 3 times"),
        ({"folds": 3}, "splits", "2 tuning replicates do not use the 3 folds equally often"),
        ({"resplit": True}, "splits", "a new split for each replicate"),
        ({"resplit": True}, "claims", "Nadeau-Bengio"),
        ({"confirm": 0}, "claims", "none: no cell is confirmed"),
        ({"confirm": 0}, "replicates", "none to confirm them"),
        ({"select": "mean"}, "selection", "highest mean validation"),
        ({"validation": 0.0}, "selection", "training"),
        ({"order": ["fixed", "cumulative"]}, "batch order", "fixed: one permutation of the rows for all epochs; cumulative: "),
        ({"smallest_difference": 0.01}, "claims", "within 0.01"),
    ],
)
def test_each_key_is_said(changes: dict[str, Any], row: str, words: str) -> None:
    assert words in rows(tiny(**changes))[row]


def test_looks_are_said() -> None:
    protocol = tiny().protocol(until_decided=True)
    assert "10, 20, 40, 80 fresh ones" in dict(protocol.pairs())["replicates"]
    assert "each look at 1.25 %" in protocol.paragraph()


def test_the_record_keeps_protocol_and_methods(tmp_path: Path) -> None:
    study = tiny(resplit=True, smallest_difference=0.01)
    results = study.run(tmp_path / "lab.db")
    assert results.record["protocol"] == [list(pair) for pair in study.protocol().pairs()]
    assert results.record["methods"] == study.protocol().paragraph()
    design = results.record["design"]
    assert (design["smallest_difference"], design["resplit"], design["select"], design["looks"]) == (0.01, True, "median", None)
    assert design["test_shares"] == {"iris": 30 / 90}
    assert set(results.evidence().claims["outcome"]) <= {"better", "equivalent", "cannot tell"}


@pytest.mark.parametrize(
    "changes",
    [
        {"search": "sobol", "trials": 5, "lr": optlab.log(1e-3, 1), "hyper": {"adam": {"beta1": optlab.linear(0.5, 0.9)}}},
        {"layers": None, "depth": [1, 2], "width": [3, 5], "halving": {"keep": 0.5, "epochs": [1, 2]}, "select": "mean"},
        {"epochs": None, "budget": {"flops": 1e6}, "folds": 3, "extend": True},
    ],
)
def test_the_record_of_a_study_gives_its_trials_again(changes: dict[str, Any], tmp_path: Path) -> None:
    study = tiny(**changes)
    (tmp_path / "again.toml").write_text(study.toml())
    again = Study.from_file(tmp_path / "again.toml")
    assert [one.digest for one in again.trials()] == [one.digest for one in study.trials()]
    assert again.protocol().pairs() == study.protocol().pairs()


AXES: dict[str, Any] = {
    "lr": [0.01, 0.1],
    "l1": [0.0, 1e-3],
    "l2": [0.0, 1e-3],
    "depth": [1, 2],
    "width": [3, 5],
    "layers": [[3], [4, 2]],
    "activation": ["relu", "tanh"],
    "output": ["identity", "tanh"],
    "cost": ["squared_error", "softmax_cross_entropy"],
    "initializer": ["glorot_uniform", "he_normal"],
    "batch_size": [16, "full"],
    "schedule": ["constant", "cosine"],
    "schedule_unit": ["epoch", "step"],
    "epochs": [2, 3],
    "order": ["fresh", "fixed"],
    "penalise_biases": [False, True],
    "l1_mode": ["subgradient", "proximal"],
    "l2_mode": ["coupled", "decoupled"],
    "dtype": ["float32", "float64"],
    "hyper": {"adam": {"beta1": [0.8, 0.9]}},
}
OTHERS = {
    "the slope of an activation": {"activation": "leaky_relu", "hyper": {"leaky_relu": {"slope": [0.1, 0.3]}}},
    "the power of a schedule": {"schedule": "polynomial", "hyper": {"polynomial": {"power": [1.0, 2.0]}}},
    "an option of a rule": {"hyper": {"adam": {"dialect": ["torch", "tensorflow"]}}},
}


@pytest.mark.parametrize("key", [*AXES, *OTHERS])
@pytest.mark.parametrize("search", ["grid", "sobol"])
def test_anything_that_describes_a_run_is_an_axis_that_runs(key: str, search: str, tmp_path: Path) -> None:
    changes = OTHERS.get(key, {key: AXES.get(key)})
    plain = {name: value for name, value in TINY.items() if name != "layers" or key not in ("depth", "width")}
    fixed = {"optimizer": "adam", "lr": 0.01, "l1": 1e-4, "l2": 1e-4, "seeds": 1, "confirm": 0, "epochs": 2, "target": None}
    more = {} if search == "grid" else {"search": search, "trials": 1}
    study = Study(**{**plain, **fixed, **changes, **more})
    tuned = rows(study)["tuned"]
    assert tuned != "nothing" and len(study.contenders[0].dimensions()) == 1
    frame = study.run(tmp_path / "lab.db").frame()
    assert len(frame) == frame["cell"].nunique() == (2 if search == "grid" else 1)
    assert set(frame["status"]) <= {"done", "stuck"}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.1,), "0.1"),
        ((1e-4, 1e-3, 1e-2, 1e-1, 1.0), "5 values from 0.0001 to 1, even in the logarithm"),
        ((1.0, 2.0, 3.0, 4.0, 5.0), "5 values from 1 to 5, even in the number"),
        ((1.0, 2.0, 3.0, 4.0, 6.0), "1, 2, 3, 4, 6"),
        (((50, 50), ()), "50-50, none"),
        (axes.Range("log", 1e-4, 1.0), "0.0001 to 1, even in the logarithm"),
    ],
)
def test_axes_in_words(values: Any, text: str) -> None:
    assert axes.words(values) == text
