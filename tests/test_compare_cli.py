"""`optlab compare` and `optlab gate`, in processes of their own, on a rule whose author breaks it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = "from optlab.cli import main; main()"
STUDY = """
problem = "iris"
optimizer = "mine"
plugin = "mine.py"
layers = [8]
epochs = 15
batch_size = 16
lr = [0.03]
seeds = 1
confirm = 8
"""
RULE = '''
"""Momentum."""

from optlab.plugin import Decay, Positive, hookimpl, optimizer


@optimizer
def mine(w, g, v, *, lr: Positive = 1e-2, mu: Decay = 0.9):
    v = mu * v + g
    return w - lr * {step}, v


@hookimpl
def register_optimizers(register):
    register(mine)
'''


def optlab(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", MAIN, *words], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study, and baseline.db with an earlier run of it."""
    path = tmp_path_factory.mktemp("gate")
    (path / "study.toml").write_text(STUDY)
    (path / "mine.py").write_text(RULE.format(step="v"))
    ran = optlab(path, "run", "study.toml", "--store", "baseline.db")
    assert ran.returncode == 0, ran.stderr
    return path


def test_nothing_changed(folder: Path):
    ran = optlab(folder, "gate", "study.toml", "--against", "baseline.db", "--store", "same.db")
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "Quality did not change: the same numbers in each of 1 comparison.")


def test_a_broken_rule_fails_the_gate_and_the_comparison(folder: Path):
    (folder / "mine.py").write_text(RULE.format(step="v * v * v"))
    ran = optlab(folder, "gate", "study.toml", "--against", "baseline.db", "--store", "broken.db", "--only-worse")
    assert ran.returncode == 1, ran.stderr
    assert "Quality changed: mine on iris got worse: test accuracy" in ran.stdout.splitlines()[-1]
    compared = optlab(folder, "compare", "baseline.db", "broken.db", "--json")
    said = json.loads(compared.stdout)
    assert compared.returncode == 1 and said["changes"][0]["outcome"] == "worse" and said["changes"][0]["n"] == 8
    better = optlab(folder, "compare", "broken.db", "baseline.db", "--only-worse")
    assert better.returncode == 0 and "got better" in better.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("compare", "baseline.db", "nowhere.db"), "there is no store nowhere.db"),
        (("compare", "baseline.db", "baseline.db", "--study", "other"), "no study called 'other'"),
        (("gate", "study.toml", "--against", "nowhere.db"), "there is no store nowhere.db"),
    ],
)
def test_mistakes_get_one_sentence(folder: Path, words: tuple[str, ...], sentence: str):
    ran = optlab(folder, *words)
    assert ran.returncode == 2 and sentence in ran.stderr and "Traceback" not in ran.stderr and len(ran.stderr.splitlines()) == 1
