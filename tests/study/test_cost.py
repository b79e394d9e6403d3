"""What a study costs is what its outcomes say that it cost; a budget buys the epochs that one would count."""

from pathlib import Path

import numpy as np
import pytest

import optlab
from optlab.errors import OptlabError
from optlab.study.estimate import AROUND_DIAGNOSIS, AROUND_TRIAL, duration, estimate, size
from optlab.study.progress import evaluation_cost, expected_cost
from optlab.study.spec import Study
from optlab.study.speed import numpy_step
from optlab.study.store import Store
from tests.study.support import TINY, tiny

SLOW = {"lr": [1e-3, 1e-2], "epochs": 30, "layers": [8]}  # nothing diverges


@pytest.mark.parametrize("changes", [{}, {"batch_size": "full"}, {"l1": 1e-4, "layers": [], "activation": "relu"}, {"problem": "diabetes"}])
def test_steps_and_flops_are_those_of_the_outcomes(changes: dict[str, object], tmp_path: Path) -> None:
    study = tiny(**SLOW | {"confirm": 0, "optimizer": ["gd", "adam", "rmsprop"]} | changes)
    expected = estimate(study, tmp_path / "lab.db")
    assert not list(tmp_path.iterdir())
    frame = study.run(tmp_path / "lab.db").frame()
    assert "diverged" not in set(frame["status"])
    assert (expected.tuning, expected.found) == (len(frame), 0)
    assert expected.steps == frame["steps"].sum()
    assert expected.flops == pytest.approx(frame["flops"].sum(), rel=1e-12)


def test_what_is_stored_is_not_paid_again(tmp_path: Path) -> None:
    tiny(**SLOW, confirm=0).run(tmp_path / "lab.db")
    again = estimate(tiny(**SLOW, confirm=0), tmp_path / "lab.db")
    assert (again.found, again.steps, again.store_bytes) == (again.tuning, 0, 0)
    more = estimate(tiny(**SLOW, confirm=0, seeds=3), tmp_path / "lab.db")
    assert (more.tuning, more.found, more.source) == (24, 16, "measured in this store")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["lab.db", "lab.db.lock"]  # no file of a log beside it


def test_seconds_follow_the_measured_speed(tmp_path: Path) -> None:
    tiny(**SLOW, confirm=0).run(tmp_path / "lab.db")
    with Store(tmp_path / "lab.db") as store:
        store._connection.execute("UPDATE trial SET seconds = steps * 0.001")
    one = estimate(tiny(**SLOW, confirm=0, seeds=4), tmp_path / "lab.db", workers=1)
    training = one.steps * 0.001
    assert training < one.seconds < 2.5 * training  # evaluations come on top
    assert estimate(tiny(**SLOW, confirm=0, seeds=4), tmp_path / "lab.db", workers=2).seconds == pytest.approx(one.seconds / 2)
    other = estimate(tiny(**SLOW | {"layers": [16]}), tmp_path / "lab.db")
    assert other.source == "scaled from other trials in this store"
    assert estimate(tiny(), tmp_path / "none.db").source.startswith("rough")


def test_stored_confirmation_trials_are_not_paid_again(tmp_path: Path) -> None:
    """Those of the chosen cells; asking for more replicates pays for the new ones alone."""
    study = tiny(**SLOW, confirm=4)
    first = estimate(study, tmp_path / "lab.db")
    assert (first.confirmation, first.confirmed) == (8, 0)
    study.run(tmp_path / "lab.db")
    again = estimate(tiny(**SLOW, confirm=4), tmp_path / "lab.db")
    assert (again.confirmation, again.confirmed, again.steps, again.seconds) == (8, 8, 0, 0)
    assert dict(again.pairs())["trials"] == "16 for tuning, 16 of them stored already, then 8 to confirm, 8 of them stored already"
    more = estimate(tiny(**SLOW, confirm=6), tmp_path / "lab.db")
    assert (more.confirmed, more.steps) == (8, 4 * 30 * 6)  # 4 trials of 30 epochs of 6 steps
    other = estimate(tiny(**SLOW, confirm=4, seed=1), tmp_path / "lab.db")
    assert (other.found, other.confirmed) == (0, 0)


def test_a_diagnosis_has_its_price(tmp_path: Path) -> None:
    """And trials that were run without are paid again, for it alone is stored with a run of its own."""
    tiny(**SLOW, confirm=2).run(tmp_path / "lab.db")
    plain, asked = (estimate(tiny(**SLOW, confirm=2, seed=1, diagnostics=on), tmp_path / "lab.db", workers=1) for on in (False, True))
    assert asked.steps == plain.steps and asked.seconds > plain.seconds + 20 * AROUND_DIAGNOSIS * numpy_step()
    again = estimate(tiny(**SLOW, confirm=2, diagnostics=True), tmp_path / "lab.db")
    assert (again.found, again.confirmed) == (0, 0)


def test_small_trials_take_the_time_that_python_takes_around_them(tmp_path: Path) -> None:
    """Threads cannot share that: it is the same for two."""
    study = tiny(layers=[], epochs=1, evaluate_every=0, confirm=0, lr=[k * 1e-4 for k in range(1, 41)])
    least = 2 * 40 * 2 * 2 * AROUND_TRIAL * numpy_step()
    for workers in (1, 2):
        assert least <= estimate(study, tmp_path / "none.db", workers=workers).seconds < 2 * least


def test_the_size_of_a_store_is_about_right(tmp_path: Path) -> None:
    study = tiny(**{**SLOW, "lr": [k * 1e-4 for k in range(1, 41)]}, confirm=0)
    expected = estimate(study, tmp_path / "lab.db").store_bytes
    study.run(tmp_path / "lab.db")
    assert 0.6 < (tmp_path / "lab.db").stat().st_size / expected < 1.6


def test_halving_is_cheaper_by_what_it_stops(tmp_path: Path) -> None:
    whole, halved = (estimate(tiny(**SLOW, confirm=0, **more), tmp_path / "lab.db") for more in ({}, {"halving": {"epochs": [3]}}))
    # 8 cells x 2 seeds x 30 epochs; with halving the 8 run 3 epochs and 4 of them 30.
    assert (halved.tuning, halved.steps / whole.steps) == (16 + 8, pytest.approx((8 * 3 + 4 * 30) / (8 * 30)))


def test_a_store_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.db").write_text("no database")
    with pytest.raises(OptlabError, match="is no optlab store"):
        estimate(tiny(), tmp_path / "lab.db")


@pytest.mark.parametrize(
    ("budget", "epochs"),
    [
        ({"epochs": 7}, [7]),
        ({"steps": 60}, [10]),
        ({"steps": 32}, [5]),  # 5.3 epochs
        ({"steps": 2}, [1]),  # never none
    ],
)
def test_a_budget_becomes_epochs(budget: dict[str, float], epochs: list[int]) -> None:
    study = Study(**{key: value for key, value in TINY.items() if key != "epochs"} | {"budget": budget, "batch_size": 16})
    assert len(study.datasets.get("iris", 0).train) == 90  # 6 steps of 16 rows
    assert {cell.settings.epochs for cell in study.cells()} == set(epochs)
    assert f"{epochs[0]} epochs" in dict(study.protocol().pairs())["budget"]


def test_a_budget_of_flops_is_spent_to_the_nearest_epoch(tmp_path: Path) -> None:
    keys = {key: value for key, value in TINY.items() if key not in ("epochs", "lr")}
    study = Study(**keys | {"budget": {"flops": 2e6}, "batch_size": [4, 16], "lr": 1e-3, "confirm": 0})
    frame = study.run(tmp_path / "lab.db").frame()
    per_epoch = frame["flops"] / frame["epochs"]
    assert (abs(frame["flops"] - 2e6) <= per_epoch / 2).all()
    assert frame.groupby("batch_size")["epochs"].first().nunique() == 2


def test_a_budget_of_seconds_is_a_time_limit_and_marked(tmp_path: Path) -> None:
    keys = {key: value for key, value in TINY.items() if key != "epochs"}
    study = Study(**keys | {"budget": {"seconds": 0.002}, "confirm": 0, "evaluate_every": 0})
    assert {(cell.settings.time_limit, cell.settings.epochs) for cell in study.cells()} == {(0.002, 10_000)}
    assert "not reproducible" in dict(study.protocol().pairs())["budget"]
    assert "stopped" in set(study.run(tmp_path / "lab.db").frame()["status"])
    assert {cell.settings.epochs for cell in Study(**keys | {"budget": {"seconds": 1}, "epochs": 50}).cells()} == {50}


def test_the_same_epochs_by_budget_or_by_name_are_the_same_trials() -> None:
    keys = {key: value for key, value in TINY.items() if key != "epochs"}
    named = [one.digest for one in Study(**keys | {"epochs": 7}).trials()]
    assert [one.digest for one in Study(**keys | {"budget": {"epochs": 7}}).trials()] == named


def test_amounts_are_said_as_people_say_them() -> None:
    assert [duration(one) for one in (0.2, 40, 700, 12_600)] == ["under a second", "about 40 s", "about 12 min", "about 3.5 h"]
    assert [size(one) for one in (850e3, 2.44e6, 3e9)] == ["850 kB", "2.4 MB", "3.0 GB"]


def test_a_trial_that_evaluates_often_is_expected_to_cost_more() -> None:
    def cost(evaluate_every: int, sizes: tuple[int, ...] = (4, 4, 3)) -> float:
        return expected_cost(sizes, "full", 100, evaluate_every, 90, 150)

    often, rarely = (cost(every) - expected_cost((4, 4, 3), "full", 100, every, 90, 0) for every in (1, 10))
    assert often / rarely == pytest.approx(102 / 12)
    assert often == pytest.approx(evaluation_cost((4, 4, 3), 100, 1, 150))
    assert cost(0) < cost(50) < cost(1)
    # By processor time a row of each of these takes 36, 100, 500 and 1260 ns.
    rows = [evaluation_cost(sizes, 1, 0, 1) / 2 for sizes in ((4, 4, 3), (4, 4, 10), (64, 50, 10), (64, 200, 10))]
    np.testing.assert_allclose(np.array(rows) / rows[0], np.array([36, 100, 500, 1260]) / 36, rtol=0.3)


def test_trials_beyond_the_edge_of_a_grid_count_when_the_study_has_run(tmp_path: Path) -> None:
    study = tiny(optimizer=["gd"], l2=0.0, epochs=15, confirm=2, seeds=3, lr=optlab.log(1e-4, 1e-2, 3), extend=True, name="cropped")
    before = estimate(study, tmp_path / "lab.db")
    results = study.run(tmp_path / "lab.db")
    added = sum(len(one["values"]) for one in results.record["extended"])
    assert added and (before.tuning, before.found) == (9, 0)
    after = estimate(study, tmp_path / "lab.db")
    assert (after.tuning, after.found) == (9 + 3 * added, 9 + 3 * added)
    assert (after.confirmed, after.steps) == (2, 0)  # what was chosen lies beyond the first grid
