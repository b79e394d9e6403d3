"""What the page says about the study itself: one line of description, the protocol, the reproducibility record."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from optlab.evidence import Evidence, select, words
from optlab.report.heatmap import short

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
    varied = {name: cells.groupby(select.KEY, sort=False)[name].nunique().max() for name in select.settings(cells)}
    factors += [words.plural(int(many), _AXES.get(name, f"{short(name)} value")) for name, many in varied.items() if many > 1]
    factors += [words.plural(int(cells["n"].max()), "tuning replicate")] if len(cells) else []
    parts.append(" \N{MULTIPLICATION SIGN} ".join(factors))
    fresh = evidence.ranked.loc[evidence.ranked["evidence"].eq("confirmed"), "n"]
    parts.append(f"{words.plural(int(fresh.max()), 'fresh replicate')} of each chosen cell" if len(fresh) else "nothing confirmed yet")
    return " · ".join([*parts, words.plural(len(frame), "trial")])


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
