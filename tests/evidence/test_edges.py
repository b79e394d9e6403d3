"""Chosen cells at the edge of a grid are found, and only those."""

import numpy as np
import pandas as pd

from optlab import evidence
from tests.evidence.synthetic import BEST, LEARNING_RATES, study


def test_a_grid_cropped_below_the_best_learning_rate_is_named() -> None:
    cropped = [lr for lr in LEARNING_RATES if lr < 10 ** (BEST["gd"] - 0.6)]
    frame, curves = study(contenders=("gd", "adam"), lr=cropped, epochs=5)
    found = evidence.summary(frame, curves)
    assert found.edges[["contender", "axis", "side"]].to_numpy().tolist() == [["gd", "lr", "high"]]
    assert found.edges.iloc[0]["value"] == max(cropped)
    line = next(one for one in found.verdict if "edge" in one)
    assert "gd on digits (learning rate 0.316, highest)" in line and "adam" not in line


def test_the_whole_grid_has_no_edge_and_a_penalty_of_zero_is_none() -> None:
    frame, curves = study(contenders=("gd", "adam"), epochs=5)
    found = evidence.summary(frame, curves)
    assert set(found.chosen["l2"]) == {0.0}
    assert found.edges.empty
    assert not any("edge" in one for one in found.verdict)


def test_a_low_edge_and_other_axes() -> None:
    frame, curves = study(contenders=("adam",), lr=(0.01, 0.1, 1.0), hyper={"beta": (0.5, 0.9), "exact": (True, False)}, epochs=5)
    table = evidence.summary(frame, curves).edges
    assert set(table["axis"]) <= {"lr", "hyper.beta"} and "hyper.beta" in set(table["axis"])
    assert table.set_index("axis").loc["lr", "side"] == "low"


def test_mixed_columns_are_no_axis_of_numbers() -> None:
    frame, curves = study(contenders=("adam",), lr=(0.01,), l2=(0.0,), tuning=2, epochs=5)
    both = pd.concat([frame, frame.assign(cell=frame["cell"] + "full", batch_size="full")], ignore_index=True)
    assert evidence.summary(both, curves).edges.empty
    assert np.isfinite(evidence.summary(frame, curves).ranked["median"]).all()
