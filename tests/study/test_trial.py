"""A digest says which run it is: it changes with whatever changes the numbers, and with nothing else."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optlab.settings import Settings
from optlab.study import trial as trials
from optlab.study.spec import Study
from optlab.study.trial import CONFIRMATION, TUNING, Cell, Split, Trial
from tests.study.support import MINE, TINY, plugin_file, tiny

CELL = Cell(
    problem="digits",
    problem_hyper=(),
    task="classification",
    contender="adam",
    settings=Settings(
        layers=(50,), activation=("sigmoid",), output="identity", cost="softmax_cross_entropy", optimizer="adam", hyper=(("lr", 1e-3),),
        activation_hyper=((),),
    ),
    sizes=(64, 50, 10),
    split=Split(),
    plugins=(("optimizer", "a"), ("activation 1", "b")),
)  # fmt: skip
TRIAL = Trial(CELL, 0, 0, TUNING, "00" * 16)


def with_cell(**changes: Any) -> Trial:
    return dataclasses.replace(TRIAL, cell=dataclasses.replace(CELL, **changes))


def with_settings(**changes: Any) -> Trial:
    return with_cell(settings=dataclasses.replace(CELL.settings, **changes))


def test_the_digest_is_the_same_on_every_machine_and_in_every_version() -> None:
    # If this fails without NUMERICS having been raised, every stored trial of every user is lost to its study.
    assert (trials.NUMERICS, TRIAL.digest) == (4, "ba5e596bd37a38b453d2983a0770ae9d")


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(TRIAL, seed=1),
        dataclasses.replace(TRIAL, replicate=1),
        dataclasses.replace(TRIAL, data="11" * 16),
        with_cell(plugins=(("optimizer", "c"), ("activation 1", "b"))),
        with_cell(sizes=(64, 50, 11)),
        with_cell(task="regression"),
        with_cell(split=Split(resplit=True)),
        with_settings(l2=5e-324),
        with_settings(hyper=(("lr", 0.0010000000000000002),)),
        with_settings(dtype="float32"),
        with_settings(batch_size="full"),
        with_settings(epochs=101),
        with_settings(time_limit=1.0),
    ],
)
def test_what_changes_the_numbers_changes_the_digest(other: Trial) -> None:
    assert other.digest != TRIAL.digest


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(TRIAL, phase=CONFIRMATION),
        with_cell(contender="mine"),
        with_cell(problem="another name"),
        with_settings(optimizer="another name"),
    ],
)
def test_what_it_is_called_does_not(other: Trial) -> None:
    assert other.digest == TRIAL.digest


def test_numerics_change_all_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "NUMERICS", trials.NUMERICS + 1)
    assert with_cell().digest != TRIAL.digest


def digests(folder: Path, text: str, **changes: Any) -> dict[str, set[str]]:
    """Digests by contender of a study in which `mine` has this source."""
    folder.mkdir()
    file = plugin_file(folder, text)
    study = Study(**{**TINY, "optimizer": ["gd", "adam", "mine"], "plugin": [str(file)], **changes})
    found: dict[str, set[str]] = {}
    for one in study.trials():
        found.setdefault(one.contender, set()).add(one.digest)
    return found


def test_editing_a_formula_changes_its_trials_and_no_others(tmp_path: Path) -> None:
    before = digests(tmp_path / "a", MINE)
    formula = digests(tmp_path / "b", MINE.replace("beta * v + g", "beta * v + (1 - beta) * g"))
    wording = digests(
        tmp_path / "c", MINE.replace("A leaky", "Another").replace("    v = beta * v + g\n", "    # moving sum\n    v = beta*v + g\n")
    )
    assert formula["mine"].isdisjoint(before["mine"])
    assert {name: formula[name] for name in ("gd", "adam")} == {name: before[name] for name in ("gd", "adam")}
    assert wording == before


def test_a_changed_data_point_changes_all_trials(tmp_path: Path) -> None:
    rows = [f"{k},{k % 7},{k % 2}" for k in range(40)]
    for name, text in (("a", rows), ("b", [*rows[:-1], "39,4.0000001,1"])):
        (tmp_path / f"{name}.csv").write_text("x,z,y\n" + "\n".join(text) + "\n")
    first, second = ({one.digest for one in tiny(problem={"csv": str(tmp_path / f"{n}.csv"), "target": "y"}).trials()} for n in "ab")
    assert len(first) == 16 and first.isdisjoint(second)


def test_a_rule_under_two_names_is_one_run() -> None:
    import optlab

    study = tiny(optimizer=["gd", optlab.variant("gd", name="twin")])
    by_contender: dict[str, list[str]] = {}
    for one in study.trials():
        by_contender.setdefault(one.contender, []).append(one.digest)
    assert by_contender["gd"] == by_contender["twin"]


def test_another_process_gives_the_same_digests() -> None:
    code = f"from optlab.study.spec import Study\nprint(*[t.digest for t in Study(**{TINY!r}).trials()])"
    environment = {"PYTHONHASHSEED": "1"}
    import os

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | environment)
    assert found.stdout.split() == [one.digest for one in tiny().trials()]
