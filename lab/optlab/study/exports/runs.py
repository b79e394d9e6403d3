"""Trials one by one, as trackers of experiments see them: a run with a name, parameters, series of numbers over epochs, final numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.study import curves, tables
from optlab.study.store import Store

SERIES = tuple(name for name in curves.COLUMNS if name not in ("epoch", "seconds"))
"""Columns of a curve that are drawn over epochs."""


@dataclass(frozen=True)
class Run:
    """A trial. start: when its study was last run (trials have no time of their own), in seconds since 1970, UTC."""

    digest: str
    problem: str
    contender: str
    phase: str
    cell: str
    replicate: int
    settings: dict[str, Any]
    outcome: dict[str, Any]
    curve: npt.NDArray[np.float64]
    start: float

    @property
    def name(self) -> str:
        """Unique within a study."""
        return f"{self.problem}-{self.contender}-{self.cell}-{self.replicate}"

    def series(self) -> Iterator[tuple[str, int, float, float]]:
        """(name, epoch, value, seconds) of every finite number of the curve."""
        epochs, seconds = (self.curve[:, curves.COLUMNS.index(name)] for name in ("epoch", "seconds"))
        for name in SERIES:
            column = self.curve[:, curves.COLUMNS.index(name)]
            for k in np.flatnonzero(np.isfinite(column)):
                yield name, int(epochs[k]), float(column[k]), float(seconds[k])


def of(store: Store, study: str) -> Iterator[Run]:
    """The runs of a study, in its order; curves are read some at a time."""
    frame = store.frame(study)
    start = datetime.fromisoformat(store.changed(study)).timestamp()
    settings = [str(name) for name in frame if name not in (*tables.IDENTITY, *tables.OUTCOMES)]
    plain = frame.astype(object).where(frame.notna(), None)
    rows: dict[str, list[dict[str, Any]]] = {}
    for values in plain.itertuples(index=False, name=None):
        row = dict(zip(map(str, plain), values, strict=True))
        rows.setdefault(row["digest"], []).append(row)
    for blocks in store.curve_blocks(study):
        for digest, block in blocks:
            for row in rows.pop(digest.hex(), ()):  # contenders may share a trial, whose curve then comes for each of them
                yield Run(
                    **{name: row[name] for name in ("digest", "problem", "contender", "phase", "cell", "replicate")},
                    settings={name: row[name] for name in settings if row[name] is not None} | {"optimizer": row["optimizer"]},
                    outcome={name: row[name] for name in tables.OUTCOMES if name != "replicate" and row.get(name) is not None},
                    curve=curves.unpack(block),
                    start=start,
                )


def free(folder: Path) -> None:
    """Make an empty folder.

    Raises:
        OptlabError: there is something in it already: runs of two exports would mix.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise OptlabError(f"the folder {folder} is not empty, and runs of two exports would mix; give another one with --to")
    folder.mkdir(parents=True, exist_ok=True)


def library(name: str, extra: str) -> ModuleType:
    """Import a library that an extra brings.

    Raises:
        OptlabError: it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise OptlabError(
            f"--format {extra} needs the library {name.partition('.')[0]}, which is not installed ({error}); pip install 'optlab[{extra}]'"
        ) from error
