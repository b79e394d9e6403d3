"""How the time of a step grows with each size, against the straight line that its FLOPs predict.

Each group is one curve, each test one point of it. `extra_info`: `curve`, `x`, `step_us` (best of the rounds), `flops` (the lab's own
count for one step: forward, backward, penalty and update; for threads, the share of one thread) and, where memory may matter, `bytes`.
`python -m benchmarks.page` draws the curves with their lines. Times are float32.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from benchmarks.support import CORES, case_b, example, sweep, traffic, train
from optlab import Study
from optlab.outcome import Outcome

INPUTS, CLASSES = 64, 10
ROUNDS = 5
BUDGET = 4e9  # FLOPs of one round: about 50 to 100 ms
Test = TypeVar("Test", bound=Callable[..., None])
SMALL = 1000  # trials of the largest study that is run when nothing is measured


def curve(name: str, xs: Iterable[Any]) -> Callable[[Test], Test]:
    """Mark a test as a curve with a point at each of `xs`."""
    group, points = pytest.mark.benchmark(group=f"growth: {name}"), pytest.mark.parametrize("x", xs)
    return lambda test: group(points(test))


def note(benchmark: Any, name: str, x: int, seconds: float, flops: float, **more: float) -> None:
    benchmark.extra_info.update({"curve": name, "x": x, "dtype": "float32", "step_us": seconds * 1e6, "flops": flops, **more})


def measure(benchmark: Any, name: str, x: int, hidden: tuple[int, ...], batch: int, rows: int) -> None:
    """One point: the best of a few short trainings."""
    data, sizes = example(rows, INPUTS, CLASSES), (INPUTS, *hidden, CLASSES)
    guess = 6 * batch * sum(a * b for a, b in itertools.pairwise(sizes)) * -(-rows // batch)
    epochs = max(1, min(200, int(BUDGET / guess))) if benchmark.enabled else 1
    outcomes: list[Outcome] = []
    benchmark.pedantic(lambda: outcomes.append(train(data, hidden, batch, epochs, "float32")), rounds=ROUNDS, warmup_rounds=1)
    seconds = min(one.seconds / one.steps for one in outcomes)
    note(benchmark, name, x, seconds, outcomes[0].flops / outcomes[0].steps, bytes=traffic(sizes, batch, "float32"))


@curve("width", (8, 16, 32, 64, 128, 256, 512, 1024, 2048))
def test_width(benchmark: Any, x: int) -> None:
    measure(benchmark, "width", x, (x, x), batch=256, rows=512)


@curve("depth", (1, 2, 4, 8, 16))
def test_depth(benchmark: Any, x: int) -> None:
    measure(benchmark, "depth", x, (64,) * x, batch=64, rows=1024)


@curve("batch", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024))
def test_batch(benchmark: Any, x: int) -> None:
    measure(benchmark, "batch", x, (64, 64), batch=x, rows=1024)


@curve("samples", (1_000, 10_000, 100_000, 1_000_000))
def test_samples(benchmark: Any, x: int) -> None:
    """The same step on more rows: flat, but for fetching them from ever farther away."""
    measure(benchmark, "samples", x, (32, 32), batch=32, rows=x)


@curve("trials", (1, 10, 100, 1_000, 10_000, pytest.param(100_000, marks=pytest.mark.long)))
def test_trials(benchmark: Any, x: int, tmp_path: Path) -> None:
    """A study of tiny trials as a person runs it: tuning, digests and store included. Its time over all steps: flat."""
    if not benchmark.enabled and x > SMALL:
        pytest.skip("too many trials to run for nothing")
    side = 10 ** (np.log10(x) // 2)
    rates, strengths = np.geomspace(1e-4, 1e-1, int(side)), np.geomspace(1e-6, 1e-1, int(x // side))
    numbers, seconds, frames = itertools.count(), [], []

    def run(lr: list[float], l2: list[float]) -> Any:
        study = Study(
            problem="runge", optimizer=["adam"], layers=[16], activation=["tanh"], epochs=5, batch_size=16, dtype="float32",
            lr=lr, l2=l2, seeds=1, confirm=0,
        )  # fmt: skip
        return study.run(store=tmp_path / f"{next(numbers)}.db").frame()

    def timed() -> None:
        begin = time.perf_counter()
        frames.append(run(rates.tolist(), strengths.tolist()))
        seconds.append(time.perf_counter() - begin)

    run([1e-3], [1e-4])  # compiles
    benchmark.pedantic(timed, rounds=1 if x >= SMALL else ROUNDS)
    assert len(frames[0]) == x
    steps, inside = int(frames[0]["steps"].sum()), float(frames[0]["seconds"].sum())
    note(benchmark, "trials", x, min(seconds) / steps, float(frames[0]["flops"].sum()) / steps, trial_us=1e6 * min(seconds) / x)
    benchmark.extra_info["seconds_in_training"] = inside


@curve("threads", tuple(2**k for k in range(CORES.bit_length()) if 2**k <= CORES))
def test_threads(benchmark: Any, x: int) -> None:
    """A sweep of case B, one training per thread: twice the threads, half the time."""
    dataset, trials = case_b(np.geomspace(1e-4, 1e-2, 8).tolist(), np.geomspace(1e-6, 1e-2, 8).tolist())
    trials = trials if benchmark.enabled else trials[:4]
    seconds: list[float] = []
    outcomes: list[Outcome] = []

    def timed() -> None:
        begin = time.perf_counter()
        outcomes[:] = sweep(dataset, trials, x)
        seconds.append(time.perf_counter() - begin)

    benchmark.pedantic(timed, rounds=ROUNDS, warmup_rounds=1)
    steps = sum(one.steps for one in outcomes)
    note(benchmark, "threads", x, min(seconds) / steps, sum(one.flops for one in outcomes) / steps / x)
