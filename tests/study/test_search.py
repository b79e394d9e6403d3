"""A search draws as many cells for everybody, the same ones whoever else takes part, even in what its ranges say."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import optlab
from optlab.study import search
from optlab.study.axes import Range
from optlab.study.cells import value_at
from optlab.study.spec import Study
from optlab.study.trial import Cell
from tests.study.support import TINY

METHODS = ("random", "sobol", "halton")
SEARCHED = {**TINY, "lr": optlab.log(1e-4, 1.0), "l2": [0.0, 1e-3, 1e-2], "trials": 8, "seeds": 1}


def cells(method: str, **changes: object) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in Study(**{**SEARCHED, "search": method, **changes}).cells():
        found.setdefault(cell.contender, []).append(cell)
    return found


def rates(drawn: list[Cell]) -> list[float]:
    return [value_at(cell.settings, ("hyper", "lr")) for cell in drawn]


@pytest.mark.parametrize("method", METHODS)
def test_every_contender_has_the_same_budget_of_different_cells(method: str) -> None:
    found = cells(method, hyper={"adam": {"beta1": optlab.linear(0.5, 0.95)}})
    assert {label: len({cell.id for cell in own}) for label, own in found.items()} == {"gd": 8, "adam": 8}
    for own in found.values():
        assert all(1e-4 <= rate <= 1.0 and float(f"{rate:.12g}") == rate for rate in rates(own))
        assert {cell.settings.l2 for cell in own} <= {0.0, 1e-3, 1e-2}


@pytest.mark.parametrize("method", METHODS)
def test_another_contender_changes_nobodys_draws_and_the_seed_does(method: str) -> None:
    few, many = cells(method, optimizer=["adam"]), cells(method, optimizer=["gd", "rmsprop", "adam"])
    assert [cell.id for cell in few["adam"]] == [cell.id for cell in many["adam"]]
    assert rates(many["gd"]) == rates(many["adam"])  # the same axes: the same luck for all
    assert rates(cells(method, seed=1)["adam"]) != rates(few["adam"])


@pytest.mark.parametrize("method", METHODS)
def test_more_trials_keep_the_former_ones(method: str) -> None:
    few, many = cells(method), cells(method, trials=100)
    assert [cell.id for cell in many["gd"][:8]] == [cell.id for cell in few["gd"]]
    assert len(many["gd"]) == 100


def test_an_axis_more_leaves_random_draws_of_the_others() -> None:
    more = cells("random", hyper={"adam": {"beta1": optlab.linear(0.5, 0.95)}})
    assert rates(more["adam"]) == rates(more["gd"])


@pytest.mark.parametrize("method", METHODS)
def test_draws_are_even_in_the_logarithm(method: str) -> None:
    drawn = np.log10(rates(cells(method, trials=512, l2=0.0)["gd"]))
    shares = (drawn + 4) / 4
    # A uniform sample of 512 stays within 0.07 with probability 0.99; quasi-random points are far more even.
    distance = stats.kstest(shares, "uniform").statistic
    assert distance < (0.07 if method == "random" else 0.005)


def test_sobol_and_halton_are_scipys_scrambled_sequences() -> None:
    for method, engine in (("sobol", stats.qmc.Sobol), ("halton", stats.qmc.Halton)):
        ours = search.Draw(method, 4, 7).points([("a",), ("b",)])
        theirs = engine(2, scramble=True, seed=np.random.default_rng((7, 0, search.ROLE))).random(64)
        assert [tuple(next(ours)) for _ in range(64)] == [tuple(point) for point in theirs]


def test_few_cells_are_all_taken() -> None:
    found = cells("sobol", lr=[0.1, 0.2], trials=32)
    assert len(found["gd"]) == 6  # 2 learning rates x 3 strengths
    assert len(cells("random", lr=[0.1, 0.2], trials=5)["gd"]) == 5


def test_whole_numbers_stay_whole() -> None:
    found = cells("halton", layers=None, width=optlab.log(2, 64), depth=[1, 2], batch_size=optlab.log(4, 64), epochs=optlab.linear(2, 9))
    for cell in found["gd"]:
        settings = cell.settings
        assert len(settings.layers) in (1, 2) and all(isinstance(nodes, int) and 2 <= nodes <= 64 for nodes in settings.layers)
        assert isinstance(settings.batch_size, int) and isinstance(settings.epochs, int)
    assert len({cell.settings.layers for cell in found["gd"]}) > 3


@pytest.mark.parametrize(("spacing", "at_half"), [("log", 0.01), ("linear", 0.50005)])
def test_a_range_is_even_in_what_it_says(spacing: str, at_half: float) -> None:
    assert math.isclose(Range(spacing, 1e-4, 1.0).at(0.5), at_half, rel_tol=1e-11)
    assert (Range(spacing, 1e-4, 1.0).at(0.0), search.pick(("a", "b"), 0.99, False)) == (1e-4, "b")


@pytest.mark.parametrize("axes", [{}, {"hyper": {"adam": {"beta1": optlab.linear(0.5, 0.95)}}, "batch_size": optlab.log(8, 64)}])
def test_the_report_of_scattered_cells_shows_them_and_says_what_it_cannot(axes: dict[str, object], tmp_path: Path) -> None:
    keys = {**SEARCHED, "l2": optlab.log(1e-6, 1e-2), "search": "halton", "trials": 6, "epochs": 6, "confirm": 2, **axes}
    results = Study(**keys).run(tmp_path / "lab.db")
    page = results.report(tmp_path / "out")
    assert page.exists() and {one.name for one in (tmp_path / "out" / "figures").iterdir()} >= {"search.png"}
    assert len(results.figure("search").axes) == len(axes) + 2  # a panel for each axis: learning rate and L2 at least
    forgiving = results.evidence().answers[1].text
    assert "does not vary" not in forgiving and "a search draws all settings at once" in forgiving
    cells = results.evidence().cells
    assert cells.groupby("contender").size().to_dict() == {"gd": 6, "adam": 6}
