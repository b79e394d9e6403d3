"""The report's tables as rows of text for the page and the terminal."""

import math
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import Evidence, intervals, select, words
from optlab.evidence.rank import CONFIRMED
from optlab.report import style
from optlab.report.labels import short


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
    columns = [name for name in ("low", "median", "high", "interval_low", "interval_high") if name in table]
    finite = table[columns].to_numpy(dtype="float64").ravel()
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
                "place": evidence.contenders.index(str(row["contender"])),
                "median": words.number(row["median"]) if judged else "",
                "range": words.span(row["low"], row["high"]) if judged else row["evidence"],
                "interval": interval(row) if judged else "",
                "judged": judged,
                "strip": [_percent(row[name], low, high) for name in ("low", "median", "high")] if judged else None,
                "bar": [_percent(row[name], low, high) for name in ("interval_low", "interval_high")] if interval(row) else None,
                "sort": {name: float(row[name]) for name in ("median", "tuning_median") if math.isfinite(row[name])},
                "n": int(row["n"]),
                "settings": [words.setting(row[name]) if pd.notna(row[name]) else "" for name in named],
                "diverged": _share(row["share_diverged"], int(row["n"])),
                "stuck": _share(row["share_stuck"], int(row["n"])),
                "tuning": words.number(row["tuning_median"]),
            }
        )
    return rows


def interval(row: "pd.Series[Any]") -> str:
    """Return the interval of a row of the ranked table, or an empty text where there are too few replicates for one."""
    low, high = row.get("interval_low"), row.get("interval_high")
    if low is None or high is None or pd.isna(low) or pd.isna(high) or str(row.get("interval")) == "range":
        return ""
    return words.span(float(low), float(high))


def interval_label(evidence: Evidence, problem: str) -> str:
    """Return how the intervals of a problem's ranked table were made; empty where there are none."""
    table = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    if "interval" not in table:
        return ""
    return "; ".join(str(name) for name in table.loc[table["n"].gt(0), "interval"].dropna().unique() if name not in ("", "range"))


def coverage(evidence: Evidence, problem: str) -> str:
    """Return what intervals by order statistics, which come in steps, really cover, as a sentence; empty where none stands in the table."""
    table = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    own = table[table["n"].gt(0) & table["interval"].fillna("").str.contains("order statistics)", regex=False)]
    found = intervals.order_statistics(int(own["n"].max())) if len(own) else None
    if found is None:
        return ""
    share = math.floor(1000 * found[2]) / 10
    most = words.plural(int(own["n"].max()), "replicate")
    return f"Intervals by order statistics come in steps: with {most} they hold the median in {share:g} %."


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
        name = str(row["contender"])
        look = {"contender": name, "colour": colour(evidence, name), "place": evidence.contenders.index(name)}
        sort = {name: float(row[name]) if math.isfinite(row[name]) else 1e300 for name in show}
        rows.append({**look, "hits": f"{int(row['hits'])} of {int(row['n'])}", **texts, **spans, "sort": sort})
    return rows


def tolerance(evidence: Evidence, problem: str) -> list[dict[str, Any]]:
    """Return the rows of the tolerance table as text, widest first."""
    table = evidence.tolerance[evidence.tolerance["problem"].eq(problem)].sort_values("decades", ascending=False, kind="stable")
    rows = []
    for _, row in table.iterrows():
        block = f"{words.setting(float(row['lr_low']))} to {words.setting(float(row['lr_high']))}"
        name = str(row["contender"])
        look: dict[str, Any] = {"contender": name, "colour": colour(evidence, name), "place": evidence.contenders.index(name)}
        rows.append({**look, "sort": float(row["decades"]), "text": row["text"], "block": block, "median": words.number(row["median"])})
        low, high = float(row["low"]), float(row["high"])
        rows[-1]["interval"] = "" if math.isnan(low) else f"{low:.2g} to {high:.2g}"
    return rows


def tolerance_label(evidence: Evidence, problem: str) -> str:
    """Return what the intervals in the tolerance table are; empty where there are none."""
    labels = evidence.tolerance.loc[evidence.tolerance["problem"].eq(problem), "interval"]
    return "; ".join(str(name) for name in labels.unique() if name)


def cells(evidence: Evidence, problem: str, most: int = 1500) -> list[dict[str, Any]]:
    """Return every cell of a problem as text: what the heat maps draw and the slices they do not; empty beyond ``most`` rows."""
    table = evidence.cells[evidence.cells["problem"].eq(problem)]
    own = evidence.best_cells[evidence.best_cells["problem"].eq(problem)]
    alike = set(zip(own["contender"], own["cell"], strict=True))
    best: dict[Any, Any] = evidence.chosen["cell"].to_dict()
    named, rows = axes(evidence, problem), []
    for row in table.to_dict("records") if len(table) <= most else ():
        name, n = str(row["contender"]), int(row["n"])
        state = "chosen" if best.get((problem, name)) == row["cell"] else "as good" if (name, row["cell"]) in alike else ""
        look: dict[str, Any] = {"contender": name, "colour": colour(evidence, name), "place": evidence.contenders.index(name)}
        counts = {"diverged": _share(row["share_diverged"], n), "stuck": _share(row["share_stuck"], n), "n": n, "state": state}
        settings = [words.setting(row[key]) if pd.notna(row[key]) else "" for key in named]
        rows.append(
            {**look, **counts, "settings": settings, "median": words.number(row["median"]), "range": words.span(row["low"], row["high"])}
        )
    return rows


def _span(low: str, high: str) -> str:
    """Return ``2.09 to 4.22 ms``: the unit once where both have the same."""
    first, last = low.split(" "), high.split(" ")
    return low if low == high else f"{first[0] if first[1:] == last[1:] else low} to {high}"


def _percent(value: float, low: float, high: float) -> float:
    if math.isnan(value):
        return 0.0
    return round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2) if high > low else 50.0


def _share(value: float, n: int) -> str:
    return "" if not n or math.isnan(value) else "0" if value == 0 else f"{round(value * n)} of {n}"
