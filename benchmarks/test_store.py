"""What a store costs: saving, opening, summarising; with 100,000 trials also what was promised of it (marked long)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from benchmarks import reliability, stores
from optlab.study import inventory
from optlab.study.results import Results
from optlab.study.store import Store
from tests.study.test_store import ENVIRONMENT, record

SMALL, LARGE = 2_000, 100_000
TOGETHER = 32
"""Trials per transaction: what two workers hand over at once."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "lab.db"
    stores.made(path, SMALL)
    return path


@pytest.mark.benchmark(group="store")
def test_save(benchmark: Any, tmp_path: Path) -> None:
    """One transaction of `TOGETHER` trials of 30 epochs."""
    numbers, one = iter(range(10**9)), record()
    with Store(tmp_path / "lab.db") as store:

        def fresh() -> tuple[Any, ...]:
            trials = [dataclasses.replace(one.trial, replicate=next(numbers)) for _ in range(TOGETHER)]
            return ([dataclasses.replace(one, trial=trial) for trial in trials], ENVIRONMENT), {}

        benchmark.pedantic(store.save, setup=fresh, rounds=50, warmup_rounds=2)
    benchmark.extra_info["trials"] = TOGETHER


@pytest.mark.benchmark(group="store")
def test_info(benchmark: Any, small: Path) -> None:
    with Store(small, create=False) as store:
        assert benchmark(inventory.take, store).trials > 0.9 * SMALL


@pytest.mark.benchmark(group="store")
def test_frame(benchmark: Any, small: Path) -> None:
    results = Results(small)
    assert len(benchmark.pedantic(results.frame, rounds=3, warmup_rounds=1)) > 0.9 * SMALL


def test_the_page_says_what_a_large_study_costs() -> None:
    found = reliability.large(300)
    text = "\n".join(reliability.large_rows(found))
    assert 250 < found["trials"] < 400 and f"a study of {found['trials']:,} trials" in text
    peak = max(found[name]["megabytes"] for name in stores.TASKS)
    assert 50 < peak < 500 and f"at most | {peak:.0f} MB |" in text


@pytest.mark.long
@pytest.mark.benchmark(group="store of 100,000 trials")
def test_a_hundred_thousand_trials(benchmark: Any, tmp_path: Path) -> None:
    """Promised: under 2 KB per trial of 50 epochs, opened and summarised in under 5 s, no process beyond 500 MB."""
    path = tmp_path / "lab.db"
    trials = stores.made(path, LARGE)
    found = benchmark.pedantic(stores.measured, [path, trials, LARGE], rounds=1)
    benchmark.extra_info.update(found)
    assert trials > 0.98 * LARGE and found["bytes_per_trial"] < 2048
    assert found["open"]["seconds"] + found["info"]["seconds"] < 5
    assert max(found[name]["megabytes"] for name in stores.TASKS) < 500
