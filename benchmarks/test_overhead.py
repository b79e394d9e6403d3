"""What a trial costs around the kernel, and what evaluating each epoch costs inside it.

`around`: a study of case B (30-32-32-1 on the 341 training rows of its data set, 20 epochs, float32) as a person runs it. Planning,
digests, wiring, threads, curves and store are all that is not the call of the kernel: processor time of the process less that of those
calls. `extra_info`: `outside_us` per trial, and as a share of the time in training; `memory_mb`, how much the process grew, to see that
it is flat.

`evaluation`: cases A, B and C with 60/20/20 of their rows to train, validate and test, evaluated each epoch and not at all, in turn.
"""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

import optlab
from benchmarks.test_kernel import CASES, example
from optlab import Study, wiring
from optlab.kernel.load import Kernel

SMALL = 100  # trials of the largest study that is run when nothing is measured


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of processor time of each call of the kernel's `train`."""
    spent: list[float] = []
    load: Callable[[str], Kernel] = wiring.load

    def clocked(dtype: str) -> Kernel:
        kernel = load(dtype)

        def train(*arguments: Any) -> None:
            begin = time.thread_time()
            try:
                kernel.train(*arguments)
            finally:
                spent.append(time.thread_time() - begin)

        return dataclasses.replace(kernel, train=train)

    monkeypatch.setattr(wiring, "load", clocked)
    return spent


def study(trials: int) -> Study:
    side = 10 ** (len(str(trials)) // 2)
    rates, strengths = np.geomspace(1e-4, 1e-1, side).tolist(), np.geomspace(1e-6, 1e-1, trials // side).tolist()
    return Study(
        problem="breast_cancer", optimizer=["adam"], layers=[32, 32], activation=[["sigmoid", "relu"]], epochs=20, batch_size=32,
        dtype="float32", lr=rates, l2=strengths, seeds=1, confirm=0,
    )  # fmt: skip


@pytest.mark.benchmark(group="around a trial of B")
@pytest.mark.parametrize("trials", [100, 1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_around(benchmark: Any, trials: int, tmp_path: Path, inside: list[float]) -> None:
    if not benchmark.enabled and trials > SMALL:
        pytest.skip("too many trials to run for nothing")
    study(10).run(store=tmp_path / "warm.db")
    inside.clear()
    before, outside = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []

    def run() -> None:
        begin = time.process_time()
        study(trials).run(store=tmp_path / "lab.db")
        outside.append(time.process_time() - begin - sum(inside))

    benchmark.pedantic(run, rounds=1)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    frame = study(trials).run(store=tmp_path / "lab.db").frame()
    assert len(frame) == trials >= len(inside) > 0
    training = float(frame["seconds"].sum())
    benchmark.extra_info.update(
        {"outside_us": 1e6 * outside[0] / trials, "share_of_training": outside[0] / training, "memory_mb": grown / 1024}
    )


@pytest.mark.benchmark(group="evaluation of each epoch")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", [case for case in CASES if case[0] in "ABC"])
def test_evaluation(benchmark: Any, case: str, dtype: str) -> None:
    _, hidden, _, activations, task, batch, _, epochs = CASES[case]
    data = example(case)
    wall: dict[int, list[float]] = {0: [], 1: []}
    training: list[float] = []

    def run(every: int) -> None:
        begin = time.perf_counter()
        outcome = optlab.train(
            data, layers=hidden, activation=activations, optimizer="adam", hyper={"lr": 1e-4}, l2=1e-4, epochs=epochs, batch_size=batch,
            dtype=dtype, evaluate_every=every, scale="none", validation=0.2, test=0.2, quiet=True,
            task="regression" if task == "regression" else "classification",
        )  # fmt: skip
        wall[every].append(time.perf_counter() - begin)
        training.append(outcome.seconds)

    def both() -> None:
        run(0)
        run(1)

    benchmark.pedantic(both, rounds=7, warmup_rounds=1)
    added, epoch = (median(wall[1]) - median(wall[0])) / epochs, median(training) / epochs
    benchmark.extra_info.update({"epoch_us": 1e6 * epoch, "evaluation_us": 1e6 * added, "evaluation_over_training": added / epoch})
