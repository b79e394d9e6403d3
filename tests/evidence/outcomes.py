"""Studies reduced to what claims read: one cell per contender, given test values of its confirmation replicates, no curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from optlab import evidence
from optlab.evidence import claims, phrases
from optlab.evidence.compare import Design
from optlab.evidence.gather import Evidence

FIRST_CONFIRMATION = 1_000_000
DIVERGED = -np.inf
"""Stands for a diverged run among values."""
FIXED = Design()
WHERE = phrases.Where("test accuracy", FIXED.reach)


def frame(values: Mapping[tuple[str, str], Sequence[float]], tuning: int = 3) -> pd.DataFrame:
    """One row per trial of {(problem, contender): test values of the confirmation replicates}; tuning replicates validate at 0.5."""
    rows = []
    for (problem, contender), given in values.items():
        fixed = {"problem": problem, "contender": contender, "optimizer": contender, "cell": f"{contender}:only", "lr": 0.1, "l2": 0.0,
                 "l1": 0.0, "layers": "4-2", "metric": "accuracy", "train_metric": 0.5, "train_cost": 1.0,
                 "validation_cost": 1.0}  # fmt: skip
        rows += [
            {**fixed, "phase": "tuning", "replicate": k, "status": "done", "validation_metric": 0.5, "test_metric": 0.5}
            for k in range(tuning)
        ]
        for k, value in enumerate(given):
            lost = value == DIVERGED
            rows.append({**fixed, "phase": "confirmation", "replicate": FIRST_CONFIRMATION + k, "status": "diverged" if lost else "done",
                         "validation_metric": 0.5, "test_metric": np.nan if lost else value})  # fmt: skip
    found = pd.DataFrame(rows)
    return found.assign(digest=[f"{place:032x}" for place in range(len(found))], seconds=1.0, flops=1.0, steps=1, epochs=1)


def curves() -> pd.DataFrame:
    """No curve of any trial."""
    names = ["digest", "epoch", "step", "seconds", "flops", "train_metric", "validation_metric", "test_metric"]
    return pd.DataFrame({name: pd.Series(dtype="object" if name == "digest" else "float64") for name in names})


def summary(values: Mapping[tuple[str, str], Sequence[float]], smallest_difference: float | None = None, resplit: bool = False) -> Evidence:
    """The evidence in ``frame(values)``."""
    return evidence.summary(frame(values), curves(), smallest_difference=smallest_difference, resplit=resplit)


def of_values(values: Mapping[tuple[str, str], Sequence[float]]) -> dict[str, dict[str, "pd.Series[float]"]]:
    """{problem: {contender: metric by replicate}}: what the frame is brought to before anything is tested."""
    found: dict[str, dict[str, pd.Series[float]]] = {}
    for (problem, contender), given in values.items():
        found.setdefault(problem, {})[contender] = pd.Series(np.asarray(given, dtype="float64"))
    return found


def claimed(values: Mapping[tuple[str, str], Sequence[float]], smallest_difference: float | None = None) -> pd.DataFrame:
    """The table of claims on values, without the frames around it."""
    runs = of_values(values)
    return claims.claims(runs, dict.fromkeys(runs, FIXED), dict.fromkeys(runs, WHERE), smallest_difference)


def decided(values: Mapping[tuple[str, str], Sequence[float]], smallest_difference: float | None = None) -> list[claims.Decision]:
    """The decisions alone, without the table: for simulations of thousands of studies."""
    runs = of_values(values)
    return claims.decisions(runs, dict.fromkeys(runs, FIXED), smallest_difference)
