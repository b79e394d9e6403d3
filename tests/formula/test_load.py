"""Emitted modules are written once and compiled once: a fresh process reads the cache."""

import subprocess
import sys

import pytest

from optlab.formula.compile import compile_activation, compile_row_cost
from optlab.formula.load import load, publish
from tests.formula.calling import SWISH

FRESH = """
from optlab.formula import compile as c
from optlab.formula.graph import trace
from tests.formula.calling import ADAM, SWISH, emitted
from tests.formula.test_rows import joint
a = c.compile_activation("swish", SWISH, "float32")
r = c.compile_row_cost("joint", joint, "float64")
s = emitted("stage_loop", c.compile_stage("adam", ADAM, 2, "float32"))
for each in (a.module.value, a.module.value_slope, r.module.value, r.module.value_gradient, s):
    print(each.cache_hits)
"""


def test_a_fresh_process_compiles_nothing_that_the_cache_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTLAB_CACHE", str(tmp_path))
    for expected in ("0", "1"):
        done = subprocess.run([sys.executable, "-W", "error", "-c", FRESH], capture_output=True, text=True, check=True)
        assert done.stdout.split() == [expected] * 5


def test_the_same_formula_is_one_module_and_another_is_another():
    one, other = compile_activation("swish", SWISH, "float32"), compile_activation("swish", SWISH, "float32")
    assert one.module is other.module
    assert one.value == other.value != one.value_slope
    assert compile_activation("swish", SWISH, "float64").module is not one.module


def test_a_published_module_is_never_rewritten():
    path = publish("once", '"""Nothing."""\n')
    before = path.stat()
    assert publish("once", '"""Nothing."""\n') == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert not list(path.parent.glob("*.tmp"))


def test_a_module_that_fails_is_not_kept():
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            load("broken", "x = 1 / 0\n")


def test_names_are_made_safe_for_files():
    assert publish("../a b", "").name.startswith("___a_b_")


def test_row_costs_are_named_by_their_code():
    def make(factor):
        def joint(y, t, gradient):
            gradient[:] = factor
            return factor

        return joint

    assert compile_row_cost("made", make(1.0), "float64").path != compile_row_cost("made", make(2.0), "float64").path
