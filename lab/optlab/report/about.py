"""What the page says about the study itself: one line of description, the protocol, the reproducibility record."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import Evidence, rank, select, words
from optlab.report.labels import AXIS, short

_AXES = {
    "lr": "learning rate",
    "l1": "L1 strength",
    "l2": "L2 strength",
    "layers": "network",
    "batch_size": "batch size",
    "epochs_asked": "epoch count",
}
_SHOWN = {"seeds": "seeds", "cpu": "CPU", "cores": "cores", "workers": "workers", "blas": "BLAS"}
_TIMES = {"wall_seconds": "wall time of this run", "compile_seconds": "of it compiling"}
_ELSEWHERE = {
    "name",
    "description",
    "about",
    "notes",
    "toml",
    "settings",
    "command",
    "rerun",
    "formulas",
    "methods",
    "protocol",
    "design",
    "versions",
    "complete",
}


def described(evidence: Evidence, frame: pd.DataFrame) -> str:
    """Return one line that says what was run: problems, network, contenders x axes x replicates, trials."""
    cells = evidence.cells
    parts = [words.listed(evidence.problems)]
    network = [str(cells[name].iloc[0]) for name in ("layers", "activation") if name in cells and cells[name].nunique() == 1]
    parts += [" ".join(network)] if network else []
    factors = [words.plural(len(evidence.contenders), "optimizer" if frame["contender"].eq(frame["optimizer"]).all() else "contender")]
    factors += _tuned(cells)
    factors += [words.plural(int(cells["n"].max()), "tuning replicate")] if len(cells) else []
    parts.append(" \N{MULTIPLICATION SIGN} ".join(factors))
    fresh = evidence.ranked.loc[evidence.ranked["evidence"].eq("confirmed"), "n"]
    parts.append(f"{words.plural(int(fresh.max()), 'fresh replicate')} of each chosen cell" if len(fresh) else "nothing confirmed yet")
    return " · ".join([*parts, words.plural(len(frame), "trial")])


def _tuned(cells: pd.DataFrame) -> list[str]:
    """Return what each contender's cells multiply out of, or how many there are where they are no product or not everybody's."""
    groups = [own for _, own in cells.groupby(select.KEY, sort=False)]
    counts = [{name: int(own[name].nunique(dropna=False)) for name in select.axes(own)} for own in groups]
    if any(math.prod(axes.values()) != len(own) for axes, own in zip(counts, groups, strict=True)):
        ends = sorted({len(own) for own in groups})
        return [f"{words.plural(ends[0], 'cell')} each" if len(ends) == 1 else f"{ends[0]:,} to {ends[-1]:,} cells each"]
    alike = [name for name in select.settings(cells) if counts and all(axes.get(name, 1) == counts[0].get(name, 1) > 1 for axes in counts)]
    factors = [words.plural(counts[0][name], _axis(name)) for name in alike]
    own_axes = [{name: many for name, many in axes.items() if name not in alike} for axes in counts]
    if all(len(axes) == 1 for axes in own_axes) and len({many for axes in own_axes for many in axes.values()}) == 1:
        names = list(dict.fromkeys(name for axes in own_axes for name in axes))
        named = " or ".join(AXIS.get(name, short(name)) for name in names)
        many = f"{next(iter(own_axes[0].values())):,}"
        return [*factors, f"{many} {named} strengths" if set(names) <= {"l1", "l2"} else f"{many} values of {named}"]
    rest = sorted({math.prod(axes.values()) for axes in own_axes})
    if rest in ([], [1]):
        return factors
    return [*factors, f"{rest[0]:,} {f'to {rest[-1]:,} ' if len(rest) > 1 else ''}further settings"]


def _axis(name: str) -> str:
    return _AXES.get(name, f"{short(name)} value")


def timing(evidence: Evidence, frame: pd.DataFrame, record: Mapping[str, Any], problem: str) -> str:
    """Return how the seconds of a problem were taken and how well they repeat, as sentences; empty where nothing was timed twice.

    Replicates of one cell take the same steps, so what their seconds per step differ by is the machine's noise.
    """
    rows = rank.replicates(frame, evidence.chosen)
    rows = rows[rows["problem"].eq(problem) & rows["steps"].gt(0) & ~rows["status"].isin(select.WORST)]
    spreads = []
    for _, own in rows.groupby("contender", sort=False):
        each = (own["seconds"] / own["steps"]).astype("float64")
        if len(each) >= 4 and each.median() > 0:  # quartiles of fewer are the values themselves
            spreads.append(float((each.quantile(0.75) - each.quantile(0.25)) / each.median()))
    workers = record.get("workers")
    how = (
        f"Seconds are of training alone, on this machine, {words.plural(int(workers), 'run')} at a time" if isinstance(workers, int) else ""
    )
    if not how or not spreads:
        return f"{how}." if how else ""
    middle = 100 * float(np.median(spreads))
    return f"{how}; replicates of one cell differ by {middle:.0f} % (middle half), so smaller leads in seconds say nothing."


def facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the reproducibility record as (name, value) pairs; times apart, because compiling happens once and training each time."""
    rows = [(label, str(record[key])) for key, label in _SHOWN.items() if record.get(key) not in (None, "")]
    rows += [(label, words.seconds(float(record[key]))) for key, label in _TIMES.items() if record.get(key) is not None]
    versions = record.get("versions") or {}
    rows += [("versions", ", ".join(f"{name} {version}" for name, version in versions.items()))] if versions else []
    known = {*_SHOWN, *_TIMES, *_ELSEWHERE}
    for key, value in record.items():
        if key not in known and isinstance(value, str | int | float) and value != "":
            rows.append((key.replace("_", " "), str(value)))
        elif key not in known and isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
            rows.append((key.replace("_", " "), "; ".join(value)))
    return rows


def protocol(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the protocol as (name, text) pairs; empty for a study stored before there was one."""
    pairs = record.get("protocol")
    return [(str(name), str(text)) for name, text in pairs] if isinstance(pairs, list | tuple) else []


def smallest_difference(record: Mapping[str, Any]) -> float | None:
    """Return the difference below which nothing matters to the reader, in the metric, or None where the study names none."""
    design = record.get("design") or record.get("protocol")  # as stores of version 0.1 called it
    value = design.get("smallest_difference") if isinstance(design, Mapping) else None
    return float(value) if isinstance(value, int | float) and value > 0 else None


def listing(settings: Mapping[str, Any], prefix: str = "") -> str:
    """Return a nested mapping as lines ``key = value``."""
    lines = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        lines.append(listing(value, f"{name}.") if isinstance(value, Mapping) else f"{name} = {value!r}")
    return "\n".join(line for line in lines if line)


def simple_models(record: Mapping[str, Any], problem: str) -> str:
    """Return what simple models reach on a problem, as the end of a sentence: ``a constant 0.103, logistic regression 0.961``."""
    told = []
    for one in (record.get("baselines") or {}).get(problem) or ():
        value, note = one.get("metric"), str(one.get("note") or "")
        reached = words.number(float(value)) if value is not None else "no result"
        told.append(f"{one['name']} {reached}{f' ({note})' if note else ''}")
    return ", ".join(told)
