"""Cells and their choice: worst values are kept, NaN never wins, the order of the rows does not matter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.evidence import select
from tests.evidence.synthetic import L2, LEARNING_RATES, OPTIMIZERS, study


def trials(rows: list[tuple[str, float, str]], cell_costs: dict[str, float] | None = None) -> pd.DataFrame:
    """A minimal frame of one contender from (cell, validation metric, status); lr is the cell's place in the alphabet."""
    costs = cell_costs or {}
    return pd.DataFrame(
        [
            {
                "problem": "p",
                "contender": "c",
                "cell": cell,
                "lr": float(ord(cell)),
                "phase": "tuning",
                "replicate": place,
                "status": status,
                "validation_metric": value,
                "validation_cost": costs.get(cell, 1.0),
                "test_metric": 0.5,
                "train_metric": 0.5,
                "train_cost": 1.0,
            }
            for place, (cell, value, status) in enumerate(rows)
        ]
    )


def chosen(frame: pd.DataFrame) -> list[str]:
    return list(select.choose(frame)["cell"])


def test_cells_agree_with_a_plain_loop() -> None:
    frame, _ = study(seed=3)
    table = select.cells(frame)
    assert len(table) == len(OPTIMIZERS) * len(LEARNING_RATES) * len(L2)
    for _, cell in table.iterrows():
        own = frame[frame["cell"].eq(cell["cell"]) & frame["phase"].eq("tuning")]
        values = sorted(-np.inf if row.status == "diverged" else row.validation_metric for row in own.itertuples())
        assert (cell["low"], cell["median"], cell["high"]) == (values[0], values[1], values[2])
        bad = sum(status in ("diverged", "stuck") for status in own["status"])
        assert cell["eligible"] == (bad < 2 and np.isfinite(values[1]))


def test_a_diverged_replicate_is_the_worst_and_is_not_dropped() -> None:
    frame = trials([("a", 0.9, "done"), ("a", 0.9, "done"), ("a", np.nan, "diverged"), *[("b", 0.8, "done")] * 3])
    table = select.cells(frame).set_index("cell")
    assert table.loc["a", "low"] == -np.inf
    assert table.loc["a", "median"] == 0.9
    assert table.loc["a", "share_diverged"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("status", ["diverged", "stuck", "error"])
def test_a_cell_that_loses_half_of_its_replicates_is_never_chosen(status: str) -> None:
    frame = trials([("a", 0.99, "done"), ("a", 0.99, status), ("b", 0.2, "done"), ("b", 0.2, "done")])
    assert chosen(frame) == ["b"]


def test_nan_of_a_finished_trial_is_never_chosen() -> None:
    frame = trials([("a", np.nan, "done"), ("a", 0.99, "done"), ("b", 0.2, "done"), ("b", 0.2, "done")])
    assert chosen(frame) == ["b"]


def test_ties_go_to_the_lower_cost_then_to_the_lower_learning_rate() -> None:
    rows = [("c", 0.9, "done"), ("a", 0.9, "done"), ("b", 0.9, "done")]
    assert chosen(trials(rows)) == ["a"]
    assert chosen(trials(rows, {"c": 0.5})) == ["c"]


def test_contenders_without_an_eligible_cell_are_absent_and_reported() -> None:
    frame, _ = study(contenders=("gd", "adam"), diverge=True, confirm=0)
    assert select.choose(frame).empty
    assert select.untrained(select.cells(frame)) == [("digits", "gd"), ("digits", "adam")]


def test_confirmation_replicates_do_not_take_part_in_the_choice() -> None:
    frame, _ = study()
    flattered = frame.copy()
    flattered.loc[flattered["phase"].eq("confirmation"), "validation_metric"] = 1.0
    pd.testing.assert_frame_equal(select.cells(frame), select.cells(flattered))


def test_without_a_validation_set_the_choice_is_made_on_training_and_says_so() -> None:
    frame, _ = study(contenders=("gd", "adam"), validation=False)
    assert set(select.choose(frame)["chosen_on"]) == {"train"}


def test_an_empty_frame_has_no_cells() -> None:
    frame, _ = study(contenders=("gd",), confirm=0)
    assert select.choose(frame.iloc[:0]).empty


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), shuffle=st.integers(0, 1000))
def test_the_choice_does_not_depend_on_the_order_of_the_rows(seed: int, shuffle: int) -> None:
    frame, _ = study(contenders=("gd", "adam"), lr=(1e-2, 1e-1, 1.0), l2=(0.0, 1e-3), confirm=0, epochs=2, seed=seed)
    shuffled = frame.sample(frac=1, random_state=shuffle)
    assert select.choose(frame)["cell"].to_dict() == select.choose(shuffled)["cell"].to_dict()


def of_epochs(batch_sizes, epochs):
    """Cells of every learning rate, with pairs of batch size and epochs."""
    pairs = zip(batch_sizes, epochs, strict=True)
    rows = [{"lr": lr, "l2": 0.0, "batch_size": batch, "epochs_asked": many} for batch, many in pairs for lr in (0.01, 0.1)]
    return pd.DataFrame(rows)


def test_epochs_are_an_axis_where_they_vary_by_themselves():
    assert select.axes(of_epochs([64, 64], [3, 6])) == ["lr", "epochs_asked"]
    assert select.axes(of_epochs([16, 64, 16, 64], [3, 3, 6, 6])) == ["lr", "batch_size", "epochs_asked"]


def test_epochs_that_a_budget_buys_are_none():
    """120 steps are more epochs of large batches than of small ones."""
    assert select.axes(of_epochs([8, 32], [10, 40])) == ["lr", "batch_size"]
