"""A sweep of 256 trials of the 30-32-32-1 network (case B): 16 learning rates x 16 L2 strengths, 20 epochs on 569 rows, float32.

`trials` is the training alone, on all cores; `study` the same grid as a person runs it: tuning, store and all.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from optlab import Study, catalogue
from optlab.blas import single_threaded
from optlab.data import prepare
from optlab.execution import execute
from optlab.settings import Settings, pairs
from optlab.streams import Streams

RATES, STRENGTHS = np.geomspace(1e-4, 1e-1, 16), np.geomspace(1e-6, 1e-1, 16)
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.benchmark(group="sweep of 256 trials")
def test_trials(benchmark):
    known = catalogue()
    rule = known.optimizer("adam")
    X, y = known.problem("breast_cancer").load(np.random.default_rng(0))
    dataset = prepare(X, y, scale="standard")
    every = [
        Settings(
            (32, 32), ("sigmoid", "relu"), "identity", "binary_cross_entropy", "adam", pairs(rule.values({"lr": float(lr)})),
            activation_hyper=((), ()), l2=float(l2), epochs=20, batch_size=32, dtype="float32",
        )
        for lr in RATES
        for l2 in STRENGTHS
    ]  # fmt: skip

    def sweep():
        with single_threaded(), ThreadPoolExecutor(CORES) as pool:
            return list(pool.map(lambda settings: execute(settings, dataset, Streams(0), known), every))

    outcomes = benchmark.pedantic(sweep, rounds=5, warmup_rounds=1)
    assert len(outcomes) == 256
    assert sum(outcome.status == "done" for outcome in outcomes) > 128
    if benchmark.stats:
        benchmark.extra_info["seconds_in_training"] = round(sum(outcome.seconds for outcome in outcomes), 4)
        benchmark.extra_info["threads"] = CORES


@pytest.mark.benchmark(group="sweep of 256 trials")
def test_study(benchmark, tmp_path):
    study = Study(
        problem="breast_cancer", optimizer=["adam"], layers=[32, 32], activation=[["sigmoid", "relu"]], epochs=20, batch_size=32,
        dtype="float32", lr=RATES.tolist(), l2=STRENGTHS.tolist(), seeds=1, confirm=0,
    )  # fmt: skip
    number = iter(range(1000))

    def sweep():
        return study.run(store=tmp_path / f"{next(number)}.db")

    results = benchmark.pedantic(sweep, rounds=3, warmup_rounds=1)
    assert len(results.frame()) == 256
