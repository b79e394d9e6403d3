"""Large stores, made up and measured: bytes per trial, CPU seconds to open and summarise, peak memory of processes that read or go on.

`python -m benchmarks.stores [TRIALS]` makes a store in a temporary folder and prints what `measured` finds. The outcomes are made up (50
epochs of noisy curves, which compress worse than real ones), the study, its trials and their digests are real.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import Study
from optlab.study import environment, record
from optlab.study.results import chosen_cells
from optlab.study.store import Record, Store
from optlab.study.trial import CONFIRMATION, TUNING, Trial

EPOCHS = 50
RULES = ("gd", "momentum", "rmsprop", "adam")
SEEDS = 3

_SETUP = "import json, re, sys, time\nimport pandas\nfrom optlab.study.results import Results\nfrom optlab.study.store import Store\n"
# Not getrusage: its maximum is handed on by the process that started this one.
_TOLD = "\npeak = int(re.search('VmHWM:\\s*([0-9]+) kB', open('/proc/self/status').read()).group(1)) / 1024"
_TOLD += "\nprint(json.dumps([time.process_time() - begin, peak]))"
TASKS = {
    "open": "Store(path, create=False).close()",
    "info": "from optlab.study import inventory\nwith Store(path, create=False) as store:\n    inventory.take(store)",
    "frame": "Results(path).frame()",
    "evidence": "Results(path).evidence()",
    "finished": "Store(path).finished()",
    "go on": "from benchmarks.stores import study\nassert study(int(sys.argv[2])).run(path).complete",
}
"""What a process does with the store; its imports are counted in its memory, not in its seconds."""


def study(trials: int) -> Study:
    """A grid over learning rates and L2 strengths with about so many tuning trials."""
    strengths = max(1, round((trials / len(RULES) / SEEDS) ** 0.5))
    rates = max(1, round(trials / len(RULES) / SEEDS / strengths))
    return Study(
        problem="digits", optimizer=list(RULES), layers=[50], activation="sigmoid", epochs=EPOCHS, batch_size=64, seeds=SEEDS, confirm=10,
        lr=np.geomspace(1e-4, 1, rates).tolist(), l2=np.geomspace(1e-6, 1e-1, strengths).tolist(), name="made up", baselines=False,
    )  # fmt: skip


def made(path: Path, trials: int) -> int:
    """Make a store with a complete study of about so many trials; return their number."""
    asked, rng, about = study(trials), np.random.default_rng(0), environment.describe()
    with Store(path) as store:
        tuning = list(asked.trials(TUNING))
        _save(store, (_outcome(one, rng) for one in tuning), about)
        store.record_study(asked.name, record.describe(asked), tuning)
        chosen = chosen_cells(store.frame(asked.name))
        confirmed = list(asked.trials(CONFIRMATION, chosen))
        _save(store, (_outcome(one, rng) for one in confirmed), about)
        store.add_trials(asked.name, confirmed)
        store.annotate(asked.name, record.describe(asked, wall_seconds=1.0, compile_seconds=0.0, workers=2, complete=True))
    return len(tuning) + len(confirmed)


def _save(store: Store, records: Iterator[Record], about: dict[str, str]) -> None:
    batch: list[Record] = []
    for one in records:
        batch.append(one)
        if len(batch) == 32:
            store.save(batch, about)
            batch.clear()
    if batch:
        store.save(batch, about)


def _outcome(trial: Trial, rng: np.random.Generator) -> Record:
    settings = trial.settings
    far = abs(np.log10(dict(settings.hyper)["lr"]) + 2) + settings.l2
    status = "diverged" if far > 1.9 else "done"
    counts = rng.integers(0, 4, (10, 10)) + 30 * np.eye(10, dtype=int)
    confusion = str(counts.tolist()).replace(" ", "") if status == "done" else None
    return Record(trial, status, "", "accuracy", 17 * EPOCHS, EPOCHS, 0.01, 1e9, _curve(far, rng), None, confusion)


def _curve(far: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    epoch = np.arange(EPOCHS + 1.0)
    cost = 2.3 * np.exp(-epoch[:, None] / 10) * (1 + 0.05 * rng.normal(size=(len(epoch), 3)))
    metric = np.round(0.95 - 0.1 * far - 0.6 * np.exp(-epoch[:, None] / 8) + 0.01 * rng.normal(size=(len(epoch), 3)), 3)
    pairs = np.stack([cost, metric], axis=2).reshape(len(epoch), 6)
    return np.column_stack([epoch, epoch * 17, np.cumsum(rng.random(len(epoch))) * 1e-3, epoch * 1.23456789e7, pairs])


def measured(path: Path, trials: int, asked: int) -> dict[str, Any]:
    """``bytes_per_trial``, and for each of `TASKS` the CPU seconds and the peak memory in MB of a process of its own."""
    found: dict[str, Any] = {"trials": trials, "bytes_per_trial": path.stat().st_size / trials}
    for name, task in TASKS.items():
        code = f"{_SETUP}path = sys.argv[1]\nbegin = time.process_time()\n{task}{_TOLD}"
        out = subprocess.run([sys.executable, "-c", code, str(path), str(asked)], check=True, stdout=subprocess.PIPE, text=True).stdout
        found[name] = dict(zip(("seconds", "megabytes"), json.loads(out.splitlines()[-1]), strict=True))
    return found


def main(asked: int) -> None:
    """Print what a store of about so many trials costs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.db"
        found = measured(path, made(path, asked), asked)
    print(f"{found['trials']:,} trials of {EPOCHS} epochs: {found['bytes_per_trial']:.0f} bytes per trial")
    for name in TASKS:
        print(f"{name:10} {found[name]['seconds']:6.2f} s of CPU, peak {found[name]['megabytes']:4.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
