"""The set not distinguishable from the best: its rule against a plain loop, its coverage by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optlab import evidence
from optlab.evidence import bestset, signflip
from tests.evidence import outcomes
from tests.evidence.outcomes import DIVERGED, FIXED
from tests.evidence.synthetic import study

RISING = np.arange(10) / 1000


def best(values: dict[str, np.ndarray]) -> bestset.BestSet:
    return bestset.best(outcomes.of_values({("p", name): own for name, own in values.items()}), {"p": FIXED})["p"]


def test_the_rule_agrees_with_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        shared = rng.normal(0, 0.01, 10)
        values = {f"c{k}": 0.9 + shared + rng.normal(0.004 * k, 0.006, 10) for k in range(5)}
        beaten = {i for i in values for j in values if i != j and signflip.one_sided(values[j] - values[i]) <= 0.05 / 4}
        kept = [name for name in values if name not in beaten]
        assert list(best(values).members) == kept


@pytest.mark.parametrize(("contenders", "needed"), [(2, 5), (6, 7), (40, 10)])
def test_below_the_replicates_that_the_test_needs_nobody_is_left_out(contenders: int, needed: int) -> None:
    def of(n: int) -> bestset.BestSet:
        return best({f"c{k:02d}": 0.5 + k / 100 + np.arange(n) / 1000 for k in range(contenders)})

    assert of(needed).members == (f"c{contenders - 1:02d}",)
    few = of(needed - 1)
    assert few.members == few.dropped == ()
    assert few.needed == needed
    assert f"{contenders} contenders need {needed} replicates" in few.sentence


def test_a_contender_that_diverges_is_left_out_and_never_the_best() -> None:
    found = best({"a": 0.9 + RISING, "b": np.full(10, DIVERGED), "c": 0.9 + RISING[::-1]})
    assert found.members == ("a", "c") and found.dropped == ("b",)
    nobody = best({"a": np.full(10, DIVERGED), "b": np.full(10, DIVERGED)})
    assert nobody.members == () and "there is no best" in nobody.sentence
    assert best({"a": np.full(10, DIVERGED)}).members == ()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.one_of(st.just(DIVERGED), st.just(np.nan), st.floats(0, 1)), min_size=7, max_size=7), min_size=2, max_size=4))
def test_the_set_holds_someone_who_finished_and_never_one_without_a_number(values: list[list[float]]) -> None:
    frame = outcomes.frame({("p", f"c{k}"): own for k, own in enumerate(values)})
    found = evidence.summary(frame, outcomes.curves())
    finished = {f"c{k}" for k, own in enumerate(values) if np.isfinite(own).any()}
    if "p" in found.best and finished:
        assert found.best["p"].members and set(found.best["p"].members) <= finished
        assert {*found.best["p"].members, *found.best["p"].dropped} == {f"c{k}" for k in range(len(values))}
    beaten = set(found.claims.loc[found.claims["outcome"].eq("better"), "a"])
    assert beaten <= finished  # what never has a number never wins


def covered(seed: int, studies: int) -> float:
    """Share of made-up studies whose set holds the true best: 6 contenders, 10 replicates, the best tied, near or clear by turns."""
    rng = np.random.default_rng(seed)
    held = 0
    for number in range(studies):
        gaps = (0.0, 0.002, 0.02)[number % 3] * np.arange(6)
        shared = rng.normal(0, 0.01, 10)  # the replicate: seed and start that all contenders share
        noise = rng.normal(0, 0.01, (6, 10)) if number % 2 else 0.01 * (rng.exponential(1, (6, 10)) - 1)
        lost = rng.random((6, 10)) < (0.1 if number % 5 == 0 else 0.0)  # some studies lose a tenth of all runs
        values = np.where(lost, DIVERGED, np.round(0.9 + shared + noise - gaps[:, np.newaxis], 3))
        runs = {f"c{k}": pd.Series(own) for k, own in enumerate(values)}
        held += "c0" in bestset.undropped(runs, FIXED)[0]
    return held / studies


def test_the_set_holds_the_true_best() -> None:
    share = covered(seed=0, studies=150)
    assert stats.binom.sf(round(150 * (1 - share)) - 1, 150, 0.05) > 0.01, f"{share:.3f} of the sets hold the best"


@pytest.mark.long
def test_the_set_holds_the_true_best_in_95_of_100_studies() -> None:
    share = covered(seed=1, studies=10_000)
    print(f"\nthe set of the best holds the true best in {share:.2%} of 10,000 studies")
    assert share >= 0.95


def test_cells_not_distinguishable_from_the_chosen_one() -> None:
    frame, curves = study(contenders=("gd", "adam"), tuning=12, epochs=3)
    found = evidence.summary(frame, curves)
    for contender in ("gd", "adam"):
        own = frame[frame["contender"].eq(contender) & frame["phase"].eq("tuning")]
        values = {cell: np.where(rows["status"].eq("diverged"), DIVERGED, rows["validation_metric"]) for cell, rows in own.groupby("cell")}
        cells = found.cells[found.cells["contender"].eq(contender)].set_index("cell")

        def kept(cell: str, values: dict[str, np.ndarray] = values) -> bool:
            rivals = (other for name, other in values.items() if name != cell)
            return all(signflip.one_sided(signflip.differences(other, values[cell])) > 0.05 / 43 for other in rivals)

        wanted = {cell for cell in values if cells.loc[cell, "eligible"] and kept(cell)} | {found.chosen.loc[("digits", contender), "cell"]}
        listed = found.best_cells[found.best_cells["contender"].eq(contender)]
        assert set(listed["cell"]) == wanted
        assert 1 < len(wanted) < 44
        assert listed["cell"].iloc[0] == found.chosen.loc[("digits", contender), "cell"]


def test_with_few_tuning_replicates_the_chosen_cell_stands_alone() -> None:
    frame, curves = study(contenders=("gd", "adam"), tuning=3)
    found = evidence.summary(frame, curves)
    assert list(found.best_cells["cell"]) == list(found.chosen["cell"])
