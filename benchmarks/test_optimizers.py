"""What one update costs per parameter, for every registered optimizer, third-party ones included.

`extra_info["ns_per_parameter"]` is the median over calls of the compiled rule on 16,384 parameters; parameters, gradient and state stay
in the second-level cache. A call through ctypes costs about 1 us, 0.06 ns per parameter, and is included.
"""

import ctypes

import numpy as np
import pytest

from optlab import abi, catalogue, requests
from optlab.rules import ArrayRule
from optlab.stages import lay_out
from optlab.wiring import layer_table

N = 16_384


def pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


@pytest.mark.benchmark(group="optimizer")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(catalogue()["optimizers"]))
def test_update(benchmark, name, dtype):
    rule = catalogue().optimizer(name)
    if isinstance(rule, ArrayRule) and rule.asks:
        pytest.skip("a step of it is several calls")
    values = rule.values({})
    rng = np.random.default_rng(0)
    table = layer_table((N // 256 - 1, 256))  # one layer: N parameters, its biases among them
    w, g = rng.standard_normal(N).astype(dtype), (1e-3 * rng.standard_normal(N)).astype(dtype)
    stages = lay_out(rule, values, w, table)
    hyper, ask, scratch = np.array([*rule.block(values), 0.0]), np.zeros(requests.ASK_SIZE), np.zeros(2 * N, dtype=dtype)
    kinds = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 2 + [ctypes.c_void_p] * 2 + [ctypes.c_int64] + [ctypes.c_void_p] * 2
    stage = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(int(stages.table[0, abi.STAGE_ADDRESS]))
    vectors = [pointer(each) for each in (w, g, stages.slots, hyper)]
    arguments = [*vectors, 100, N, pointer(stages.scalars), pointer(table), 1, pointer(scratch), pointer(ask)]

    first = stages.scalars.copy()

    def afresh():  # rules that look for their own step size double it as long as the gradient stays the same
        stages.scalars[:] = first
        return arguments, {}

    assert benchmark.pedantic(stage, setup=afresh, rounds=200, warmup_rounds=5) == requests.DONE
    assert np.isfinite(w).all()
    if benchmark.stats:
        benchmark.extra_info["ns_per_parameter"] = round(1e9 * benchmark.stats["median"] / N, 3)
        benchmark.extra_info["distribution"] = rule.distribution
        benchmark.extra_info["flops_per_parameter"] = rule.flops(rule.options(values))
