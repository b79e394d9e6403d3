"""How long a step will take: as stored outcomes measured it, scaled from other networks, or from a step in NumPy timed here.

Reads a store without opening it as one: a dry run writes nothing, no file beside it either.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from optlab.errors import OptlabError
from optlab.study import storefile
from optlab.study.progress import STEP_COST
from optlab.study.trial import Cell

MEASURED, SCALED, ROUGH = "measured in this store", "scaled from other trials in this store", "rough, from a step of NumPy timed here"
RECENT = 2000
"""Configurations that are read, the latest ones: enough to meet every network of a study, 50 ms of reading."""

KERNEL_SHARE = 0.4
"""The kernel's time for a step over NumPy's: 0.3 to 0.5 for digits with 50 nodes and batches of 64, by rule."""

_MODEL, _BATCH = (64, 50, 10), 64

_QUERY = f"""
    SELECT configuration.description, sum(trial.steps), sum(trial.seconds)
    FROM (SELECT id, description FROM configuration ORDER BY id DESC LIMIT {RECENT}) AS configuration
    JOIN trial ON trial.configuration = configuration.id
    WHERE trial.status NOT IN ('error', 'diverged') AND trial.steps > 0 GROUP BY configuration.id"""


def rows(path: Path, query: str, table: str = "trial") -> list[tuple[Any, ...]]:
    """What a query finds in a store; nothing where there is no file, or where the store is of before `table`.

    Raises:
        OptlabError: the file is no store that this version reads.
    """
    storefile.inspect(path)
    if not path.exists() or not path.stat().st_size:
        return []
    # Without a log nobody writes, and "immutable" keeps SQLite from making the files of one.
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
            return connection.execute(query).fetchall() if known else []
    except sqlite3.Error as error:
        raise OptlabError(f"the store {path} cannot be read ({error}); give a whole store file with --store") from error


def work(sizes: Sequence[int], batch: int) -> float:
    """What a step costs, in FLOPs' worth of time, as `progress.expected_cost` counts it."""
    parameters = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    return (6.0 * batch + 10.0) * parameters + STEP_COST


class Speed:
    """Seconds per step of any cell, from a store where it has something to say.

    Attributes:
        source: what the answers so far rest on, the weakest of them.
    """

    def __init__(self, path: Path) -> None:
        self._exact: dict[tuple[Any, ...], tuple[float, float]] = {}
        self._work = self._seconds = 0.0
        self.source = MEASURED
        for description, steps, seconds in rows(path, _QUERY):
            about = json.loads(description)
            settings, sizes = about["settings"], tuple(about["sizes"])
            for key in _keys(settings["optimizer"], sizes, settings["batch_size"], settings["dtype"]):
                before = self._exact.get(key, (0.0, 0.0))
                self._exact[key] = before[0] + steps, before[1] + seconds
            if settings["batch_size"] != "full":  # how many rows that was is not written there
                self._work += steps * work(sizes, settings["batch_size"])
                self._seconds += seconds

    def seconds_per_step(self, cell: Cell, rows: int) -> float:
        """Of training, evaluations apart, on `rows` rows."""
        settings = cell.settings
        for key in _keys(settings.optimizer, cell.sizes, settings.batch_size, settings.dtype):
            if key in self._exact:
                steps, seconds = self._exact[key]
                return seconds / steps
        batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
        if self._seconds:
            self.source = ROUGH if self.source == ROUGH else SCALED
            return work(cell.sizes, batch) * self._seconds / self._work
        self.source = ROUGH
        return work(cell.sizes, batch) * unit()


def _keys(optimizer: str, sizes: tuple[int, ...], batch_size: Any, dtype: str) -> list[tuple[Any, ...]]:
    return [(optimizer, sizes, batch_size, dtype), (sizes, batch_size, dtype)]


_calibration: list[float] = []


def unit() -> float:
    """Seconds that the kernel needs for a unit of `work` on this machine."""
    return KERNEL_SHARE * numpy_step() / work(_MODEL, _BATCH)


def numpy_step() -> float:
    """Seconds of a step of a small network in NumPy: the median of a few dozen, timed once, 20 ms in all."""
    if not _calibration:
        import numpy as np

        from optlab.blas import single_threaded

        rng = np.random.default_rng(0)
        n_in, hidden_nodes, n_out = _MODEL
        shapes = (_BATCH, n_in), (n_in, hidden_nodes), (hidden_nodes, n_out), (_BATCH, n_out)
        X, W, V, Y = (rng.normal(size=shape) for shape in shapes)
        times = []
        with single_threaded():
            for _ in range(60):
                begin = time.perf_counter()
                hidden = np.tanh(X @ W)
                error = hidden @ V - Y
                _ = hidden.T @ error, X.T @ (error @ V.T * (1 - hidden * hidden))
                times.append(time.perf_counter() - begin)
        _calibration.append(sorted(times)[len(times) // 2])
    return _calibration[0]
