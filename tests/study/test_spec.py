"""The study file, its Python twin and its own record give the same trials; axes multiply out to the cells one would count."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optlab
from optlab.plugin import Decay, Positive, optimizer
from optlab.study import schema
from optlab.study.cells import Contender
from optlab.study.spec import Study, builtin
from optlab.study.trial import CONFIRMATION, FIRST_CONFIRMATION
from tests.study.support import MINE, plugin_file, tiny


@optimizer
def mine(w: Any, g: Any, v: Any, *, t: Any, lr: Positive = 1e-2, beta: Decay = 0.9) -> Any:
    v = beta * v + g
    return w - lr * v, v


DESIGN_EXAMPLE = """
problem = "iris"
plugin = ["mine.py"]                   # relative to this file
optimizer = ["gd", "adam", "mine", "mine-raw"]
layers = [5]
activation = "sigmoid"
epochs = 30
batch_size = 64
lr = { log = [1e-4, 10], points = 11 }
l2 = [0, 1e-4, 1e-3, 1e-2]
seeds = 3
confirm = 10
smallest_difference = 0.01

[hyper.mine]
beta = [0.9, 0.99]

[variant.mine-raw]
of = "mine"
hyper = { beta = 0.0 }
"""


def described(study: Study) -> list[tuple[Any, ...]]:
    return [(one.problem, one.contender, one.cell.id, one.replicate, one.digest) for one in study.trials()]


def test_the_python_twin_gives_the_trials_of_the_file(tmp_path: Path) -> None:
    plugin_file(tmp_path)
    (tmp_path / "study.toml").write_text(DESIGN_EXAMPLE)
    file = Study.from_file(tmp_path / "study.toml")
    twin = optlab.Study(
        problem="iris",
        optimizer=["gd", "adam", mine, optlab.variant(mine, name="mine-raw", hyper={"beta": 0.0})],
        layers=[5],
        activation="sigmoid",
        epochs=30,
        batch_size=64,
        lr=optlab.log(1e-4, 10, 11),
        l2=[0, 1e-4, 1e-3, 1e-2],
        hyper={"mine": {"beta": [0.9, 0.99]}},
        seeds=3,
        confirm=10,
        smallest_difference=0.01,
    )
    assert described(file) == described(twin)
    assert len(described(file)) == (44 + 44 + 88 + 44) * 3
    cells = [cell.id for cell in file.cells()]
    assert len(set(cells)) == len(cells)
    chosen = {("iris", one.label): next(cell.id for cell in file.cells() if cell.contender == one.label) for one in file.contenders}
    fresh = [[(one.replicate, one.digest) for one in study.trials(CONFIRMATION, chosen)] for study in (file, twin)]
    assert fresh[0] == fresh[1]
    assert [number for number, _ in fresh[0]] == [*range(FIRST_CONFIRMATION, FIRST_CONFIRMATION + 10)] * 4


def test_the_record_of_a_study_gives_its_trials_again(tmp_path: Path) -> None:
    plugin_file(tmp_path)
    (tmp_path / "study.toml").write_text(DESIGN_EXAMPLE)
    file = Study.from_file(tmp_path / "study.toml", ["epochs=2", "variant.mine-raw.batch_size=full"])
    (tmp_path / "again.toml").write_text(file.toml())
    assert described(Study.from_file(tmp_path / "again.toml")) == described(file)


def test_a_plugin_file_from_the_command_line_is_a_contender(tmp_path: Path) -> None:
    plain, more = Study.load("quickstart"), Study.load("quickstart", ["optimizer+=mine"], [plugin_file(tmp_path)])
    before, after = described(plain), described(more)
    assert after[: len(before)] == before
    assert {contender for _, contender, *_ in after[len(before) :]} == {"mine"}


def test_the_quickstart_is_what_its_issue_says() -> None:
    study = Study.load("quickstart")
    assert "quickstart" in builtin()
    assert len(described(study)) == 6 * 11 * 4 * 3
    spec = study.spec
    assert (spec.seeds, spec.confirm, spec.target, spec.smallest_difference) == (3, 10, 0.95, 0.01)
    cell = next(study.cells())
    assert (cell.sizes, cell.settings.epochs, cell.settings.batch_size) == ((64, 50, 10), 30, 64)


def settings_of(study: Study, key: str) -> list[Any]:
    return [getattr(cell.settings, key) for cell in study.cells()]


@pytest.mark.parametrize(
    ("key", "given", "found"),
    [
        ("layers", [50], [(50,)]),
        ("layers", [[50], [50, 50]], [(50,), (50, 50)]),
        ("layers", [], [()]),
        ("layers", [[], [5]], [(), (5,)]),
        ("batch_size", [16, "full"], [16, "full"]),
        ("dtype", ["float32", "float64"], ["float32", "float64"]),
        ("order", ["fixed", "replacement"], ["fixed", "replacement"]),
        ("penalise_biases", [True, False], [True, False]),
        ("schedule", ["constant", "cosine"], ["constant", "cosine"]),
        ("l1", [0, 1], [0.0, 1.0]),
    ],
)
def test_a_list_is_an_axis(key: str, given: Any, found: list[Any]) -> None:
    assert settings_of(tiny(optimizer="gd", lr=0.1, l2=0, **{key: given}), key) == found


def test_activations_by_name_by_axis_and_by_layer() -> None:
    one = {"optimizer": "gd", "lr": 0.1, "l2": 0, "layers": [3, 3]}
    assert settings_of(tiny(**one, activation="relu"), "activation") == [("relu", "relu")]
    assert settings_of(tiny(**one, activation=["relu", "tanh"]), "activation") == [("relu", "relu"), ("tanh", "tanh")]
    assert settings_of(tiny(**one, activation=[["relu", "tanh"]]), "activation") == [("relu", "tanh")]
    # Without hidden layers all activations are one network.
    assert settings_of(tiny(**one | {"layers": []}, activation=["relu", "tanh"]), "activation") == [()]


def test_hyper_parameters_of_any_plugin_are_axes() -> None:
    study = tiny(optimizer="gd", lr=0.1, l2=0, activation=["leaky_relu", "tanh"], hyper={"leaky_relu": {"slope": [0.1, 0.2]}})
    assert settings_of(study, "activation_hyper") == [((("slope", 0.1),),), ((("slope", 0.2),),), ((),)]


def test_a_variant_overrides_keys_and_inherits_the_rest() -> None:
    study = tiny(
        optimizer=["adam", optlab.variant("adam", name="full", batch_size="full", lr=[1.0], l2=0)], hyper={"adam": {"beta1": [0.5]}}
    )
    by_label: dict[str, Contender] = {one.label: one for one in study.contenders}
    assert by_label["full"].axes["batch_size"] == ("full",)
    assert [dict(pairs) for pairs in by_label["full"].rules] == [dict(by_label["adam"].rules[0]) | {"lr": 1.0}]
    assert dict(by_label["full"].rules[0])["beta1"] == 0.5
    assert [cell.contender for cell in study.cells()] == ["adam"] * 4 + ["full"]


def test_sgd_is_gd() -> None:
    assert described(tiny(optimizer="sgd")) == described(tiny(optimizer="gd"))


def test_one_table_of_ones_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = "\n".join(f"{a},{b},{a + b}" for a, b in rng.normal(size=(30, 2)))
    (tmp_path / "data.csv").write_text(f"a,b,price\n{rows}\n")
    (tmp_path / "study.toml").write_text('optimizer = "gd"\nlayers = []\n[problem]\ncsv = "data.csv"\ntarget = "price"\n')
    cell = next(Study.from_file(tmp_path / "study.toml").cells())
    assert (cell.problem, cell.task, cell.sizes, cell.settings.cost) == ("data", "regression", (2, 1), "squared_error")


def test_arrays_are_used_as_given() -> None:
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    study = tiny(problem=(X, y))
    data = study.datasets.get("data", 0)
    assert np.array_equal(data.train.X, X)
    assert data.validation is None and data.test is None and data.mean is None


def test_problem_hyper_parameters_make_problems() -> None:
    study = tiny(problem={"name": "runge", "noise": [0.0, 0.2]})
    assert list(study.problems) == ["runge(noise=0.0)", "runge(noise=0.2)"]


def test_replicates_share_the_split_unless_asked() -> None:
    shared, own = tiny(), tiny(resplit=True)
    assert shared.datasets.digest("iris", 0) == shared.datasets.digest("iris", 1)
    assert own.datasets.digest("iris", 0) != own.datasets.digest("iris", 1)
    assert own.datasets.digest("iris", 0) == shared.datasets.digest("iris", 0)


def test_two_plugins_of_one_name_are_refused() -> None:
    @optimizer
    def mine(w: Any, g: Any, *, t: Any, lr: Positive = 1e-2) -> Any:
        return w - lr * g

    with pytest.raises(optlab.OptlabError, match="two different optimizers are called 'mine'"):
        tiny(optimizer=[mine, globals()["mine"]])
    assert "mine" in MINE


def test_the_guide_names_every_key() -> None:
    text = (Path(__file__).parents[2] / "docs" / "studies.md").read_text()
    missing = [key for key in schema.STUDY_KEYS if f"`{key}`" not in text and f"{key} = " not in text and f"[{key}." not in text]
    assert not missing
