"""What a JSON file of pytest-benchmark says: its measurements as records, the machine, and how two files differ.

A record's number is, in this order, `extra_info["step_us"]`, `extra_info["ns_per_parameter"]` or the median of the rounds, in seconds.
A row of `benchmarks.peers` or `benchmarks.sweep_peers` holds several contenders that ran in turn, `{"case", "dtype", "peak_gflops",
"share_of_peak", "optlab": {"min_us", "median_us"}, "jax": ...}`, a sweep's without the peak; be it `extra_info` or a line of the file
that their `--json` writes, it is taken apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from optlab.errors import OptlabError

OURS = "optlab"
ALONE = 0.15  # scatter taken for a benchmark of one round, which shows none
NOTICEABLE = 0.05  # smaller differences are not reported even where the rounds scatter less


def foreign(peer: str) -> bool:
    """Whether this contender is another library."""
    return peer.split(",")[0] != OURS


@dataclass(frozen=True)
class Record:
    """One benchmark; `scatter` is the interquartile range of its rounds as a share of their median, `ALONE` for one round."""

    group: str
    name: str
    facts: Mapping[str, Any]
    median: float
    low: float
    high: float
    scatter: float
    rounds: int

    @property
    def seconds(self) -> float:
        """The number to compare."""
        for key, unit in (("step_us", 1e-6), ("ns_per_parameter", 1e-9)):
            if key in self.facts:
                return float(self.facts[key]) * unit
        return self.median

    @property
    def peer(self) -> str:
        return str(self.facts.get("peer") or OURS)

    @property
    def foreign(self) -> bool:
        """Whether another library was measured, and not ours in this or in another way ("optlab, 1 thread")."""
        return foreign(self.peer)

    @property
    def dtype(self) -> str:
        return str(self.facts.get("dtype") or "")

    @property
    def label(self) -> str:
        """The test's name as one reads it: `test_step[A-float32]` as `step A-float32`."""
        return self.name.removeprefix("test_").replace("[", " ").removesuffix("]").replace("_", " ")

    @property
    def title(self) -> str:
        """Group and label, a word that ends the one and begins the other once."""
        first, _, rest = self.label.partition(" ")
        return f"{self.group} {rest}" if self.group.split()[-1] == first else f"{self.group}: {self.label}"


@dataclass(frozen=True)
class Results:
    """One file."""

    file: str
    records: tuple[Record, ...]
    machine: Mapping[str, Any]
    commit: Mapping[str, Any]
    when: str

    def having(self, *keys: str) -> list[Record]:
        return [record for record in self.records if all(record.facts.get(key) is not None for key in keys)]


def read(path: Path) -> Results:
    """Read a file that `pytest --benchmark-json` or `--benchmark-save` wrote.

    Raises:
        OptlabError: it is not such a file, or holds no measurement.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, list):
            found = {"benchmarks": [{"group": "peers", "name": f"{row['case']}-{row['dtype']}", "extra_info": row} for row in found]}
        records = tuple(record for each in found["benchmarks"] for record in _records(each))
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise OptlabError(
            f"{path} is not a result of pytest-benchmark ({why}); write one with pytest benchmarks --benchmark-json=FILE"
        ) from error
    if not records:
        raise OptlabError(
            f"{path} holds no measurement; write one with pytest benchmarks --benchmark-json=FILE, without --benchmark-disable"
        )
    return Results(path.name, records, found.get("machine_info") or {}, found.get("commit_info") or {}, str(found.get("datetime") or ""))


def _records(each: Mapping[str, Any]) -> Iterator[Record]:
    facts = each.get("extra_info") or {}
    turns = {name: value for name, value in facts.items() if isinstance(value, dict) and "median_us" in value}
    if not turns:
        yield _record(each)
    for peer, turn in turns.items():
        plain = {name: value for name, value in facts.items() if name not in (*turns, "share_of_peak")}
        facts_of_turn = {**plain, "peer": peer, "step_us": turn["median_us"]}
        if "share_of_peak" in facts:  # a sweep has none
            flops = 1e3 * facts["share_of_peak"] * facts["peak_gflops"] * facts[OURS]["min_us"]
            facts_of_turn |= {"flops": flops, "gflops": 1e-3 * flops / turn["min_us"]}
        low, middle = 1e-6 * turn["min_us"], 1e-6 * turn["median_us"]
        stats = {"median": middle, "min": low, "max": middle, "iqr": middle - low, "rounds": facts.get("rounds", 1)}
        yield _record({**each, "name": f"{each['name']}-{peer}", "extra_info": facts_of_turn, "stats": stats})


def _record(each: Mapping[str, Any]) -> Record:
    stats = each["stats"]
    median = float(stats["median"])
    facts = {**(each.get("params") or {}), **(each.get("extra_info") or {})}
    rounds, bounds = int(stats["rounds"]), (float(stats["min"]), float(stats["max"]))
    scatter = ALONE if rounds == 1 else float(stats["iqr"]) / median if median else 0.0
    return Record(str(each.get("group") or "other"), str(each["name"]), facts, median, *bounds, scatter, rounds)


@dataclass(frozen=True)
class Change:
    """One measurement in both files; `speed` is the time before over the time now: above 1 is faster."""

    title: str
    before: float
    now: float
    noise: float

    @property
    def speed(self) -> float:
        return self.before / self.now

    @property
    def noticed(self) -> bool:
        """Beyond `NOTICEABLE` and beyond the scatter of both files' rounds."""
        return max(self.speed, 1 / self.speed) > 1 + max(NOTICEABLE, self.noise)


def changes(now: Results, before: Results) -> list[Change]:
    """Every measurement of ours that both files have, slowest change first."""
    found = [Change(new.title, old.seconds, new.seconds, new.scatter + old.scatter) for new, old in _pairs(now, before) if not new.foreign]
    return sorted(found, key=lambda change: change.speed)


def yardstick(now: Results, before: Results) -> float | None:
    """By how much the peers became faster, the median of them all: code of theirs that did not change shows what the machine did."""
    speeds = [old.seconds / new.seconds for new, old in _pairs(now, before) if new.foreign]
    return median(speeds) if speeds else None


def _pairs(now: Results, before: Results) -> list[tuple[Record, Record]]:
    earlier = {(record.group, record.name): record for record in before.records}
    return [(record, earlier[record.group, record.name]) for record in now.records if (record.group, record.name) in earlier]


def only_in(one: Results, other: Results) -> list[str]:
    """Measurements of `one` that `other` has not."""
    there = {(record.group, record.name) for record in other.records}
    return [record.title for record in one.records if (record.group, record.name) not in there]


def machine(results: Results) -> dict[str, str]:
    """The machine and what ran on it, label by label; host names stay out."""
    info = results.machine
    cpu, versions = info.get("cpu") or {}, info.get("versions") or {}
    commit = str(results.commit.get("id") or "")[:10]
    peaks = {record.dtype: float(record.facts["peak_gflops"]) for record in results.having("peak_gflops")}
    rows = {
        "CPU": str(cpu.get("brand_raw") or info.get("processor") or ""),
        "cores": str(info.get("cores") or cpu.get("count") or ""),
        "FMA peak of one core": ", ".join(f"{dtype} {peak:.0f} GFLOP/s" for dtype, peak in sorted(peaks.items())),
        "system": " ".join(str(info.get(key) or "") for key in ("system", "machine")).strip(),
        "Python": str(info.get("python_version") or ""),
        "BLAS": str(info.get("blas") or ""),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "commit": commit + (" with uncommitted changes" if commit and results.commit.get("dirty") else ""),
        "measured": results.when[:16].replace("T", " ") + (" UTC" if results.when.endswith("+00:00") else ""),
    }
    return {label: value for label, value in rows.items() if value}


def differences(now: Results, before: Results) -> list[str]:
    """What differs between the two machines, other than time and commit: each is a reason not to trust a ratio."""
    here, there = machine(now), machine(before)
    labels = [label for label in here if label in there and label not in ("commit", "measured", "versions", "FMA peak of one core")]
    changed = [f"{label}: {there[label]} before, {here[label]} now" for label in labels if here[label] != there[label]]
    old, new = (results.machine.get("versions") or {} for results in (before, now))
    return changed + [f"{name} {old[name]} before, {version} now" for name, version in new.items() if old.get(name, version) != version]
