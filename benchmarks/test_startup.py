"""What a person waits for before training begins: whole processes, from an empty cache and from a warm one."""

import os
import subprocess
import sys

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


def process(code, cache=None):
    environment = os.environ | ({"OPTLAB_CACHE": str(cache)} if cache else {})
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.benchmark(group="start-up")
def test_interpreter_alone(benchmark):
    benchmark.pedantic(process, ["pass"], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_import(benchmark):
    benchmark.pedantic(process, [IMPORT], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_help(benchmark):
    benchmark.pedantic(process, [HELP], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_train_with_warm_cache(benchmark):
    benchmark.pedantic(process, [TRAIN], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="start-up")
def test_train_with_empty_cache(benchmark, tmp_path):
    benchmark.pedantic(process, [TRAIN, tmp_path / "cache"], rounds=1)
