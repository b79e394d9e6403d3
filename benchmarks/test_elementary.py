"""What each elementary function costs per element, compiled, beside NumPy's own call, on 4096 elements in both dtypes.

`extra_info` has nanoseconds per element of both and their ratio; the errors are on docs/elementary.md.
"""

import timeit

import numpy as np
import pytest

from benchmarks.ulp import DTYPES, ONE, REPEATS, TWO, timed


@pytest.mark.benchmark(group="elementary")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_function(benchmark, name, dtype):
    ours, numpys = timed(name, dtype)
    with np.errstate(all="ignore"):
        benchmark(ours)
        if benchmark.stats:
            own = 1e9 * benchmark.stats["min"] / REPEATS / 4096
            other = 1e9 * min(timeit.repeat(numpys, number=20, repeat=9)) / 20 / 4096
            benchmark.extra_info |= {"ns": round(own, 2), "numpy_ns": round(other, 2), "numpy_over_ours": round(other / own, 2)}
