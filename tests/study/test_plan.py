"""Stages follow from stored outcomes: what is stopped is named, grids grow where the best cell asks for it, looks end when decided."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optlab
from optlab.evidence import looks
from optlab.study.extend import beyond
from optlab.study.plan import Plan
from optlab.study.progress import Progress
from optlab.study.run import run_study
from optlab.study.store import Store
from tests.study.support import tiny

RATES = {"lr": optlab.log(1e-3, 1e-1, 5), "epochs": 12, "optimizer": ["gd", "adam"], "confirm": 0}


def exact(path: Path) -> dict[str, tuple[Any, ...]]:
    with Store(path, create=False) as store:
        return store.exact()


# -- halving ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    study = tiny(**RATES, halving={"keep": 0.5, "epochs": [2, 5]}, name="halved")
    return study.run(tmp_path_factory.mktemp("halved") / "lab.db")


def test_each_rung_keeps_the_better_half_and_names_the_others(halved: Any) -> None:
    frame, stopped = halved.frame(), pd.DataFrame(halved.record["stopped"])
    # 5 learning rates x 2 strengths = 10 cells: 5 stop at the first rung, 2 of the other 5 at the second.
    assert stopped.groupby(["contender", "epochs"]).size().to_dict() == {(c, e): n for c in ("gd", "adam") for e, n in ((2, 5), (5, 2))}
    runs = frame.groupby(["contender", "phase", "epochs_asked"])["cell"].nunique().to_dict()
    assert runs == {(c, p, e): n for c in ("gd", "adam") for p, e, n in (("halving", 2, 10), ("halving", 5, 5), ("tuning", 12, 3))}
    assert set(stopped["settings"].str.extract(r"^lr = ([\d.e-]+), l2 = ")[0].astype(float)) <= set(frame["lr"])
    assert not set(stopped["cell"]) & set(frame.loc[frame["phase"].eq("tuning"), "cell"])


def test_the_record_and_the_report_name_what_stopped(halved: Any, tmp_path: Path) -> None:
    rows = [text for name, text in halved.record["protocol"] if name == "stopped"]
    assert [text.partition(":")[0] for text in rows] == [f"{c} on iris after {e} epochs" for e in (2, 5) for c in ("gd", "adam")]
    assert sum(text.count("lr = ") for text in rows) == len(halved.record["stopped"]) == 14
    page = halved.report(tmp_path / "out").read_text()
    assert "Successive halving stopped 14 cells early" in page and rows[0].partition(": ")[2].split("; ")[0] in page


def test_the_better_half_is_the_better_half(halved: Any) -> None:
    frame, stopped = halved.frame(), halved.record["stopped"]
    for contender in ("gd", "adam"):
        rung = frame[frame["contender"].eq(contender) & frame["epochs_asked"].eq(2)]
        value = rung.groupby(["lr", "l2"]).agg(metric=("validation_metric", "median"), lost=("status", lambda s: (s != "done").mean()))
        gone = {
            tuple(map(float, pair)) for pair in (_numbers(one) for one in stopped if one["contender"] == contender and one["epochs"] == 2)
        }
        good = value[value["lost"].lt(0.5)]
        stays, leaves = good[~good.index.isin(gone)], good[good.index.isin(gone)]
        assert len(gone) == 5
        assert leaves.empty or stays["metric"].min() >= leaves["metric"].max()


def _numbers(stopped: dict[str, Any]) -> list[str]:
    return [part.partition(" = ")[2] for part in stopped["settings"].split(", ")]


def test_a_rung_is_a_trial_of_its_own_digest(halved: Any, tmp_path: Path) -> None:
    # The same numbers as a study of that many epochs, under the same digests.
    short = tiny(**RATES | {"epochs": 5}).run(tmp_path / "lab.db")
    rung = halved.frame().query("phase == 'halving' and epochs_asked == 5")
    assert set(rung["digest"]) <= set(short.frame()["digest"])
    assert exact(halved.store).items() >= {key: value for key, value in exact(short.store).items() if key in set(rung["digest"])}.items()


def test_halving_goes_on_where_it_was_stopped(tmp_path: Path, halved: Any) -> None:
    study = tiny(**RATES, halving={"keep": 0.5, "epochs": [2, 5]}, name="halved")
    stop, seen = optlab.study.run.Stop(), []

    def interrupt(progress: Progress) -> None:
        seen.append(progress.phase)
        if progress.phase == "halving at 5 epochs" and not stop.requests:
            stop.ask()

    assert not run_study(study, tmp_path / "lab.db", workers=1, progress=interrupt, stop=stop).complete
    again = study.run(tmp_path / "lab.db")
    assert again.complete and again.record["stopped"] == halved.record["stopped"]
    assert exact(tmp_path / "lab.db") == exact(halved.store)


# -- growing grids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "at", "found"),
    [
        ((1e-3, 1e-2, 1e-1), 1e-1, (1.0, 10.0)),
        ((1e-3, 1e-2, 1e-1), 1e-3, (1e-4, 1e-5)),
        ((1e-3, 1e-2, 1e-1), 1e-2, ()),
        ((0.1, 0.2, 0.3), 0.3, (0.4, 0.5)),
        ((0.1, 1.0, 3.0), 3.0, ()),  # no even grid
        ((0.1, 1.0), 1.0, ()),  # two values: of what spacing?
        ((0.0, 1e-4, 1e-3, 1e-2), 1e-2, (0.1, 1.0)),
        ((0.0, 1e-4, 1e-3, 1e-2), 1e-4, ()),  # 0 lies below
        ((0.0, 1e-4, 1e-3, 1e-2), 0.0, ()),
        ((16, 32, 64), 16, (8, 4)),
        ((16, 32, 64, "full"), 64, (128, 256)),
        ((16, 32, 64, "full"), "full", ()),
        ((True, False), True, ()),
        (("a", "b", "c"), "a", ()),
    ],
)
def test_an_even_axis_goes_on_at_its_spacing(values: tuple[Any, ...], at: Any, found: tuple[Any, ...]) -> None:
    assert beyond(values, at, lambda value: True) == found


def test_an_axis_stays_in_its_domain() -> None:
    assert beyond((0.5, 0.7, 0.9), 0.9, lambda value: value < 1) == ()
    assert beyond((2, 4, 8), 2, lambda value: value >= 1) == (1,)


def test_a_cropped_grid_grows_to_the_cells_of_the_whole_one(tmp_path: Path) -> None:
    cropped = {"optimizer": ["gd"], "l2": 0.0, "epochs": 15, "confirm": 2, "seeds": 3}
    results = tiny(**cropped, lr=optlab.log(1e-4, 1e-2, 3), extend=True, name="cropped").run(tmp_path / "lab.db")
    grown = results.record["extended"]
    assert [(one["axis"], one["round"]) for one in grown[:2]] == [("lr", 1), ("lr", 2)] and grown[0]["values"] == [0.1, 1.0]
    frame = results.frame().query("phase == 'tuning'")
    assert set(frame["lr"]) == {1e-4, 1e-3, 1e-2, *(value for one in grown for value in one["values"])}
    whole = tiny(**cropped, lr=sorted(set(frame["lr"])), name="whole").run(tmp_path / "whole.db")
    assert exact(tmp_path / "lab.db") == exact(tmp_path / "whole.db")  # confirmation of the same cell too
    assert results.best()["lr"].tolist() == whole.best()["lr"].tolist()
    chosen = float(results.best()["lr"].iloc[0])
    assert chosen > 1e-2 and results.train("gd").status == "done"
    assert tiny(**cropped, lr=optlab.log(1e-4, 1e-2, 3), extend=True, name="cropped").run(tmp_path / "lab.db").record["extended"] == grown


def test_a_grid_grows_for_its_own_contender_and_problem_alone(tmp_path: Path) -> None:
    frame = tiny(lr=optlab.log(1e-4, 1e-2, 3), l2=0.0, epochs=15, confirm=0, extend=True, optimizer=["gd", "adam"], seeds=3)
    results = frame.run(tmp_path / "lab.db")
    grown = {one["contender"] for one in results.record["extended"]}
    for label, own in results.frame().groupby("contender"):
        assert (own["lr"].nunique() > 3) == (label in grown)


def test_without_extension_an_edge_is_said(tmp_path: Path) -> None:
    results = tiny(optimizer=["gd"], lr=optlab.log(1e-4, 1e-2, 3), l2=0.0, epochs=15, seeds=3).run(tmp_path / "lab.db")
    edges = results.evidence().edges
    assert edges[["axis", "side"]].to_numpy().tolist() == [["lr", "high"]]
    assert "extended" not in results.record


# -- until decided ----------------------------------------------------------------------------------------------------------------


def test_a_plain_difference_is_decided_at_the_first_look(tmp_path: Path) -> None:
    # At 0.003 hardly anything is learnt: nobody needs more than ten replicates to tell that from a good rate.
    study = tiny(optimizer=["gd", optlab.variant("gd", name="idle", lr=[3e-3])], lr=[0.3], l2=0.0, epochs=40, confirm=3)
    results = study.run(tmp_path / "lab.db", until_decided=True)
    assert results.record["looks"] == {"planned": [10, 20, 40, 80], "ended": 1, "replicates": 10, "decided": True}
    assert results.frame().query("phase == 'confirmation'").groupby("contender").size().to_dict() == {"gd": 10, "idle": 10}
    assert results.evidence().claims["outcome"].tolist() == ["better"]
    assert "until the claims are decided" in dict(results.record["protocol"])["replicates"]


def test_equals_go_to_the_last_look_and_stay_undecided(tmp_path: Path) -> None:
    study = tiny(optimizer=["gd", optlab.variant("gd", name="twin", hyper={})], lr=[0.1], l2=0.0)
    labels: list[str] = []
    results = study.run(tmp_path / "lab.db", until_decided=True, progress=lambda one: labels.append(one.phase))
    assert results.record["looks"] == {"planned": [10, 20, 40, 80], "ended": 4, "replicates": 80, "decided": False}
    assert list(dict.fromkeys(labels)) == [
        "tuning",
        "confirmation",
        "confirmation 10 to 20",
        "confirmation 20 to 40",
        "confirmation 40 to 80",
    ]
    assert len(results.frame().query("phase == 'confirmation'")) == 160
    assert results.evidence().looks == len(looks.LOOKS)
    again: list[Progress] = []
    assert study.run(tmp_path / "lab.db", until_decided=True, progress=again.append).record["looks"] == results.record["looks"]
    assert all(one.found == one.total for one in again)


def test_a_decision_reads_the_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def decided(claims: pd.DataFrame) -> bool:
        asked.append(int(claims["n"].iloc[0]))
        return len(asked) == 2

    monkeypatch.setattr(looks, "decided", decided)
    record = tiny(lr=[0.1], l2=0.0).run(tmp_path / "lab.db", until_decided=True).record
    assert asked == [10, 20] and (record["looks"]["ended"], record["looks"]["decided"]) == (2, True)


def test_a_plan_that_has_not_begun_tells_so() -> None:
    assert Plan(tiny(), until_decided=True).told() == {
        "looks": {"planned": [10, 20, 40, 80], "ended": 0, "replicates": 0, "decided": False}
    }
    assert Plan(tiny()).told() == {}


# -- the rule of selection -----------------------------------------------------------------------------------------------------------


def test_the_mean_chooses_otherwise_than_the_median(tmp_path: Path) -> None:
    study = tiny(optimizer=["gd"], lr=[0.05, 0.1, 0.3], l2=[0.0, 1e-2], seeds=3, epochs=4, select="mean", name="mean")
    results = study.run(tmp_path / "lab.db")
    frame = results.frame()
    tuning, fresh = (frame[frame["phase"].eq(phase)] for phase in ("tuning", "confirmation"))
    values = tuning.assign(value=tuning["validation_metric"].where(tuning["status"].ne("diverged"), -math.inf))
    means = values.groupby("cell")["value"].mean()
    stuck = tuning.groupby("cell")["status"].agg(lambda states: (states != "done").mean() >= 0.5)
    assert set(means[means.eq(means[~stuck].max())].index) >= set(fresh["cell"])
    assert set(results.evidence().chosen["cell"]) == set(fresh["cell"])
    assert "highest mean" in results.record["methods"]
