"""The time left is right when trials differ a hundredfold in ways that no expected cost knows: by other arithmetic, on a false clock."""

import heapq
import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.study import progress
from optlab.study.progress import Meter, Progress
from optlab.study.workload import Workload

ENOUGH = 4
"""Trials of each kind and worker after which the answer must be right."""


def simulate(kinds: list[tuple[float, float, int]], workers: int, noise: float, seed: int) -> tuple[list[tuple[float, float]], float]:
    """[(time left as reported, time left)] after each trial once some of each kind are done, and the duration of the slowest.

    kinds: (seconds, expected cost, trials). Trials start in a random order on as many workers, each taking its kind's seconds, give or
    take a share `noise`.
    """
    rng = random.Random(seed)
    trials = [(kind, seconds * rng.uniform(1 - noise, 1 + noise)) for kind, (seconds, _, many) in enumerate(kinds) for _ in range(many)]
    rng.shuffle(trials)
    left, cost = Workload(), [one[1] for one in kinds]
    named = [SimpleNamespace(problem="p", contender=f"rule {kind}") for kind in range(len(kinds))]
    for kind, _ in trials:
        left.add(named[kind], cost[kind])
    clock, running, waiting, ends = 0.0, list[tuple[float, int, int]](), list(enumerate(trials)), []
    while waiting or running:
        while waiting and len(running) < workers:
            place, (kind, seconds) = waiting.pop(0)
            heapq.heappush(running, (clock + seconds, place, kind))
        clock, place, kind = heapq.heappop(running)
        ends.append((clock, kind, trials[place][1]))

    seen: list[Progress] = []
    now = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: now[0]))
        meter = Meter("tuning", len(trials), 0, left, seen.append, 0.0)
        counts, answers = [0] * len(kinds), []
        for end, kind, seconds in ends:
            now[0] = end
            finals = (None,) * 6
            record: Any = SimpleNamespace(trial=named[kind], status="done", seconds=seconds, finals=lambda finals=finals: finals)
            meter.count(record, cost[kind])
            meter.report(force=True)
            counts[kind] += 1
            if min(counts) >= ENOUGH * workers:
                assert seen[-1].eta is not None
                answers.append((seen[-1].eta, ends[-1][0] - end))
    return answers, max(seconds for _, seconds in trials)


kinds = st.lists(
    st.tuples(st.sampled_from([0.01, 0.1, 1.0]), st.sampled_from([1e6, 3e6, 1e8]), st.integers(20, 60)), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(kinds, st.integers(0, 1000))
def test_one_worker_knows_its_end_within_a_quarter(kinds: list[tuple[float, float, int]], seed: int) -> None:
    answers, _ = simulate(kinds, 1, 0.1, seed)
    assert answers
    for said, true in answers:
        assert abs(said - true) <= 0.25 * true + 1e-9


@settings(max_examples=60, deadline=None, derandomize=True)
@given(kinds, st.integers(2, 5), st.integers(0, 1000))
def test_several_workers_too_but_for_the_trials_that_run(kinds: list[tuple[float, float, int]], workers: int, seed: int) -> None:
    answers, slowest = simulate(kinds, workers, 0.1, seed)
    for said, true in answers:
        assert abs(said - true) <= 0.25 * true + 2 * slowest


def test_all_the_dear_ones_last_are_seen_coming_by_their_cost() -> None:
    """Of a kind that has not begun nothing is known but its expected cost."""
    left = Workload()
    cheap, dear = (SimpleNamespace(problem="p", contender=name) for name in ("cheap", "dear"))
    for _ in range(10):
        left.add(cheap, 1.0)
        left.add(dear, 100.0)
    assert left.seconds(0.0) is None
    for _ in range(10):
        left.done(cheap, 1.0, 0.5)
    assert left.seconds(5.0) == pytest.approx(500.0)
