"""What a person waits for before training begins: whole processes, from an empty cache and from a warm one, and new formulas.

Whole processes are timed from outside. What happens inside one, after it has started, is told by the process itself: `Told` is the
benchmark's clock then.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

IMPORT = "import optlab"
HELP = """
import contextlib, io, sys
from optlab.cli import main
sys.argv = ["optlab", "--help"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main()
"""
TRAIN = """
import numpy as np, optlab
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4))
outcome = optlab.train((X, X @ [1.0, -2.0, 0.5, 0.0]), layers=(16,), epochs=5, quiet=True)
assert outcome.status in ("done", "stuck"), outcome.sentence
"""
KERNEL = """
import time
from optlab.kernel.load import load
begin = time.perf_counter()
load("float64")
print(time.perf_counter() - begin)
"""
# The kernel, all that Numba needs for compiling and one other formula are loaded before: Numba's own start (0.5 s, once in a process that
# compiles anything) is not the new formula's.
FORMULA = """
import sys, time
from optlab.jit import registries
from optlab.kernel.load import load
from optlab.plugin import activation, exp, optimizer, tanh

@optimizer
def rule(w, g, m, *, lr=0.1, beta=0.9):
    m = beta * m + {constant} * g
    return w - lr * m, m

@activation
def curve(z, *, beta=1.0):
    return tanh({constant} * z) + exp(-beta * z * z)

@activation
def before(z):
    return exp(z * 0.5)

load("float32")
registries()
before.compiled("float32")
begin = time.perf_counter()
{name}.compiled("float32", {name}.options({{}}))
print(time.perf_counter() - begin)
"""


def process(code: str, cache: Path | None = None) -> str:
    # An installed package keeps its bytecode, which takes 0.3 s to make: where it is not to stand beside the sources, it goes elsewhere.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if len(environment) < len(os.environ):
        environment |= {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "optlab-bytecode")}
    environment |= {"OPTLAB_CACHE": str(cache)} if cache else {}
    return subprocess.run([sys.executable, "-c", code], check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout


class Told:
    """A clock that advances by what processes tell they took."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def run(self, code: str, cache: Path | None = None) -> None:
        self.now += float(process(code, cache))


told = Told()


@pytest.mark.benchmark(group="start-up")
def test_interpreter_alone(benchmark: Any) -> None:
    benchmark.pedantic(process, ["pass"], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_import(benchmark: Any) -> None:
    benchmark.pedantic(process, [IMPORT], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_help(benchmark: Any) -> None:
    benchmark.pedantic(process, [HELP], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_train_with_warm_cache(benchmark: Any) -> None:
    benchmark.pedantic(process, [TRAIN], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_train_with_empty_cache(benchmark: Any, tmp_path: Path) -> None:
    benchmark.pedantic(process, [TRAIN, tmp_path / "cache"], rounds=1)


@pytest.mark.benchmark(group="start-up", timer=told)
def test_kernel_compiles(benchmark: Any, tmp_path: Path) -> None:
    """The kernel of one dtype, from an empty cache."""
    benchmark.pedantic(told.run, [KERNEL, tmp_path / "cache"], rounds=1)


@pytest.mark.benchmark(group="start-up", timer=told)
def test_kernel_loads(benchmark: Any) -> None:
    benchmark.pedantic(told.run, [KERNEL], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up", timer=told)
@pytest.mark.parametrize(("name", "kind"), [("rule", "arithmetic"), ("curve", "tanh and exp")])
def test_new_formula_compiles(benchmark: Any, name: str, kind: str) -> None:
    """A formula that no process has met: another constant each round."""
    constants = iter(int.from_bytes(os.urandom(6), "big") / 2**48 for _ in range(100))
    benchmark.pedantic(
        told.run, setup=lambda: ((FORMULA.format(name=name, constant=next(constants)),), {}), rounds=5 if benchmark.enabled else 1
    )


@pytest.mark.benchmark(group="start-up", timer=told)
@pytest.mark.parametrize(("name", "kind"), [("rule", "arithmetic"), ("curve", "tanh and exp")])
def test_known_formula_loads(benchmark: Any, name: str, kind: str) -> None:
    """A formula that an earlier process compiled."""
    benchmark.pedantic(told.run, [FORMULA.format(name=name, constant=0.25)], rounds=5, warmup_rounds=1)
