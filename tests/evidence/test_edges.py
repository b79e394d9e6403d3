"""Chosen cells at the edge of a grid are found, and only those."""

import numpy as np
import pandas as pd

from optlab import evidence
from optlab.evidence import edges, select
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
    frame, curves = study(contenders=("adam",), lr=(0.01, 0.1, 1.0), hyper={"beta": (0.5, 0.7, 0.9), "exact": (True, False)}, epochs=5)
    table = evidence.summary(frame, curves).edges
    assert set(table["axis"]) <= {"lr", "hyper.beta"}
    assert table.set_index("axis").loc["lr", "side"] == "low"


def test_an_axis_of_two_values_has_no_inside_and_so_no_edge() -> None:
    frame, curves = study(contenders=("adam",), lr=(1.0, 0.01), hyper={"beta": (0.5, 0.9)}, epochs=5)
    assert evidence.summary(frame, curves).edges.empty


def drawn(metric: "np.ndarray", lr: "np.ndarray", width: "np.ndarray") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells and the chosen one of a search that drew these values."""
    number = np.arange(len(lr))
    cells = pd.DataFrame({"problem": "p", "contender": "c", "cell": number.astype(str), "lr": lr, "hyper.beta": width, "median": metric})
    cells = cells.assign(median_cost=-metric, eligible=True)
    return cells, select.choose_from(cells)


def test_a_search_has_an_edge_where_its_best_cells_crowd_and_not_at_its_largest_draw() -> None:
    rng = np.random.default_rng(3)
    lr, beta = 10 ** rng.uniform(-4, 0, 40), rng.uniform(0, 1, 40)
    rising = edges.edges(*drawn(np.log(lr), lr, beta))  # the best is the largest, and so are those behind it
    assert rising[["axis", "side"]].to_numpy().tolist() == [["lr", "high"]]
    peaked = -((np.log10(lr) + 2) ** 2)
    peaked[lr.argmax()] = 1.0  # one lucky draw at the edge
    assert edges.edges(*drawn(peaked, lr, beta)).empty


def test_chance_alone_makes_few_edges_of_a_search() -> None:
    rng = np.random.default_rng(4)
    found = sum(len(edges.edges(*drawn(rng.normal(size=30), 10 ** rng.normal(size=30), rng.normal(size=30)))) for _ in range(80))
    assert found / 160 < 0.04  # 2 * 0.2**3 = 1.6 % of the axes; the largest draw alone would make 2 / 30


def test_mixed_columns_are_no_axis_of_numbers() -> None:
    frame, curves = study(contenders=("adam",), lr=(0.01,), l2=(0.0,), tuning=2, epochs=5)
    both = pd.concat([frame, frame.assign(cell=frame["cell"] + "full", batch_size="full")], ignore_index=True)
    assert evidence.summary(both, curves).edges.empty
    assert np.isfinite(evidence.summary(frame, curves).ranked["median"]).all()
