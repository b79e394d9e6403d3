"""`optlab new`: what it writes installs, passes its own tests and conforms, untouched; and what it refuses.

The fast form installs into a folder on this environment's path. The slow one (`-m long`) does what a stranger does: a fresh virtual
environment, optlab from this checkout, then the command that `optlab new` prints.
"""

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from optlab.scaffold import project

ROOT = Path(__file__).parent.parent
NAMES = {"optimizer": "squashed", "activation": "bent", "cost": "uneven"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    (tmp_path / "file").touch()
    return tmp_path


def tree(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*"))


def shell(command, folder, **environment):
    """Run a line in bash; what it printed."""
    found = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, env=os.environ | environment)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


# -- what it writes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NAMES)
def test_the_project_installs_passes_its_tests_and_conforms(optlab, here, kind):
    pytest.importorskip("hatchling")
    name = NAMES[kind]
    code, out, _ = optlab("new", kind, name)
    assert code == 0 and out.splitlines()[-1].endswith(f"cd {name} && pip install -e . && pytest && optlab check {name}")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    target = str(here / "site")
    subprocess.run([*install, "--no-deps", "--no-build-isolation", "--target", target, str(here / name)], check=True)
    installed = {file.name for file in (here / "site").iterdir()} - {"__pycache__"}
    assert installed == {f"optlab_{name}-0.1.0.dist-info", f"optlab_{name}.py"}
    folder, path = here / name, os.pathsep.join([target, *filter(None, [os.environ.get("PYTHONPATH")])])
    shell(f'"{sys.executable}" -m pytest -q -W error -p no:cacheprovider', folder, PYTHONPATH=path)
    command = f'"{sys.executable}" -c "from optlab.cli import main; main()"'
    (report,) = json.loads(shell(f"{command} check {name} --json", folder, PYTHONPATH=path))
    assert (report["ok"], report["kind"], report["distribution"]) == (True, kind, f"optlab-{name} 0.1.0")
    (shown,) = json.loads(shell(f"{command} plugins show {name} --json", folder, PYTHONPATH=path))
    assert shown["doc"].startswith(f"{name}: ") and shown["hyper"]


@pytest.mark.parametrize("kind", NAMES)
def test_the_projects_own_tests_can_fail(optlab, here, kind):
    """A formula that breaks its docstring's promise is caught by the property that the template gives it."""
    name = NAMES[kind]
    optlab("new", kind, name)
    formula = here / name / "src" / f"optlab_{name}.py"
    text = formula.read_text()
    broken = {
        "optimizer": ("lr * m / (abs(m) + eps)", "2 * lr * m / (abs(m) + eps)"),
        "activation": ("leak * z", "leak * abs(z)"),
        "cost": ("where(y < t, short, 1.0)", "where(y > t, short, 1.0)"),
    }[kind]
    assert broken[0] in text
    info = here / "site" / f"optlab_{name}-0.1.0.dist-info"  # as installed, without an installer
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: optlab-{name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[optlab]\n{name} = optlab_{name}\n")
    path = os.pathsep.join(map(str, [info.parent, formula.parent, *filter(None, [os.environ.get("PYTHONPATH")])]))
    about = {"optimizer": "no_step_is_longer_than_lr", "activation": "left_and_right_add_up", "cost": "falling_short_costs_more"}
    test = f"tests/test_{name}.py::test_{about[kind]}"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    for written, code in ((text, 0), (text.replace(*broken), 1)):
        formula.write_text(written)
        found = subprocess.run(words, cwd=here / name, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
        assert found.returncode == code, found.stdout + found.stderr
        assert (f"FAILED {test}" in found.stdout) == bool(code)


@pytest.mark.long
def test_in_a_fresh_environment(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    path = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    fresh = {"PATH": path, "PYTHONPATH": "", "OPTLAB_CACHE": str(tmp_path / "cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    shell(f'pip install -q "{ROOT}" "pytest>=8"', tmp_path, **fresh)
    for kind, name in NAMES.items():
        command = shell(f"optlab new {kind} {name}", tmp_path, **fresh).splitlines()[-1].partition("go on")[2].strip()
        assert command == f"cd {name} && pip install -e . && pytest && optlab check {name}"
        out = shell(command, tmp_path, **fresh)
        assert "3 passed" in out and f"{name}: all" in out
    listed = json.loads(shell("optlab plugins --json", tmp_path, **fresh))
    assert {(one["kind"], one["name"]) for one in listed if one["distribution"].startswith("optlab-")} == set(NAMES.items())


@pytest.mark.parametrize("kind", NAMES)
def test_its_files_are_tidy(kind):
    """Formatted as the rest of the lab, no line longer, no gap in the template, every file named in the README."""
    texts = project.files(kind, "a_rule")
    assert sorted(texts) == [".gitignore", "README.md", "pyproject.toml", "src/optlab_a_rule.py", "tests/test_a_rule.py"]
    settings = tomllib.loads(texts["pyproject.toml"])["project"]
    assert settings["name"] == "optlab-a-rule" and settings["entry-points"] == {"optlab": {"a_rule": "optlab_a_rule"}}
    for place, text in texts.items():
        assert text.endswith("\n") and not text.endswith("\n\n") and "{{" not in text and "{%" not in text, place
        assert max(map(len, text.splitlines())) <= 140
        if place.endswith(".py"):
            compile(text, place, "exec")
            assert place in texts["README.md"]


def test_the_python_files_are_as_ruff_would_write_them(tmp_path):
    ruff = pytest.importorskip("ruff").find_ruff_bin()
    for kind, name in NAMES.items():
        project.write(project.files(kind, name), tmp_path / kind)
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    subprocess.run([ruff, "format", "--check", *settings, str(tmp_path)], check=True)
    subprocess.run([ruff, "check", "--ignore", "INP", *settings, str(tmp_path)], check=True)


def test_into_a_new_or_an_empty_folder(optlab, here):
    (here / "empty").mkdir()
    for folder in ("empty", "deep/er", "with space"):
        code, out, _ = optlab("new", "optimizer", "mine_too", "--into", folder)
        assert code == 0 and f"{folder}/src/optlab_mine_too.py" in out
        assert (here / folder / "pyproject.toml").exists()
    assert "cd 'with space' &&" in out


# -- what it refuses ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("optimizer adam", "'adam' is already the optimizer adam of optlab"),
        ("activation adam", "'adam' is already the optimizer adam of optlab"),
        ("optimizer sgd", "'sgd' is already another name of the optimizer gd"),
        ("activation rectified", "'rectified' is already the entry point of optlab_activations.rectified"),
        ("activation relu", "'relu' is already the activation relu"),
        ("optimizer optimizers", "a module optlab_optimizers is already installed; take another name, such as my_optimizers"),
        ("optimizer lambda", "'lambda' is a keyword of Python"),
        ("optimizer sqrt", "'sqrt' is a name that Python or a formula has a use for; take another name, such as my_sqrt"),
        ("cost abs", "'abs' is a name that Python or a formula has a use for"),
        ("optimizer optimizer", "'optimizer' is a name that"),
        ("optimizer MyRule", "use lower-case letters, digits and _, such as my_rule"),
        ("optimizer my-rule", "such as my_rule"),
        ("optimizer 2nd", "'2nd' cannot be the name of a Python function"),
        ("optimizer ../up", "'../up' cannot be the name of a Python function"),
        ("optimizer \N{LATIN SMALL LETTER E WITH ACUTE}", "cannot be the name of a Python function"),
        ("optimiser mine", "there is no template for 'optimiser' (did you mean 'optimizer'?)"),
        ("problem mine", "there is one for optimizer, activation, cost"),
        ("optimizer fine --into full", "the folder full is not empty; give another one with --into"),
        ("optimizer full", "the folder full is not empty"),
        ("optimizer fine --into file", "because file is a file"),
        ("optimizer fine --into file/below", "because file is a file"),
        ("optimizer", "Missing argument"),
    ],
)
def test_a_mistake_costs_one_sentence_and_writes_nothing(optlab, here, words, sentence):
    before = tree(here)
    code, out, err = optlab("new", *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("optlab: ") and sentence in err
    assert tree(here) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(optlab, here):
    (here / "full").chmod(0o500)
    code, _, err = optlab("new", "optimizer", "fine", "--into", "full/below")
    assert code == 2 and "cannot be written" in err and err.count("\n") == 1


def test_a_disk_that_refuses_is_one_sentence(optlab, here, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    code, _, err = optlab("new", "optimizer", "fine")
    assert code == 2 and "No space left on device" in err and err.count("\n") == 1


def test_help_has_examples(optlab):
    code, out, _ = optlab("new", "--help")
    assert code == 0 and "Example: optlab new optimizer mine" in " ".join(out.split())
