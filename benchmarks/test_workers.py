"""Trials on threads, on processes and on a Dask cluster of this machine, all with a worker per core and started before the clock.

`long` trials take about 50 ms: what carrying them about costs must not show. `short` ones take well under a millisecond: what is measured
is the carrying. extra_info, medians of rounds in turn with threads: `beside_threads`, trials per second over those of threads;
`core_microseconds`, processor time of all processes per trial, which other load on the machine changes less; `beside_threads_core`, that of
threads over it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from statistics import median
from typing import Any

import pytest

from benchmarks.support import CORES
from optlab import Study
from optlab.blas import single_threaded
from optlab.study.backends import Wanted, hired
from optlab.study.finished import Record
from optlab.study.progress import Meter
from optlab.study.run import Prices
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Backend
from optlab.study.workload import Workload

LENGTHS = {"long": {"layers": [64, 64], "epochs": 150}, "short": {"layers": [4], "epochs": 2}}
KINDS = {"threads": {}, "processes": {"processes": True}, "dask": {"dask": "local"}}


def swept(length: str, trials: int) -> Study:
    lr = [1e-3 * (1 + k / trials) for k in range(trials)]
    return Study(problem="iris", optimizer="adam", batch_size=16, seeds=1, confirm=0, lr=lr, baselines=False, **LENGTHS[length])  # type: ignore[arg-type]


def core_seconds() -> float:
    """Processor time so far of this process and of all below it that live."""
    import psutil

    this = psutil.Process()
    times = [one.cpu_times() for one in (this, *this.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def timed(backend: Backend, todo: list[Trial], prices: Prices) -> tuple[float, float]:
    """Seconds of (wall, processor) time that running them all once takes."""
    done: list[Record] = []
    left = Workload()
    for trial in todo:
        left.add(trial, prices(trial))
    meter = Meter("", len(todo), 0, left, None, 0.0)

    def keep(records: list[Record], where: Mapping[str, str]) -> None:
        for one in records:
            meter.count(one, prices(one.trial))
        done.extend(records)

    before, begin = core_seconds(), time.perf_counter()
    backend.run(iter(todo), keep, meter)
    wall, core = time.perf_counter() - begin, core_seconds() - before
    assert len(done) == len(todo) and {one.status for one in done} <= {"done", "stuck"}
    return wall, core


@pytest.fixture(scope="module", params=list(LENGTHS))
def ready(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Backend], list[Trial], Prices]]:
    pytest.importorskip("distributed")
    count = {"long": 60, "short": 2000}[request.param] * CORES
    if request.config.getoption("benchmark_disable"):
        count = 4 * CORES
    study = swept(request.param, count)
    prices, trials = Prices(study), list(study.trials())
    with single_threaded(), ExitStack() as stack:
        backends = {}
        for kind, asked in KINDS.items():
            meter = Meter("", 0, 0, Workload(), None, 0.0)
            backends[kind] = stack.enter_context(hired(study, Wanted(CORES, **asked), Stop(), prices, meter))
            timed(backends[kind], trials[: 4 * CORES], prices)  # kernels loaded, data sent
        yield request.param, backends, trials, prices


@pytest.mark.parametrize("kind", list(KINDS))
def test_trials(benchmark: Any, ready: tuple[str, dict[str, Backend], list[Trial], Prices], kind: str) -> None:
    length, backends, trials, prices = ready
    benchmark.group = f"{len(trials)} {length} trials"
    rounds: list[tuple[float, ...]] = []

    def both() -> None:
        threads, own = timed(backends["threads"], trials, prices), timed(backends[kind], trials, prices)
        rounds.append((threads[0] / own[0], own[1] / len(trials) * 1e6, threads[1] / own[1]))

    benchmark.pedantic(both, rounds=3 if benchmark.enabled else 1)
    names = "beside_threads", "core_microseconds", "beside_threads_core"
    benchmark.extra_info.update({name: round(median(values), 3) for name, *values in zip(names, *rounds, strict=True)})
