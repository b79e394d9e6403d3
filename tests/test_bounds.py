"""NUMBA_BOUNDSCHECK=1: compiled code that indexes arrays, run with every index checked.

Pointers are not covered: products, activations and rules read and write raw memory, whose sizes `kernel.layout` computes. What is covered
is what works on arrays: the training loop with its plan, history, orders and permutation, the shuffles, the row-wise costs, array code
of plugins. `.ci/run` runs those tests once more in such a process; here is the proof that the checks are on there.
"""

import os
import subprocess
import sys

import pytest

BEYOND = """
import numpy as np
from optlab.jit import cache_folder
from tests.test_bounds import beyond
print(cache_folder())
beyond(np.zeros(200)[:3], 100)
"""


def beyond(array, k):
    from optlab.jit import jit

    return jit(_read)(array, k)


def _read(array, k):
    return array[k]


def run(tmp_path, **environment):
    place = {"OPTLAB_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(["", *sys.path])}
    kept = {key: value for key, value in os.environ.items() if key != "NUMBA_BOUNDSCHECK"}
    return subprocess.run([sys.executable, "-c", BEYOND], capture_output=True, text=True, check=False, env=kept | place | environment)


@pytest.mark.parametrize("repeat", ["compiled", "from the cache"])
def test_an_index_beyond_the_end_raises_where_it_is_asked_for(tmp_path_factory, repeat):
    folder = tmp_path_factory.getbasetemp() / "bounds"
    plain, checked = run(folder), run(folder, NUMBA_BOUNDSCHECK="1")
    assert plain.returncode == 0, plain.stderr
    assert checked.returncode != 0 and "IndexError" in checked.stderr, repeat
    assert plain.stdout != checked.stdout  # not one cache for both: what was compiled without checks has none
