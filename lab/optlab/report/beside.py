"""The section "Beside published runs": a table and two pictures in which runs of others stand beside the study's own, told apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from optlab.evidence import Evidence, select, words
from optlab.evidence.beside import BY_PUBLISHER, Beside
from optlab.evidence.rank import CONFIRMED
from optlab.report import style
from optlab.report.labels import AXIS, short
from optlab.report.lines import Line, Lines, line_of
from optlab.report.tables import interval

LEARNING, SENSITIVITY = "beside-learning", "beside-sensitivity"
"""Kinds of the two pictures."""
CHOSEN = {BY_PUBLISHER: "by its publishers", "validation": "on validation", "train": "on training", "test": "on test"}

Drawn = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]


def contenders(evidence: Evidence) -> tuple[str, ...]:
    """Return those of the study, then the published ones: the order that gives everyone a colour."""
    others = (name for shown in evidence.beside.values() for name in shown.published)
    return tuple(dict.fromkeys((*evidence.contenders, *others)))


def lines(evidence: Evidence, problem: str) -> Iterator[tuple[str, Lines]]:
    """Yield (kind, data) of each picture of a problem; none where nothing published is shown there, or nothing varies."""
    shown = evidence.beside.get(problem)
    if shown is None:
        return
    quantity, names = quantity_of(shown), contenders(evidence)
    trained = shown.learning[shown.learning["epoch"] > 0]
    note = "published runs: other first weights, mini-batches and perhaps networks, unpaired \N{MIDDLE DOT} band: range over runs"
    drawn = _lines(trained, names, "epoch")
    if drawn:
        title = f"Beside published runs: {problem}"
        yield LEARNING, Lines(title, f"settings of the table \N{MIDDLE DOT} {note}", "epochs", quantity, drawn)
    rates = _lines(shown.sensitivity, names, "lr")
    if any(len(line.x) > 1 for line in rates):
        title = f"Learning rates beside published runs: {problem}"
        note = f"tuning runs \N{MIDDLE DOT} {note} \N{MIDDLE DOT} ring: settings of the table"
        yield SENSITIVITY, Lines(title, note, AXIS["lr"], quantity, rates)


def _lines(table: pd.DataFrame, names: Sequence[str], x: str) -> tuple[Line, ...]:
    found = []
    for name in names:
        rows = table[table["contender"].eq(name)]
        rings = [place for place, chosen in enumerate(rows["chosen"]) if chosen] if "chosen" in rows else []
        found += [line_of(name, rows, x, rings[0] if rings else None)] if len(rows) else []
    return tuple(found)


def quantity_of(shown: Beside) -> str:
    """Return what is compared, such as ``test accuracy``."""
    data = "test" if shown.data == "test" else f"test (this study: {shown.data})"
    return f"{data} {words.METRICS[shown.metric]}"


def section(evidence: Evidence, problem: str, drawn: Drawn) -> dict[str, Any] | None:
    """Return what the page says of a problem, None where nothing published is shown there."""
    shown = evidence.beside.get(problem)
    if shown is None:
        return None
    names, table = contenders(evidence), shown.table
    there = words.listed([str(name) for name in dict.fromkeys(table["problem_there"]) if name])
    return {
        "names": words.listed(list(shown.published), 8),
        "there": there,
        "quantity": quantity_of(shown),
        "loss": shown.metric != "accuracy",
        "target": bool(table["epochs_to_target"].notna().any()),
        "aim": f"{evidence.target[problem]:g}" if problem in evidence.target else "",
        "interval": bool(len(table)) and any(interval(row) for _, row in table.iterrows()),
        "rows": [_row(row, names.index(str(row["contender"])), _named(evidence, problem, row)) for _, row in table.iterrows()],
        "figures": [one for kind in (LEARNING, SENSITIVITY) for one in drawn.get((problem, kind), ())],
    }


def _row(row: "pd.Series[Any]", place: int, named: Sequence[str]) -> dict[str, Any]:
    n, judged = int(row["n"]), bool(row["n"] > 0)
    fresh = row["evidence"] == CONFIRMED
    return {
        "contender": str(row["contender"]),
        "colour": place % len(style.PALETTE),
        "published": bool(row["published"]),
        "median": _signed(words.number(row["median"])) if judged else "",
        "interval": _signed(interval(row)) if judged else "",
        "range": _signed(words.span(row["low"], row["high"])) if judged else str(row["evidence"]),
        "runs": words.plural(n, f"{'fresh' if fresh else 'tuning'} run") if judged else "",
        "chosen": CHOSEN.get(str(row["chosen_on"]), ""),
        "settings": _settings(row, named),
        "diverged": f"{round(float(row['share_diverged']) * n)} of {n}" if judged and row["share_diverged"] > 0 else "0" if judged else "",
        "decades": "" if pd.isna(row["decades_text"]) else str(row["decades_text"]),
        "gap": "" if math.isnan(row["gap"]) else _signed(words.number(float(row["gap"]))),
        "epochs": "" if math.isnan(row["epochs_to_target"]) else words.count(float(row["epochs_to_target"])),
        "sort": {
            name: float(row[key])
            for name, key in (("median", "median"), ("decades", "decades"), ("gap", "gap"), ("epochs", "epochs_to_target"))
            if math.isfinite(row[key])
        },
    }


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _named(evidence: Evidence, problem: str, row: "pd.Series[Any]") -> list[str]:
    """Return what describes a setting: of a published one all that is on record, of the study's own what it tuned."""
    if row["published"]:
        return ["lr", "l2", *(str(name) for name in row.index if str(name).startswith("hyper.")), "batch_size", "schedule"]
    cells = evidence.cells
    return select.axes(cells[cells["problem"].eq(problem) & cells["contender"].eq(row["contender"])])


def _settings(row: "pd.Series[Any]", named: Sequence[str]) -> str:
    """Return settings in a line, but those that say nothing."""
    values = {name: row[name] for name in named if name in row.index and not pd.isna(row[name])}
    said = {name: value for name, value in values.items() if not (name == "l2" and not value) and value != "constant"}
    return ", ".join(f"{short(name)} {words.setting(value)}" for name, value in said.items())
