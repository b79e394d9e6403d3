"""The kernel is compiled once: later processes find it, whole, in the cache on disk; nothing of a trial compiles it again."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from optlab.kernel import layout
from optlab.kernel.load import load

# Runs one trial and prints what Numba had to compile: misses of its disk cache, and functions compiled without one.
SCRIPT = """
from numba.core import event

compiled = []

class Listener(event.Listener):
    def on_start(self, started):
        compiled.append(started.data["dispatcher"].py_func.__qualname__)
    def on_end(self, ended):
        pass

from optlab.kernel.load import load
with event.install_listener("numba:compile", Listener()):
    for dtype in ("float64", "float32"):
        kernel = load(dtype)
        kernel.trajectory, kernel.gradient, kernel.evaluate, kernel.predict, kernel.orders
        for function in (kernel.train, kernel.predict):
            assert sum(function.stats.cache_misses.values()) == 0, function.stats
            assert sum(function.stats.cache_hits.values()) == 1, function.stats
        for function in (kernel.network_gradient, kernel.network_evaluate, kernel.squared_residual):
            assert function.cache_hits == 1
print(len(compiled), compiled)
"""


def test_a_second_process_compiles_nothing() -> None:
    for dtype in ("float64", "float32"):
        kernel = load(dtype)
        _ = kernel.trajectory, kernel.gradient, kernel.evaluate, kernel.predict, kernel.orders, kernel.squared_residual
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "0", done.stdout


def test_other_argument_types_are_refused_instead_of_compiled() -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        load("float64").predict(np.zeros(3, np.int64), np.zeros(3, np.float32), np.zeros((1, 1)))


def test_loaded_once_per_process() -> None:
    assert load("float64") is load("float64")


def test_the_layout_knows_the_size_of_a_network() -> None:
    assert layout.parameter_count([64, 50, 10]) == 64 * 50 + 50 + 50 * 10 + 10
    assert layout.workspace_rows(64, 1797) == layout.CHUNK_ROWS
    assert layout.workspace_rows(16, 40) == 40


def test_reading_the_layout_does_not_load_numba() -> None:
    script = "import sys, optlab.kernel.layout; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=True, timeout=60)
