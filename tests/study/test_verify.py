"""Stored trials come out the same again, and a number that was changed is found, named and explained."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab import variant
from optlab.errors import OptlabError
from optlab.study import seals, stored, storefile, verify
from optlab.study.spec import Study
from optlab.study.verify import Verification
from tests.study.support import MINE, TINY, plugin_file, tiny

ALL = 10_000


def run(folder: Path, **changes: Any) -> Path:
    path = folder / "lab.db"
    assert tiny(**changes).run(path).complete
    return path


def change(path: Path, sql: str, sealed: str = "") -> None:
    """Change a store behind its back; sealed: a table whose rows are sealed again, as if they had been written so."""
    with sqlite3.connect(path) as connection:
        storefile.functions(connection)
        connection.execute(sql)
        if sealed:
            connection.execute(seals.sealed(sealed))
    connection.close()


def again(path: Path, **options: Any) -> Verification:
    return verify.verify(path, sample=ALL, seed=0, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.db"
    with sqlite3.connect(whole) as source, sqlite3.connect(path) as target:
        source.backup(target)
    source.close()
    target.close()
    return path


def test_every_trial_is_the_same_again_and_the_store_stays_as_it_is(whole: Path) -> None:
    before = whole.read_bytes()
    found = again(whole)
    assert (len(found.checked), len(found.unable), len(found.different)) == (20, 0, 0)
    assert found.sentence == "20 of 20 stored trials were run again: all of them are the same, bit for bit."
    assert whole.read_bytes() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": [["tanh", "relu"]], "layers": [[3, 2]], "optimizer": ["gd"], "batch_size": "full"},
        {"optimizer": ["clip_norm+adam", variant("gd", name="twin", l2=0.5)], "hyper": {"adam": {"beta1": [0.8, 0.9]}}},
        {"optimizer": ["adam"], "schedule": "warmup then cosine", "schedule_unit": "step", "resplit": True, "seeds": 1},
        pytest.param({"optimizer": ["adam"], "dtype": "float32"}, marks=pytest.mark.long),
        {"optimizer": ["momentum"], "problem": {"name": "franke", "noise": [0.0, 0.1]}, "order": ["fixed", "replacement"], "target": None},
        {"optimizer": ["gd"], "folds": 3, "l1": 0.01, "l1_mode": "proximal", "scale": "minmax", "seeds": 3},
        {"optimizer": ["gd"], "lr": [1e-2, 1e9], "diagnostics": True, "evaluate_every": 0},
    ],
)
def test_all_kinds_of_settings_are_rebuilt_from_the_store(changes: dict[str, Any], tmp_path: Path) -> None:
    found = again(run(tmp_path, **changes))
    assert len(found.checked) == found.stored and not found.different and not found.unable


def test_the_sample_has_as_many_of_each_contender(whole: Path) -> None:
    places = stored.index(whole)
    for seed in range(5):
        drawn = verify.draw(places, 6, seed)
        assert Counter(place.contender for place in drawn) == {"gd": 3, "adam": 3}
        assert drawn == verify.draw(places, 6, seed)
    assert len({tuple(place.row for place in verify.draw(places, 6, seed)) for seed in range(10)}) > 5
    assert sorted(place.row for place in verify.draw(places, ALL, 0)) == sorted(place.row for place in places)


CHANGES = {
    "UPDATE trial SET test_metric = test_metric + 1e-15 WHERE id = 3": "test_metric",
    "UPDATE trial SET train_cost = NULL WHERE id = 3": "train_cost",
    "UPDATE trial SET steps = steps + 1 WHERE id = 3": "steps",
    "UPDATE trial SET status = 'diverged' WHERE id = 3": "status",
    "UPDATE curve SET digest = zeroblob(16) WHERE trial = 3": "curves",
    "UPDATE curve SET block = (SELECT block FROM curve WHERE trial = 4) WHERE trial = 3": "curves",
}


@pytest.mark.parametrize(("sql", "what"), CHANGES.items(), ids=CHANGES.values())
def test_a_changed_number_is_found_and_named(sql: str, what: str, copy: Path) -> None:
    change(copy, sql)
    found = again(copy)
    assert [place.place.row for place in found.different] == [3]
    assert [one.what for one in found.different[0].differences] == [what]
    assert "its seal is broken" in found.different[0].explanation
    assert found.sentence.endswith("1 differ.")


def test_another_cpu_or_version_is_said_to_be_the_cause(copy: Path) -> None:
    change(copy, "UPDATE trial SET test_cost = 1.0", sealed="trial")
    change(copy, "UPDATE environment SET description = json_set(description, '$.cpu', 'Abacus', '$.numba', '0.1', '$.system', 'OS/2')")
    found = again(copy)
    assert found.different
    for one in found.different:
        assert "CPU Abacus there" in one.explanation and "numba 0.1 there" in one.explanation and "OS/2" not in one.explanation


def test_where_a_curve_parts_is_said(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optlab.execution import Executor

    execute = Executor.__call__

    def departing(self: Executor, *arguments: Any) -> Any:
        outcomes = execute(self, *arguments)
        for outcome in outcomes:
            outcome.curves[2:, 4] *= 1.5
        return outcomes

    monkeypatch.setattr(Executor, "__call__", departing)
    texts = {str(difference) for one in again(copy).different for difference in one.differences if difference.what == "curves"}
    assert texts == {"the curves part at epoch 2"}


def test_a_rule_that_chance_of_its_own_drives_is_told_from_a_changed_store(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optlab.execution import Executor

    execute, rng = Executor.__call__, np.random.default_rng()

    def noisy(self: Executor, *arguments: Any) -> Any:
        outcomes = execute(self, *arguments)
        for outcome in outcomes:
            outcome.curves[1:, 4] += rng.random()
        return outcomes

    monkeypatch.setattr(Executor, "__call__", noisy)
    found = again(copy)
    assert len(found.different) == 20
    assert all("run twice here it differs from itself" in one.explanation for one in found.different)


REFUSED = {
    "UPDATE configuration SET description = json_set(plain(description), '$.numerics', 1)": "with numerics 1",
    "UPDATE configuration SET description = json_set(plain(description), '$.settings.l1', 0.5)": "does not lead to its digest",
    "UPDATE configuration SET description = json_remove(plain(description), '$.sizes')": "incomplete (KeyError",
    "UPDATE trial SET status = 'error'": "ended with an error",
}


@pytest.mark.parametrize(("sql", "why"), REFUSED.items(), ids=REFUSED.values())
def test_what_cannot_be_run_again_says_why(sql: str, why: str, copy: Path) -> None:
    change(copy, sql)
    with pytest.raises(OptlabError, match=r"none of the 20 trials") as caught:
        again(copy)
    assert why in str(caught.value)


def test_a_plugin_file_is_needed_and_must_be_the_one_that_ran(tmp_path: Path) -> None:
    file = plugin_file(tmp_path)
    path = run(tmp_path, optimizer=["gd", "mine"], plugin=[str(file)])
    found = again(path)
    assert (len(found.checked), len(found.unable)) == (10, 10)
    assert all("no optimizer called 'mine'" in why and "--plugin" in why for _, why in found.unable)
    found = again(path, plugins=[file])
    assert len(found.checked) == 20 and not found.different
    other = plugin_file(tmp_path, MINE.replace("beta * v + g", "beta * v + 2 * g"), "other.py")
    found = again(path, plugins=[other])
    assert {why.partition(" (")[0] for _, why in found.unable} == {"the formula of the optimizer 'mine' is not the one that ran"}
    renamed = plugin_file(tmp_path, MINE.replace("Gradient descent", "My descent"), "renamed.py")  # other words, the same formula
    assert not again(path, plugins=[renamed]).unable


def test_own_data_are_found_where_they_were_or_where_one_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a},{b},{a + b}" for a, b in rng.normal(size=(40, 2))]
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "own.csv").write_text("\n".join(["a,b,y", *rows]))
    keys = {key: value for key, value in TINY.items() if key not in ("problem", "target")}
    (folder / "own.toml").write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()) + '[problem]\ncsv = "own.csv"\ntarget = "y"\n'
    )
    path = tmp_path / "lab.db"
    assert Study.from_file(folder / "own.toml").run(path).complete
    assert len(again(path).checked) == 20
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(OptlabError, match=r"own\.csv cannot be read"):
        again(path)
    assert not again(path, data=tmp_path / "elsewhere").different
    (tmp_path / "elsewhere" / "own.csv").write_text("\n".join(["a,b,y", *rows[:-1], "1,2,3"]))
    with pytest.raises(OptlabError, match="are not those it was trained on"):
        again(path, data=tmp_path / "elsewhere")


def test_arrays_from_python_are_in_no_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    path = run(tmp_path, problem=(X, X.sum(axis=1)), target=None)
    with pytest.raises(OptlabError, match="arrays given in Python, which no file holds"):
        again(path)


def test_the_command_ends_with_0_1_or_2(optlab: Callable[..., Any], copy: Path, tmp_path: Path) -> None:
    code, out, err = optlab("verify", str(copy), "--sample", "6", "--seed", "1", "--progress", "json")
    assert (code, "6 of 20 stored trials were run again" in out) == (0, True)
    assert json.loads(err.splitlines()[-1])["phase"] == "verify"
    change(copy, "UPDATE trial SET test_cost = 1.0 WHERE id = 3")
    code, out, err = optlab("verify", str(copy), "--sample", "100", "--json", "-q")
    assert (code, err) == (1, "")
    differing = [one for one in json.loads(out)["checked"] if not one["same"]]
    assert [(one["what"], one["stored"]) for one in differing[0]["differences"]] == [("test_cost", 1.0)]
    code, out, _ = optlab("verify", str(copy), "--sample", "100")
    assert code == 1 and "test_cost 1.0 stored" in out
    change(copy, "UPDATE trial SET status = 'error'")
    assert optlab("verify", str(copy))[0] == 2
    assert optlab("verify", str(tmp_path / "none.db"))[0] == 2
    assert "no study called 'other'" in optlab("verify", str(copy), "--study", "other")[2]
