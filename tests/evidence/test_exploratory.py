"""The exploratory numbers against hand-worked ones, through the whole of ``evidence.summary``."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab import evidence
from optlab.evidence import many
from optlab.evidence.gather import Evidence
from optlab.evidence.reaching import ALL

LOST = -math.inf
PINNED = {"one": many.Target(1.0, 0.0), "two": many.Target(1.0, 0.0)}  # targets 0.1, 0.2, ... 1.0


class Made:
    """A study put together trial by trial; each epoch is 10 steps, 1 s and 100 FLOPs."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.curves: list[pd.DataFrame] = []

    def trial(self, problem: str, contender: str, values: list[float], cell: str = "a", fresh: bool = True, **more: Any) -> None:
        """``values``: validation and test metric from epoch 0 on; the last one is final, ``LOST`` for a run that diverged."""
        lost = values[-1] == LOST
        digest, epochs = f"{len(self.rows):032x}", len(values) - 1
        final = math.nan if lost else values[-1]
        self.rows.append(
            {"digest": digest, "problem": problem, "contender": contender, "cell": f"{contender}:{cell}", "lr": float(ord(cell[0])),
             "phase": "confirmation" if fresh else "tuning", "replicate": len(self.rows), "status": "diverged" if lost else "done",
             "metric": "accuracy", "epochs": epochs, "steps": 10 * epochs, "seconds": 1.0 * epochs, "flops": 100.0 * epochs,
             "train_metric": final + 0.125, "validation_metric": final, "test_metric": final,
             "validation_cost": 1.0, "train_cost": 1.0} | more
        )  # fmt: skip
        kept = [value for value in values if value != LOST]
        epoch = np.arange(len(kept))
        metrics = dict.fromkeys(("train_metric", "validation_metric", "test_metric"), kept)
        self.curves.append(pd.DataFrame({"digest": digest, "epoch": epoch, "step": 10 * epoch, "seconds": 1.0 * epoch,
                                         "flops": 100.0 * epoch, **metrics}))  # fmt: skip

    def summary(self) -> Evidence:
        return evidence.summary(pd.DataFrame(self.rows), pd.concat(self.curves, ignore_index=True), 0.55)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Made:
    """Two problems with pinned targets, two contenders, two fresh runs each of 4 epochs; a third problem that nobody pinned."""
    monkeypatch.setattr(many, "targets", lambda: PINNED)
    made = Made()
    fast, slow = [0.0, 0.55, 0.55, 0.55, 0.55], [0.0, 0.15, 0.55, 0.55, 0.95]
    for problem in ("one", "two", "own"):
        for contender, runs in (("fast", [fast, fast]), ("slow", [slow, slow])):
            made.trial(problem, contender, runs[0], fresh=False)
            for run in runs:
                made.trial(problem, contender, run)
    return made


def of(table: pd.DataFrame, problem: str, contender: str, **where: Any) -> "pd.Series[Any]":
    own = table[table["problem"].eq(problem) & table["contender"].eq(contender)]
    for name, value in where.items():
        own = own[own[name].eq(value)]
    assert len(own) == 1
    return own.iloc[0]


def test_targets_hit_within_the_budget(two: Made) -> None:
    found = two.summary()
    fast, slow = (of(found.anytime, ALL, name, budget="step") for name in ("fast", "slow"))
    # fast: 0.1 to 0.5 after 10 of 40 steps, five of ten targets; slow: one after 10, four after 20, four after 40 steps
    assert (fast["hit_share"], fast["area"]) == (pytest.approx(0.5), pytest.approx(0.5 * 0.75))
    assert (slow["hit_share"], slow["area"]) == (pytest.approx(0.9), pytest.approx(0.1 * 0.75 + 0.4 * 0.5))
    assert (slow["runs"], slow["n_problems"], slow["n_targets"]) == (4, 2, 20)
    curve = found.anytime_curve[found.anytime_curve["budget"].eq("flops") & found.anytime_curve["contender"].eq("slow")]
    assert curve[["spent", "share"]].to_numpy() == pytest.approx(np.array([[0, 0], [0.25, 0.1], [0.5, 0.5], [1, 0.9], [1, 0.9]]))


def test_profile_against_the_best(two: Made) -> None:
    found = two.summary()
    fast, slow = (of(found.profile, ALL, name, budget="seconds") for name in ("fast", "slow"))
    # ratios of fast: 1 on five targets, missed on five; of slow: 1 on the first, 2 on the next four, 1 on the next four, missed on one
    assert (fast["integral"], fast["wins"], fast["solved"]) == (pytest.approx(0.5), pytest.approx(0.5), pytest.approx(0.5))
    assert (slow["integral"], slow["wins"], slow["solved"]) == (pytest.approx(0.5 + 0.4 * 2 / 3), pytest.approx(0.5), pytest.approx(0.9))
    assert (slow["behind"], fast["behind"]) == (0, pytest.approx(0.4 * 2 / 3))
    assert of(found.profile, "one", "slow", budget="step")["n_targets"] == 10


def test_problems_without_pinned_targets_are_named_as_left_out(two: Made) -> None:
    found = two.summary()
    assert found.left_out == {"own": "no pinned baseline and reference"}
    assert set(found.anytime["problem"]) == {"one", "two", ALL}
    assert "(without own)" in found.over_problems["label"].iloc[0]


def test_who_never_trained_misses_and_who_has_not_run_leaves_the_problem_out(two: Made) -> None:
    two.trial("one", "lost", [0.0, LOST], fresh=False)
    found = two.summary()
    assert of(found.anytime, "one", "lost", budget="step")["hit_share"] == 0
    assert of(found.profile, "one", "lost", budget="step")["solved"] == 0
    assert found.left_out["two"] == "no run of lost"


def test_a_budget_ends_where_the_first_run_ends(two: Made) -> None:
    two.trial("one", "fast", [0.0, 0.55, 0.55])
    assert of(two.summary().anytime, "one", "slow", budget="step")["hit_share"] == pytest.approx(0.5)  # what it hit in 20 steps


def test_expected_running_time_counts_the_misses(two: Made) -> None:
    two.trial("one", "fast", [0.0, 0.5, 0.5, 0.5, LOST])
    row = of(two.summary().targets, "one", "fast")
    assert (row["hits"], row["hit_share"]) == (2, pytest.approx(2 / 3))
    assert (row["expected_step"], row["expected_seconds"], row["step"]) == ((10 + 10 + 40) / 2, (1 + 1 + 4) / 2, 10)


def test_tunability_generalisation_and_shares_by_hand() -> None:
    made = Made()
    for cell, value in (("a", 0.5), ("b", 0.75), ("c", LOST)):
        made.trial("p", "gd", [0.0, value], cell, fresh=False)
    made.rows[0]["status"] = "stuck"
    for value in (0.75, 0.5, LOST):
        made.trial("p", "gd", [0.0, value], "b")
    found = made.summary()
    rows = found.tunability.set_index("budget")
    # of three cells: one at a time each one once; two at a time a once, b twice; all: b
    assert list(rows["expected"]) == [LOST, pytest.approx((0.5 + 2 * 0.75) / 3), 0.75]
    assert list(rows["median"]) == [0.5, 0.75, 0.75] and list(rows["low"]) == [LOST, 0.5, 0.75]
    assert list(rows["trains"]) == [pytest.approx(2 / 3), 1, 1]
    gap = found.generalisation.iloc[0]
    assert (gap["n"], gap["runs"], gap["median"], gap["train"], gap["fresh"]) == (2, 3, 0.125, 0.75, 0.625)
    share = found.shares.iloc[0]
    assert (share["cells"], share["diverged_cells"], share["stuck_cells"]) == (3, pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_classification_by_hand() -> None:
    made = Made()
    made.trial("p", "gd", [0.0, 0.75], fresh=False)
    # precision of the classes 3/4 and 1, recall 1 and 1/2: three of class 0, two of class 1
    made.trial("p", "gd", [0.0, 0.75], confusion="[[3,0],[1,1]]", roc_auc=0.875)
    made.trial("p", "gd", [0.0, 0.75], confusion='{"labels":["no","yes"],"counts":[[3,0],[1,1]]}', roc_auc=0.875)
    row = made.summary().classification.iloc[0]
    assert (row["precision"], row["recall"], row["roc_auc"], row["n"]) == (0.875, 0.75, 0.875, 2)
    assert row["f1"] == pytest.approx((2 * 0.75 / 1.75 + 2 * 0.5 / 1.5) / 2)
    made.trial("p", "gd", [0.0, LOST], confusion=None, roc_auc=math.nan)
    made.trial("p", "gd", [0.0, LOST], confusion=None, roc_auc=math.nan)
    row = made.summary().classification.iloc[0]
    assert (row["f1"], row["roc_auc"], row["n"]) == (LOST, LOST, 4)  # half of the runs diverged


def test_regression_has_no_classification(two: Made) -> None:
    assert two.summary().classification.empty


def test_an_interval_of_a_difference_knows_that_it_is_paired_and_how_the_splits_came_about(two: Made) -> None:
    frame, curves = pd.DataFrame(two.rows), pd.concat(two.curves, ignore_index=True)
    for k in range(8):
        for contender, better in (("fast", 0.0), ("slow", 0.125)):
            extra = frame[frame["contender"].eq(contender) & frame["problem"].eq("one") & frame["phase"].eq("confirmation")].iloc[:1]
            frame = pd.concat(
                [frame, extra.assign(digest=f"x{contender}{k}", replicate=1000 + k, test_metric=0.25 + better + k * 0.0078125)]
            )
    frame["replicate"] = frame["replicate"].where(frame["replicate"] >= 1000, frame.groupby(["problem", "contender"]).cumcount())
    labels = []
    for options in ({}, {"resplit": True, "test_shares": {"one": 0.25}}, {"resplit": True}):
        claims = evidence.summary(frame, curves, **options).claims  # type: ignore[arg-type]
        labels.append(claims.loc[claims["problem"].eq("one"), "interval"].iloc[0])
    assert "median difference" in labels[0] and "re-split" not in labels[0]
    assert "median difference" in labels[1] and "re-split" in labels[1]
    assert labels[2] == "range"


def test_large_grids_are_read_at_few_budgets_and_at_those_of_the_table() -> None:
    made = Made()
    for k in range(130):
        made.trial("p", "gd", [0.0, k / 130], chr(1000 + k), fresh=False)
    budgets = list(made.summary().tunability["budget"])
    assert len(budgets) < 65 and {1, 5, 20, 130} <= set(budgets)
