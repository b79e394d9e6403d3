"""A sweep of 256 trials of the 30-32-32-1 network (case B): 16 learning rates x 16 L2 strengths, 20 epochs on 569 rows, float32.

`trials` is the training alone, on all cores; `study` the same grid as a person runs it: tuning, store and all. `beside_peers` is the
table of `benchmarks.sweep_peers`, which needs the `peers` extra; its number is in `extra_info`, the benchmark's own time says nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import sweep_peers
from benchmarks.support import CORES, case_b, sweep
from optlab import Study

RATES, STRENGTHS = np.geomspace(1e-4, 1e-1, 16), np.geomspace(1e-6, 1e-1, 16)


@pytest.mark.benchmark(group="sweep of 256 trials")
def test_trials(benchmark: Any) -> None:
    outcomes = benchmark.pedantic(sweep, [*case_b(RATES, STRENGTHS), CORES], rounds=5, warmup_rounds=1)
    assert len(outcomes) == 256
    assert sum(outcome.status == "done" for outcome in outcomes) > 128
    if benchmark.stats:
        benchmark.extra_info["seconds_in_training"] = round(sum(outcome.seconds for outcome in outcomes), 4)
        benchmark.extra_info["threads"] = CORES


@pytest.mark.benchmark(group="sweep of 256 trials")
def test_study(benchmark: Any, tmp_path: Path) -> None:
    study = Study(
        problem="breast_cancer", optimizer=["adam"], layers=[32, 32], activation=[["sigmoid", "relu"]], epochs=20, batch_size=32,
        dtype="float32", lr=RATES.tolist(), l2=STRENGTHS.tolist(), seeds=1, confirm=0,
    )  # fmt: skip
    number = iter(range(1000))

    def run() -> Any:
        return study.run(store=tmp_path / f"{next(number)}.db")

    results = benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    assert len(results.frame()) == 256


@pytest.mark.benchmark(group="sweep beside peers")
def test_beside_peers(benchmark: Any) -> None:
    for peer in ("jax", "torch", "sklearn"):
        pytest.importorskip(peer)
    rounds = (5, 1) if benchmark.enabled else (1, 0)
    names = tuple(name for name in sweep_peers.CONTENDERS if benchmark.enabled or name not in sweep_peers.SLOW)
    row = benchmark.pedantic(sweep_peers.interleaved, [*rounds, names], rounds=1)
    benchmark.extra_info.update(row)
    assert row["optlab"]["min_us"] > 0
