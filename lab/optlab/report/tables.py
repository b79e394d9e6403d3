"""The report's tables: as rows of text for the page and the terminal, as CSV and Parquet beside the page."""

import io
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import Evidence, select, words
from optlab.evidence.rank import CONFIRMED
from optlab.report import style
from optlab.report.heatmap import short


def place(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` all or nothing: a reader never sees half a file, and an interrupted run leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def save(evidence: Evidence, frame: pd.DataFrame, folder: Path) -> list[str]:
    """Write every table of the evidence, and the trials, as CSV and Parquet; return their names. Diverged medians are ``-inf``."""
    tables = {
        "ranked": evidence.ranked,
        "cells": evidence.cells,
        "sensitivity": evidence.sensitivity,
        "tolerance": evidence.tolerance,
        "targets": evidence.targets,
        "learning": evidence.learning,
        "trials": frame,
    }
    for name, table in tables.items():
        plain = table.reset_index(drop=True)
        place(folder / f"{name}.csv", plain.to_csv(index=False).encode())
        buffer = io.BytesIO()
        _one_kind(plain).to_parquet(buffer, index=False)
        place(folder / f"{name}.parquet", buffer.getvalue())
    return list(tables)


def _one_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with columns that mix kinds (batch sizes 64 and "full") as text: Parquet holds one kind per column."""
    mixed = [name for name in table.columns if table[name].dtype == object and table[name].dropna().map(type).nunique() > 1]
    return table.assign(**{name: table[name].map(lambda value: value if pd.isna(value) else str(value)) for name in mixed})


def colour(evidence: Evidence, contender: str) -> int:
    """Return the place in the palette that a contender has in every picture."""
    return evidence.contenders.index(contender) % len(style.PALETTE)


def axes(evidence: Evidence, problem: str) -> list[str]:
    """Return the settings that vary within some contender of a problem: the columns that describe a chosen cell."""
    cells = evidence.cells[evidence.cells["problem"].eq(problem)]
    found = {name for _, own in cells.groupby("contender", sort=False) for name in select.axes(own)}
    return [name for name in select.settings(cells) if name in found]


def ranked(evidence: Evidence, problem: str) -> list[dict[str, Any]]:
    """Return the rows of the ranked table of a problem as text, with ``strip``: low, median, high in percent of the table's own span."""
    table = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    finite = table[["low", "median", "high"]].to_numpy(dtype="float64").ravel()
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    named = axes(evidence, problem)
    rows = []
    for _, row in table.iterrows():
        judged = row["n"] > 0
        rows.append(
            {
                "rank": str(row["rank"]) if pd.notna(row["rank"]) else "",
                "contender": str(row["contender"]),
                "colour": colour(evidence, str(row["contender"])),
                "median": words.number(row["median"]) if judged else "",
                "range": words.span(row["low"], row["high"]) if judged else row["evidence"],
                "judged": judged,
                "strip": [_percent(row[name], low, high) for name in ("low", "median", "high")] if judged else None,
                "n": int(row["n"]),
                "settings": [words.setting(row[name]) if pd.notna(row[name]) else "" for name in named],
                "diverged": _share(row["share_diverged"], int(row["n"])),
                "stuck": _share(row["share_stuck"], int(row["n"])),
                "tuning": words.number(row["tuning_median"]),
            }
        )
    return rows


def headings(evidence: Evidence, problem: str) -> list[str]:
    """Return the headings of the ranked table's settings."""
    return [short(name) for name in axes(evidence, problem)]


def confirmed(evidence: Evidence, problem: str) -> bool:
    """Return whether any contender of a problem has confirmation replicates, that is whether anything is ranked."""
    table = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    return bool(table["evidence"].eq(CONFIRMED).any())


def targets(evidence: Evidence, problem: str) -> list[dict[str, Any]]:
    """Return the rows of the time-to-target table as text, fewest steps first."""
    table = evidence.targets[evidence.targets["problem"].eq(problem)].sort_values(["step", "seconds"], kind="stable")
    show = {"epoch": words.count, "step": words.count, "seconds": words.seconds, "flops": words.flops}
    rows = []
    for _, row in table.iterrows():
        texts = {name: write(float(row[name])) for name, write in show.items()}
        spans = {
            f"{name}_range": _span(write(float(row[f"{name}_low"])), write(float(row[f"{name}_high"]))) for name, write in show.items()
        }
        hits = f"{int(row['hits'])} of {int(row['n'])}"
        rows.append({"contender": str(row["contender"]), "colour": colour(evidence, str(row["contender"])), "hits": hits, **texts, **spans})
    return rows


def tolerance(evidence: Evidence, problem: str) -> list[dict[str, Any]]:
    """Return the rows of the tolerance table as text, widest first."""
    table = evidence.tolerance[evidence.tolerance["problem"].eq(problem)].sort_values("decades", ascending=False, kind="stable")
    rows = []
    for _, row in table.iterrows():
        block = f"{words.setting(float(row['lr_low']))} to {words.setting(float(row['lr_high']))}"
        look = {"contender": str(row["contender"]), "colour": colour(evidence, str(row["contender"]))}
        rows.append({**look, "text": row["text"], "block": block, "median": words.number(row["median"])})
    return rows


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _percent(value: float, low: float, high: float) -> float:
    if math.isnan(value):
        return 0.0
    return round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2) if high > low else 50.0


def _share(value: float, n: int) -> str:
    return "" if not n or math.isnan(value) else "0" if value == 0 else f"{round(value * n)} of {n}"
