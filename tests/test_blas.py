"""BLAS runs on one thread inside the block, whenever it was loaded, and as before after it."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import sys
from threadpoolctl import ThreadpoolController
from optlab import blas

def threads():
    return [one["num_threads"] for one in ThreadpoolController().select(user_api="blas").info()]

import numpy
with blas.single_threaded(scipy=False):
    assert "scipy.linalg" not in sys.modules
    assert set(threads()) == {1}, threads()
    import scipy.linalg.blas
    loaded = len(threads())
    with blas.single_threaded(scipy=False):
        assert set(threads()) == {1}, threads()
    assert set(threads()) == {1}, threads()
assert len(threads()) == loaded and set(threads()) == {2}, threads()
"""


def test_what_is_loaded_inside_the_block_is_pinned_by_the_next_and_given_back_at_the_end() -> None:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", SCRIPT], env=environment, check=True, timeout=60)
