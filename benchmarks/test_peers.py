"""Our step against JAX and torch: the table of `benchmarks.peers` as a benchmark group. Needs the `peers` extra.

The benchmark's own time is that of a whole interleaved measurement and says nothing: read `extra_info`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.peers import contenders, interleaved, on_one_core
from benchmarks.test_kernel import CASES


@pytest.fixture
def one_core() -> Iterator[None]:
    """One core for the contenders, all of them again for the benchmarks that follow."""
    before = os.sched_getaffinity(0)
    on_one_core()
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.benchmark(group="peers")
@pytest.mark.usefixtures("one_core")
@pytest.mark.parametrize(("case", "dtype"), list(itertools.product(CASES, ("float32", "float64"))))
def test_step_beside_peers(benchmark: Any, case: str, dtype: str) -> None:
    for peer in ("jax", "torch"):
        pytest.importorskip(peer)
    row = benchmark.pedantic(interleaved, [case, dtype, 5.0, contenders(dtype)], rounds=1)
    benchmark.extra_info.update(row)
    assert row["optlab"]["min_us"] > 0
