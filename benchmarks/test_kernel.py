"""A whole training step: gather, forward, backward, L2 penalty, Adam. Cases A to E, both dtypes.

The figure to read is `extra_info["step_us"]`: the kernel's own clock over its steps, best of the rounds; `gflops` counts what the lab
counts as a trial's FLOPs. The benchmark's own time is the whole call from Python, evaluation before and after included.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optlab

# name: (inputs, hidden layers, outputs, activations, task, batch, rows, epochs)
CASES: dict[str, tuple[int, tuple[int, ...], int, tuple[str, ...], str, int, int, int]] = {
    "A 1-16-1": (1, (16,), 1, ("tanh",), "regression", 16, 1024, 200),
    "B 30-32-32-1": (30, (32, 32), 1, ("sigmoid", "relu"), "binary", 32, 569, 100),
    "C 64-64-32-10": (64, (64, 32), 10, ("relu", "relu"), "classes", 64, 1792, 30),
    "D 784-256-128-10": (784, (256, 128), 10, ("relu", "relu"), "classes", 128, 2560, 2),
    "E 784-1024-1024-10": (784, (1024, 1024), 10, ("relu", "relu"), "classes", 256, 1280, 1),
}


def example(case: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    inputs, _, outputs, _, task, _, rows, _ = CASES[case]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, inputs))
    if task == "regression":
        return X, np.sin(X)
    return X, rng.integers(2 if task == "binary" else outputs, size=rows)


@pytest.mark.benchmark(group="kernel step")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_step(benchmark: Any, case: str, dtype: str) -> None:
    _, hidden, _, activations, task, batch, _, epochs = CASES[case]
    X, y = example(case)
    outcomes = []

    def train() -> None:
        outcome = optlab.train(
            (X, y), layers=hidden, activation=activations, optimizer="adam", hyper={"lr": 1e-4}, l2=1e-4, epochs=epochs, batch_size=batch,
            dtype=dtype, evaluate_every=0, scale="none", task="regression" if task == "regression" else "classification",
        )  # fmt: skip
        assert outcome.status in ("done", "stuck")
        outcomes.append(outcome)

    benchmark.pedantic(train, rounds=5, warmup_rounds=1)
    best = min(outcomes, key=lambda outcome: outcome.seconds)
    benchmark.extra_info["step_us"] = 1e6 * best.seconds / best.steps
    benchmark.extra_info["gflops"] = 1e-9 * best.flops / best.seconds
