"""What one update costs per parameter, for every registered optimizer, third-party ones included.

`extra_info["ns_per_parameter"]` is the median over calls of the compiled rule on 16,384 parameters; parameters, gradient and state stay
in the second-level cache. A call through ctypes costs about 1 us, 0.06 ns per parameter, and is included.
"""

import ctypes

import numpy as np
import pytest

from optlab import abi, catalogue

N = 16_384


def pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


@pytest.mark.benchmark(group="optimizer")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(catalogue()["optimizers"]))
def test_update(benchmark, name, dtype):
    rule = catalogue().optimizer(name)
    values = rule.values({})
    rng = np.random.default_rng(0)
    w, g = rng.standard_normal(N).astype(dtype), (1e-3 * rng.standard_normal(N)).astype(dtype)
    slots = np.repeat(np.array([*rule.slot_starts(values), 0.0], dtype=dtype), N)
    hyper, scalars, ask = np.array([*rule.block(values), 0.0]), np.zeros(8), np.zeros(abi.ASK_SIZE)
    layers, scratch = np.zeros((1, abi.LAYER_COLUMNS), dtype=np.int64), np.zeros(N, dtype=dtype)
    kinds = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 2 + [ctypes.c_void_p] * 2 + [ctypes.c_int64] + [ctypes.c_void_p] * 2
    stage = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(rule.compiled(dtype, rule.options(values)))
    vectors = [pointer(each) for each in (w, g, slots, hyper)]
    arguments = [*vectors, 100, N, pointer(scalars), pointer(layers), 0, pointer(scratch), pointer(ask)]

    assert benchmark(stage, *arguments) == abi.DONE
    assert np.isfinite(w).all()
    if benchmark.stats:
        benchmark.extra_info["ns_per_parameter"] = round(1e9 * benchmark.stats["median"] / N, 3)
        benchmark.extra_info["distribution"] = rule.distribution
        benchmark.extra_info["flops_per_parameter"] = rule.flops(rule.options(values))
