"""Every fault of a study file is one sentence that names the file, the key and the remedy, and nothing is written."""

from pathlib import Path
from typing import Any

import pytest

from optlab.errors import OptlabError
from optlab.study import toml
from optlab.study.spec import Study
from tests.study.support import MINE, TINY, plugin_file

NO_LR = MINE.replace("lr: Positive = 1e-2, ", "").replace("w - lr * v", "w - v").replace("def mine", "def bare").replace("(mine)", "(bare)")

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"epoch": 3}, "epoch = 3: there is no such key.*'epochs'"),
    ({"optimizer": ["gd", "adm"]}, "optimizer: .*'adm'.*did you mean 'adam'"),
    ({"optimizer": []}, "optimizer: .*at least one"),
    ({"optimizer": ["gd", "sgd"]}, "optimizer: .*'sgd' is listed twice"),
    ({"problem": "digts"}, "problem: .*did you mean 'digits'"),
    ({"problem": {"name": "runge", "nois": 0.1}}, "problem: .*'nois'.*did you mean 'noise'"),
    ({"problem": {"name": "runge", "noise": -0.1}}, "noise = -0.1 is not allowed"),
    ({"problem": {"csv": "absent.csv", "target": "y"}}, "problem: .*absent.csv.*cannot be read"),
    ({"problem": {"csv": "absent.csv"}}, "problem: .*needs target"),
    ({"problem": {"csv": "a.csv", "target": "y", "epochs": 3}}, r"problem: .*stands below \[problem\].*move 'epochs' above"),
    ({"lr": -0.1}, "lr = -0.1 is not allowed; it must be a number > 0"),
    ({"lr": float("nan")}, "lr: nan is not allowed"),
    ({"lr": [0.1, float("inf")]}, "lr: inf is not allowed"),
    ({"lr": "fast"}, "lr: 'fast' is not allowed"),
    ({"lr": {"log": [1, 10]}}, "lr: points must be"),
    ({"l2": -1}, "l2: -1 is not allowed; it must be a number >= 0"),
    ({"l1": True}, "l1: True is not allowed"),
    ({"layers": 50}, "layers: 50 is not allowed"),
    ({"layers": [0]}, "layers: 0 is not allowed"),
    ({"layers": [5, [5]]}, "layers: 5 is not allowed"),
    ({"activation": "sigmod"}, "activation: .*did you mean 'sigmoid'"),
    ({"activation": [["relu", "tanh"]]}, "activation: .*names 2 activations.*has 1 hidden"),
    ({"cost": "squared_eror"}, "cost: .*did you mean 'squared_error'"),
    ({"output": "nothing"}, "output: .*'nothing'"),
    ({"schedule": "cosin"}, "schedule: .*did you mean 'cosine'"),
    ({"initializer": 3}, "initializer: 3 is not allowed"),
    ({"batch_size": 0}, "batch_size: 0 is not allowed"),
    ({"batch_size": "ful"}, "batch_size: 'ful' is not allowed"),
    ({"order": "freh"}, "order: .*did you mean 'fresh'"),
    ({"l2_mode": "decouple"}, "l2_mode: .*did you mean 'decoupled'"),
    ({"dtype": "float16"}, "dtype: 'float16'"),
    ({"seeds": 0}, "seeds: 0 is not allowed"),
    ({"seeds": [1, 2]}, "seeds: .*is no axis"),
    ({"confirm": -1}, "confirm: -1 is not allowed"),
    ({"validation": 1.0}, "validation: 1.0 is not allowed"),
    ({"epochs": 2.5}, "epochs: 2.5 is not allowed"),
    ({"target": "high"}, "target: 'high' is not allowed"),
    ({"scale": "standrd"}, "scale: .*did you mean 'standard'"),
    ({"resplit": 1}, "resplit: 1 is not allowed"),
    ({"hyper": {"adam": {"beta": 0.9}}}, "hyper.adam: .*'beta'.*did you mean 'beta"),
    ({"hyper": {"adam": {"beta1": [0.9, 1.0]}}}, r"adam: beta1 = 1.0 is not allowed; it must be a number in \[0, 1\)"),
    ({"hyper": {"adam": {"dialect": "tensorflo"}}}, "dialect = 'tensorflo' is not allowed; it must be one of"),
    ({"hyper": {"adm": {"beta1": 0.9}}}, "hyper.adm: .*did you mean 'adam'"),
    ({"hyper": {"adam": {"epochs": 3}}}, r"hyper.adam: .*stands below \[hyper.adam\].*move 'epochs' above"),
    ({"hyper": {"epochs": 3}}, r"stands below \[hyper\].*move 'epochs' above"),
    ({"variant": {"v": {"of": "adam", "seeds": 3}}}, r"variant.v.seeds: it stands below \[variant.v\]"),
    ({"variant": {"v": {"of": "adam", "hyper": {"beta": 1}}}, "optimizer": ["v"]}, "variant.v.hyper: .*'beta'"),
    ({"variant": {"v": {"of": "adm"}}, "optimizer": ["v"]}, "variant.v.of: .*did you mean 'adam'"),
    ({"variant": {"v": {}}}, "variant.v.of is missing"),
    ({"variant": {"adam": {"of": "gd"}}}, "variant.adam: there is already an optimizer"),
    ({"variant": {"raw": {"of": "adam"}}, "optimizer": ["rawr"]}, "did you mean 'raw'"),
    ({"name": "../elsewhere"}, "name: '../elsewhere' is not allowed"),
    ({"plugin": ["absent.py"]}, "absent.py cannot be read"),
    ({"depth": 2}, "depth: layers already names the networks"),
    ({"width": 50}, "width: layers already names the networks"),
    ({"variant": {"v": {"of": "adam", "layers": [3], "width": 5}}, "optimizer": ["v"]}, "variant.v.width: layers already names"),
    ({"layers": None, "depth": -1}, "depth: -1 is not allowed"),
    ({"layers": None, "width": 0}, "width: 0 is not allowed"),
    ({"layers": None, "width": {"log": [1, 4]}}, "width: points must be"),
    ({"search": "sobl", "trials": 4}, "search: 'sobl' is not allowed.*did you mean 'sobol'"),
    ({"search": "sobol"}, "trials is missing: .*write trials = 32"),
    ({"trials": 8}, "trials: a grid runs every cell"),
    ({"search": "random", "trials": 0}, "trials: 0 is not allowed"),
    ({"search": "random", "trials": 4, "lr": {"log": [1, 0.1]}}, "lr: a range must rise"),
    ({"search": "random", "trials": 4, "lr": {"log": [0, 0.1]}}, "lr: a logarithmic grid must begin"),
    ({"search": "random", "trials": 4, "lr": {"linear": [-1, 0.1]}}, "lr = -1.0 is not allowed; it must be a number > 0"),
    ({"search": "random", "trials": 4, "batch_size": {"log": [0.5, 8]}}, "batch_size: 0.5 is not allowed"),
    ({"search": "random", "trials": 4, "activation": {"log": [1, 8]}}, "activation: 1.0 is not allowed"),
    ({"search": "random", "trials": 4, "hyper": {"adam": {"beta1": {"linear": [0.5, 1]}}}}, "adam: beta1 = 1.0 is not allowed"),
    ({"hyper": {"adam": {"beta1": {"linear": [0.5, 0.9]}}}}, "hyper.adam.beta1: points must be"),
    ({"problem": {"name": "runge", "noise": {"linear": [0, 1]}}, "search": "random", "trials": 4}, "noise: a problem's values are listed"),
    ({"budget": 30}, "budget: 30 is no budget; write one of"),
    ({"budget": {"steps": 10, "seconds": 1}}, "budget: .* is no budget"),
    ({"epochs": None, "budget": {"step": 10}}, "budget: there is no budget in 'step'.*did you mean 'steps'"),
    ({"epochs": None, "budget": {"steps": 0}}, "budget: steps = 0 is not allowed"),
    ({"epochs": None, "budget": {"flops": -1}}, "budget: flops = -1 is not allowed"),
    ({"budget": {"steps": 10}}, "epochs: the budget already says"),
    ({"epochs": None, "budget": {"seconds": 1}, "time_limit": 2}, "time_limit: the budget already limits"),
    ({"halving": 0.5}, "halving: 0.5 is no halving; write"),
    ({"halving": {"keep": 0.5}}, "halving: .* is no halving; write"),
    ({"halving": {"keep": 1.5, "epochs": [1]}}, "halving: 1.5 is not allowed"),
    ({"halving": {"epochs": [2, 1]}}, "halving: .*must rise"),
    ({"halving": {"epochs": [3]}}, "halving: its last rung, 3 epochs, must lie below the 3"),
    ({"halving": {"epochs": [1]}, "epochs": [2, 3]}, "epochs: halving needs one number"),
    ({"halving": {"epochs": [1]}, "epochs": None, "budget": {"steps": 9}}, "halving: its rungs are epochs"),
    ({"halving": {"epochs": [1]}, "extend": True}, "extend: halving drops cells"),
    ({"extend": True, "search": "random", "trials": 4}, "extend: search = 'random' has no edge"),
    ({"extend": "yes"}, "extend: 'yes' is not allowed"),
    ({"folds": 1}, "folds: 1 is not allowed"),
    ({"folds": 3, "validation": 0.3}, "folds: a fold is the validation set"),
    ({"folds": 3, "resplit": True}, "folds: all folds come from one split"),
    ({"select": "max"}, "select: 'max' is not allowed.*'median', 'mean'"),
]


@pytest.mark.parametrize(("change", "sentence"), FAULTS, ids=[pattern for _, pattern in FAULTS])
def test_a_fault_in_a_file_is_one_sentence(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(toml.write({key: value for key, value in {**TINY, **change}.items() if value is not None}))
    with pytest.raises(OptlabError, match=sentence) as caught:
        Study.from_file(file)
    assert "\n" not in str(caught.value)
    if "plugin" not in change:
        assert str(caught.value).startswith(f"{file}: ")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lr": 0.1}, "lr: none of the optimizers bare has a learning rate"),
        ({"l2": 0.1, "l2_mode": "decoupled"}, "l2_mode: bare has no lr"),
        ({"l1": 0.1, "l1_mode": "proximal"}, "l1_mode: bare has no lr"),
        ({"schedule": "cosine"}, "schedule: bare has no lr"),
    ],
)
def test_a_rule_without_lr_refuses_what_needs_one(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    plugin_file(tmp_path, NO_LR)
    file = tmp_path / "study.toml"
    keys = {key: value for key, value in TINY.items() if key not in ("lr", "l2")} | {"optimizer": ["bare"], "plugin": ["mine.py"]}
    file.write_text(toml.write({**keys, **change}))
    with pytest.raises(OptlabError, match=sentence):
        Study.from_file(file)
    # Beside a rule that has a learning rate the axis is that rule's alone.
    file.write_text(toml.write({**keys, "lr": [0.1, 1.0], "optimizer": ["bare", "gd"]}))
    by_rule = [cell.contender for cell in Study.from_file(file).cells()]
    assert (by_rule.count("bare"), by_rule.count("gd")) == (1, 2)


def test_own_weight_decay_refuses_decoupled_l2(tmp_path: Path) -> None:
    text = MINE.replace("beta: Decay = 0.9", "beta: Decay = 0.9, weight_decay: Positive = 0.1").replace(
        "lr * v, v", "lr * (v + weight_decay * w), v"
    )
    plugin_file(tmp_path, text)
    file = tmp_path / "study.toml"
    file.write_text(toml.write({**TINY, "plugin": ["mine.py"], "optimizer": ["mine"], "l2_mode": "decoupled"}))
    with pytest.raises(OptlabError, match="mine has its own weight_decay"):
        Study.from_file(file)


@pytest.mark.parametrize(("text", "sentence"), [("problem = x", "is no TOML.*line 1"), ("\xff", "TOML"), ("a = 1\na = 2", "is no TOML")])
def test_what_is_no_toml_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(OptlabError, match=sentence):
        Study.from_file(file)


def test_a_missing_study_names_the_built_in_ones(tmp_path: Path) -> None:
    with pytest.raises(OptlabError, match="did you mean 'quickstart'"):
        Study.load("quickstar")
    with pytest.raises(OptlabError, match="cannot be read"):
        Study.load(tmp_path / "absent.toml")


def test_bad_data_is_found_before_the_store_is_made(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b,y\n1,2,3\n2,nan,4\n")
    file = tmp_path / "study.toml"
    file.write_text(toml.write({**TINY, "problem": {"csv": "data.csv", "target": "y"}}))
    with pytest.raises(OptlabError, match=r"row 1 .*'b'"):
        Study.from_file(file).run(tmp_path / "lab.db")
    assert not (tmp_path / "lab.db").exists()


def test_a_fault_in_python_says_study() -> None:
    with pytest.raises(OptlabError, match=r"^Study: epoch = 3"):
        Study(**TINY, epoch=3)
    with pytest.raises(OptlabError, match=r"^Study: problem is missing"):
        Study(optimizer="gd")
