"""What several benchmarks share: made-up rows, one timed training, the grid of case B, and what a step must at least do."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import optlab
from optlab import catalogue
from optlab.blas import single_threaded
from optlab.data import Dataset, prepare
from optlab.execution import Executor
from optlab.outcome import Outcome
from optlab.settings import Settings, pairs
from optlab.streams import Streams
from optlab.study.batches import SHARE
from optlab.study.pool import MOST

Array = npt.NDArray[Any]

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def example(rows: int, inputs: int, classes: int) -> tuple[Array, Array]:
    """X (rows, inputs) and one label of `classes` per row, all random: what is learned does not matter, the time of a step does."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, inputs)), rng.integers(classes, size=rows)


def train(data: tuple[Array, Array], hidden: Sequence[int], batch: int, epochs: int, dtype: Literal["float32", "float64"]) -> Outcome:
    """One training with ReLU, Adam and an L2 penalty that evaluates nothing on the way."""
    outcome = optlab.train(
        data, layers=hidden, activation="relu", hyper={"lr": 1e-4}, l2=1e-4, epochs=epochs, batch_size=batch, dtype=dtype,
        evaluate_every=0, scale="none", task="classification", quiet=True,
    )  # fmt: skip
    assert outcome.status == "done", outcome.sentence
    return outcome


def traffic(sizes: Sequence[int], batch: int, dtype: str) -> int:
    """Bytes that a step of Adam touches if each array were met once per use.

    A parameter is met 10 times: read forward and backward, its gradient written; then weight, gradient and two slots read, three of them
    written. An activation is met 4 times: written, read by the next layer and by its gradient, and its delta.
    """
    parameters = sum(a * b + b for a, b in itertools.pairwise(sizes))
    return np.dtype(dtype).itemsize * (10 * parameters + batch * (2 * sizes[0] + 4 * sum(sizes[1:])))


def case_b(rates: Sequence[float], strengths: Sequence[float]) -> tuple[Dataset, list[Settings]]:
    """The 30-32-32-1 network on 569 rows, 20 epochs, float32: one trial for each learning rate x L2 strength."""
    known = catalogue()
    rule = known.optimizer("adam")
    X, y = known.problem("breast_cancer").load(np.random.default_rng(0))
    every = [
        Settings(
            (32, 32), ("sigmoid", "relu"), "identity", "binary_cross_entropy", "adam", pairs(rule.values({"lr": float(lr)})),
            activation_hyper=((), ()), l2=float(l2), epochs=20, batch_size=32, dtype="float32",
        )
        for lr in rates
        for l2 in strengths
    ]  # fmt: skip
    return prepare(X, y, scale="standard"), every


def sweep(dataset: Dataset, trials: Sequence[Settings], threads: int) -> list[Outcome]:
    """Train them all in a pool of that many threads, as many in a call of the kernel as there go in a study."""
    run = Executor(catalogue())
    each = max(1, min(MOST, len(trials) // (SHARE * threads)))
    calls = [[(settings, Streams(0)) for settings in trials[first : first + each]] for first in range(0, len(trials), each)]
    with single_threaded(), ThreadPoolExecutor(threads) as pool:
        found = list(itertools.chain.from_iterable(pool.map(lambda call: run(call, dataset), calls)))
    assert all(isinstance(one, Outcome) for one in found), found
    return found  # type: ignore[return-value]
