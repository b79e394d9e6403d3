"""Frames and curves shaped like those of the store, made up from a formula: no training, every shape of study in milliseconds.

Each contender has a best learning rate, a reach below it (slower, then stuck) and above it (noisier, then diverged). The defaults have
the shape of the quickstart: six optimizers x 11 learning rates x 4 L2 strengths x 3 replicates, and 10 confirmation replicates of each
chosen cell.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import select

FIRST_CONFIRMATION = 1_000_000
BEST = {"gd": 0.5, "momentum": -0.5, "nesterov": -0.5, "adagrad": -0.8, "rmsprop": -2.2, "adam": -2.0}  # log10 of the best learning rate
PEAK = {"gd": 0.962, "momentum": 0.968, "nesterov": 0.9685, "adagrad": 0.964, "rmsprop": 0.971, "adam": 0.975}
FLOPS_PER_STEP = {"gd": 1.00e6, "momentum": 1.01e6, "nesterov": 1.015e6, "adagrad": 1.02e6, "rmsprop": 1.025e6, "adam": 1.04e6}
OPTIMIZERS = tuple(BEST)
LEARNING_RATES = tuple(float(lr) for lr in np.logspace(-4, 1, 11))
L2 = (0.0, 1e-4, 1e-3, 1e-2)
STEPS_PER_EPOCH = 18


def study(
    contenders: Sequence[str] = OPTIMIZERS,
    lr: Sequence[float] = LEARNING_RATES,
    l2: Sequence[float] = L2,
    l1: Sequence[float] = (0.0,),
    hyper: Mapping[str, Sequence[Any]] | None = None,
    layers: Sequence[str] = ("64-50-10",),
    problems: Sequence[str] = ("digits",),
    tuning: int = 3,
    confirm: int = 10,
    epochs: int = 30,
    metric: str = "accuracy",
    validation: bool = True,
    test: bool = True,
    diverge: bool = False,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(frame, curves) of a made-up study; ``diverge`` makes every trial diverge, ``validation``/``test`` False leave those sets out."""
    hyper = {f"hyper.{name}": values for name, values in (hyper or {}).items()}
    rng = np.random.default_rng(seed)
    names = ["lr", "l2", "l1", "layers", *hyper]
    rows, curves = [], []

    def trial(problem: str, contender: str, setting: dict[str, Any], phase: str, replicate: int) -> None:
        row, curve = _trial(rng, problem, contender, setting, metric, epochs, diverge)
        row.update(phase=phase, replicate=replicate, digest=f"{len(rows):032x}")
        for frame_part in (row, curve):
            for name, present in (("validation", validation), ("test", test)):
                if not present:
                    frame_part.update({f"{name}_cost": np.nan, f"{name}_metric": np.nan})
        rows.append(row)
        curves.append(pd.DataFrame({"digest": row["digest"], **curve}))

    for problem, contender in itertools.product(problems, contenders):
        for values in itertools.product(map(float, lr), map(float, l2), map(float, l1), layers, *hyper.values()):
            for replicate in range(tuning):
                trial(problem, contender, dict(zip(names, values, strict=True)), "tuning", replicate)
    chosen = select.choose(pd.DataFrame(rows))
    for (problem, contender), cell in chosen.iterrows():
        for replicate in range(confirm):
            trial(problem, contender, {name: cell[name] for name in names}, "confirmation", FIRST_CONFIRMATION + replicate)
    return pd.DataFrame(rows), pd.concat(curves, ignore_index=True)


def _trial(
    rng: np.random.Generator, problem: str, contender: str, setting: dict[str, Any], metric: str, epochs: int, diverge: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    best, peak = BEST.get(contender, -1.0), PEAK.get(contender, 0.95)
    away = np.log10(setting["lr"]) - best + 0.05 * rng.standard_normal()
    floor = 0.1 if metric == "accuracy" else 0.0
    final = peak - 0.004 * away**2 - (0.3 * max(0.0, -away - 1.2) ** 2) - 0.08 * max(0.0, away) ** 2
    final -= 2.5 * setting["l2"] + 3 * setting["l1"] + 0.02 * (problem != "digits") - 0.003 * rng.standard_normal()
    status = "done"
    if diverge or away > 1.3 + 0.3 * rng.random():
        status = "diverged"
    elif final <= floor + 0.08:
        status, final = "stuck", floor + 0.01 * rng.random()
    last = int(rng.integers(0, 3)) if status == "diverged" else epochs
    epoch = np.arange(last + 1)
    step = epoch * STEPS_PER_EPOCH
    value = floor + (final - floor) * (1 - np.exp(-epoch / (1.0 + 0.8 * max(0.0, -away)))) + 0.001 * rng.standard_normal(len(epoch))
    cost = 2.4 * (1 - value)
    curve: dict[str, Any] = {
        "epoch": epoch,
        "step": step,
        "seconds": step * 2.1e-5 * (1 + 0.02 * rng.random()),
        "flops": step * FLOPS_PER_STEP.get(contender, 1e6),
    }
    for name, shift in (("train", 0.01), ("validation", 0.0), ("test", -0.002)):
        curve[f"{name}_cost"] = cost - shift
        curve[f"{name}_metric"] = np.round(value + shift, 4)
    lost = status == "diverged"
    cell = "-".join(f"{name.removeprefix('hyper.')}{value}" for name, value in setting.items())
    row: dict[str, Any] = {
        "problem": problem,
        "contender": contender,
        "optimizer": contender,
        "cell": f"{contender}:{cell}",
        **setting,
        "activation": "sigmoid",
        "batch_size": "64",
        "dtype": "float64",
        "status": status,
        "sentence": "diverged in epoch 2" if lost else status,
        "steps": int(step[-1]),
        "epochs": last,
        "seconds": float(curve["seconds"][-1]),
        "flops": float(curve["flops"][-1]),
        "metric": metric,
    }
    for name in ("train", "validation", "test"):
        for quantity in ("cost", "metric"):
            row[f"{name}_{quantity}"] = np.nan if lost else float(curve[f"{name}_{quantity}"][-1])
    return row, curve
