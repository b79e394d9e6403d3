"""Published runs beside a study's own: whatever they are, the study says the same; what is shown is what one would compute by hand."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest

from optlab import evidence, published
from optlab.evidence.beside import Beside
from tests.evidence.synthetic import study
from tests.test_published import record

SHAPE = {"contenders": ("gd", "adam"), "lr": (1e-2, 0.1, 1.0), "l2": (0.0,), "tuning": 2, "confirm": 6, "epochs": 3}


def accurate(lr, seed, final, **more):
    accuracies = [0.1, (0.1 + final) / 2, final]
    return record(lr, seed, 1 - final, testproblem="digits", train_accuracies=accuracies, test_accuracies=accuracies, **more)


def grid(finals, again=None, **more):
    """Records of a grid with seed 42, and of `again` = (lr, finals) with the seeds from 43 on."""
    found = [accurate(lr, 42, final, **more) for lr, final in finals.items()]
    lr, values = again or (0.1, ())
    return found + [accurate(lr, seed, final, **more) for seed, final in enumerate(values, start=43)]


def shown(records, target=0.5, **shape) -> tuple[Beside, evidence.Evidence]:
    own = study(**SHAPE | shape)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evidence.summary(*own, target, published=published.frames(records))
    return found.beside["digits"], found


def same(a, b):
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b)
    else:
        assert a == b or repr(a) == repr(b)


@pytest.mark.parametrize("final", [0.999, float("nan")])
def test_a_study_says_the_same_with_published_runs_and_without(final):
    """However good or bad they are: every claim, set, rank, answer and number but those shown beside."""
    own = study(**SHAPE)
    records = grid({0.01: final, 0.1: final, 1.0: final}, (0.1, [final] * 9))
    alone, beside = evidence.summary(*own, 0.5), evidence.summary(*own, 0.5, published=published.frames(records))
    assert beside.beside and not alone.beside
    for field in dataclasses.fields(alone):
        if field.name != "beside":
            same(getattr(alone, field.name), getattr(beside, field.name))


def test_the_setting_shown_is_the_one_that_its_publishers_ran_again():
    """Not the best of the grid: that one was not run with further seeds. The seed that chose is not among the values."""
    values = [0.80, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, 0.87, 0.88]
    beside, _ = shown(grid({0.01: 0.9, 0.1: 0.85, 1.0: float("nan")}, (0.1, values)))
    row = beside.table.set_index("contender").loc["MomentumOptimizer (DeepOBS)"]
    assert (row["lr"], row["n"], row["chosen_on"], row["evidence"], row["published"]) == (0.1, 9, "publisher", "confirmed", True)
    assert (row["median"], row["low"], row["high"]) == pytest.approx((np.median(values), 0.80, 0.88))
    assert (row["interval_low"], row["interval_high"]) == pytest.approx((0.81, 0.87))  # order statistics of 9: the second to the eighth
    assert row["gap"] == pytest.approx(0)
    assert row["epochs_to_target"] == 2  # (0.1 + 0.84) / 2 < 0.5


def test_without_further_seeds_the_tuning_runs_choose_on_training_and_are_called_so():
    """DeepOBS 1.1 has no validation set; its test set must not choose."""
    records = [accurate(lr, 42, test) | {"train_accuracies": [0.1, 0.2, train]} for lr, train, test in ((0.1, 0.9, 0.6), (0.2, 0.8, 0.7))]
    beside, _ = shown(records)
    row = beside.table.set_index("contender").loc["MomentumOptimizer (DeepOBS)"]
    assert (row["lr"], row["n"], row["chosen_on"], row["evidence"], row["median"]) == (0.1, 1, "train", "tuning only", 0.6)


def test_own_runs_are_those_that_the_study_ranks():
    beside, found = shown(grid({0.1: 0.9}))
    own = beside.table[~beside.table["published"]].set_index("contender")
    ranked = found.ranked.set_index("contender").loc[own.index]
    for name in ("median", "low", "high", "interval_low", "interval_high", "n", "cell", "lr"):
        assert own[name].tolist() == ranked[name].tolist()
    assert list(beside.table["median"]) == sorted(beside.table["median"], reverse=True)


def test_where_there_is_no_accuracy_everyone_is_shown_by_the_negated_loss():
    records = [record(lr, 42, loss, testproblem="digits") for lr, loss in ((0.01, 2.5), (0.1, 1.5), (1.0, float("nan")))]
    beside, found = shown(records, metric="r2")
    assert beside.metric == "negated loss"
    table = beside.table.set_index("contender")
    assert table.loc["MomentumOptimizer (DeepOBS)", "median"] == -1.5 and table["epochs_to_target"].isna().all()
    frame, _ = study(**SHAPE, metric="r2")
    for name in ("gd", "adam"):
        cell = found.chosen.loc[("digits", name), "cell"]
        costs = frame.loc[frame["cell"].eq(cell) & frame["phase"].eq("confirmation"), "test_cost"]
        assert table.loc[name, "median"] == pytest.approx(-costs.median())
    assert beside.learning["median"].max() < 0
    lost = beside.sensitivity[beside.sensitivity["contender"].eq("MomentumOptimizer (DeepOBS)")]
    assert lost["median"].tolist() == [-2.5, -1.5, -np.inf]


def test_one_published_run_without_accuracy_turns_all_to_the_loss():
    records = [accurate(0.1, 42, 0.9), record(0.1, 42, 0.3, optimizer="Other", testproblem="digits")]
    beside, _ = shown(records)
    assert beside.metric == "negated loss"
    assert beside.table.set_index("contender").loc["MomentumOptimizer (DeepOBS)", "median"] == pytest.approx(-0.1)


def test_odd_shapes_are_shown():
    """Nothing of the study trained, neither test set nor confirmation, all published runs diverged."""
    for shape in ({"diverge": True}, {"test": False, "confirm": 0}):
        beside, found = shown(grid({0.1: 0.9, 0.2: 0.8}), **shape)
        assert set(beside.table["contender"]) == {"gd", "adam", "MomentumOptimizer (DeepOBS)"}
        assert beside.data == found.claimed_on["digits"]
    beside, _ = shown(grid({0.1: float("nan"), 0.2: float("nan")}))
    row = beside.table.set_index("contender").loc["MomentumOptimizer (DeepOBS)"]
    assert row["evidence"] == "no cell trained" and row["n"] == 0


def test_problems_without_published_runs_show_none():
    own = study(**SHAPE, problems=("digits", "wine"))
    found = evidence.summary(*own, 0.5, published=published.frames(grid({0.1: 0.9})))
    assert list(found.beside) == ["digits"]
