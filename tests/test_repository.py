"""Rules of this repository that no linter knows."""

import ast
import inspect
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from optlab import hookspecs

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "lab").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")])
COMPILERS = {"jit", "njit", "cfunc", "vectorize", "guvectorize", "stencil", "jit_module", "generated_jit"}
LOCK_FILES = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock", "conda-lock.yml"}
REGISTRIES = re.compile(r"pypi\.(org|io)|pythonhosted\.org|index-url|find-links|registry\.npmjs|deb\.debian\.org|anaconda\.(org|com)/")
MACHINE_PATHS = re.compile(r"(?<![\w.:/-])/(home|root|Users|work|mnt)/\w")


def own_compilation(source):
    """Lines that compile with Numba directly instead of through optlab.jit."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in COMPILERS and ast.unparse(node.value) in {"numba", "nb"}:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba" and {a.name for a in node.names} & COMPILERS:
            yield node.lineno


@pytest.fixture(scope="module")
def committed():
    """Files that git has or would take, as (path, text)."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return [(name, (ROOT / name).read_text(errors="ignore")) for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import numba\n@numba.njit\ndef f(): ...", [2]),
        ("from numba import cfunc", [1]),
        ("import numba as nb\nf = nb.vectorize(g)", [2]),
        ("from numba import types\nfrom optlab.jit import jit\n@jit\ndef f(): ...", []),
    ],
)
def test_direct_compilation_is_seen(source, lines):
    assert list(own_compilation(source)) == lines


def test_only_jit_py_compiles():
    found = [f"{file.relative_to(ROOT)}:{line}" for file in SOURCES if file.name != "jit.py" for line in own_compilation(file.read_text())]
    assert not found, "compile through optlab.jit, which holds the options and their reasons"


def hooks():
    return {name: hook for name, hook in vars(hookspecs).items() if name.startswith("register_")}


def test_every_hook_is_documented():
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    assert hooks()
    for name, hook in hooks().items():
        assert (inspect.getdoc(hook) or "").endswith("."), f"{name} has no sentence in hookspecs.py"
        assert name in guide, f"CONTRIBUTING.md does not mention {name}"


def test_every_plugin_module_has_its_line():
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["optlab"]
    modules = {f"{file.parent.name}.{file.stem}" for file in (ROOT / "plugins").glob("*/*.py") if file.stem != "__init__"}
    assert set(entries.values()) == modules
    assert all(name == module.rpartition(".")[2] for name, module in entries.items())


def test_every_module_says_what_it_is():
    silent = [str(file.relative_to(ROOT)) for file in SOURCES if not ast.get_docstring(ast.parse(file.read_text()))]
    assert not silent


def test_no_lock_file(committed):
    assert not [name for name, _ in committed if Path(name).name in LOCK_FILES]


def test_no_registry_and_no_machine_path(committed):
    found = [
        f"{name}: {match.group()}"
        for name, text in committed
        for pattern in (REGISTRIES, MACHINE_PATHS)
        for match in [pattern.search(text)]
        if match and name != "tests/test_repository.py"
    ]
    assert not found, "this is true of one machine only"
