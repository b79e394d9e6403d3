"""The tables of the page, made of one file's records.

Which of them a record enters is decided by its facts (`extra_info` and the test's parameters) alone:

- `case`, with other records of the same group, case and dtype that name a `peer`: the comparison with peers. Ours names none or "optlab".
- `gflops`, and `peak_gflops` measured in the same run: the share of peak.
- `curve`, `x`, `step_us`, `flops`: a point of a growth curve.
- `ns_per_parameter`: an optimizer; `distribution` tells whose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.results import OURS, Record, Results, foreign
from optlab.evidence import words

STRAIGHT = 1.15  # a point this near the line counts as on it

# What is expected to bend a curve where it is not straight; the ratio beside it is measured, the reason is not. The line takes the best
# rate of the curve for every FLOP of it, so each of these is work that has few FLOPs: shown for whoever wonders whether it is a defect.
BENDS = {
    "width": "narrow layers fill a part of a vector tile, and gather, activations and cost, which grow with the width and not with its "
    "square, weigh more; from some 1000 on, weights, gradients and moments no longer fit the caches and an update waits for memory",
    "depth": "the first and the last layer have sizes of their own, and weigh more in a shallow network",
    "batch": "an update costs the same for every batch and its few FLOPs run at the speed of the cache: in small batches it is the step",
    "samples": "the FLOPs of a step are the same for all; rows in random order come from ever farther away",
    "trials": "what a study costs once (reading data, threads, the first commit) is spread over its trials; each of these tiny trainings "
    "takes less time than its digest and its row in the store",
    "threads": "threads share memory, clock rate and, where there are two to a core, the arithmetic itself",
}


@dataclass(frozen=True)
class Match:
    """One case in one dtype: our time and the peers', by name, fastest first."""

    case: str
    dtype: str
    ours: float
    peers: Mapping[str, float]

    def ratio(self, peer: str) -> float:
        return self.peers[peer] / self.ours

    @property
    def lead(self) -> float:
        """The fastest peer's time over ours."""
        return self.peers[self.nearest] / self.ours

    @property
    def nearest(self) -> str:
        """The fastest peer that is another library."""
        return min((peer for peer in self.peers if foreign(peer)), key=lambda peer: self.peers[peer])


def matches(results: Results) -> list[Match]:
    """Every case that at least one peer ran too, within its own group: what ran side by side."""
    together: dict[tuple[str, str, str], dict[str, float]] = {}
    for record in results.having("case"):
        together.setdefault((record.group, str(record.facts["case"]), record.dtype), {})[record.peer] = record.seconds
    found = []
    for (_, case, dtype), times in together.items():
        peers = dict(sorted(((peer, time) for peer, time in times.items() if peer != OURS), key=lambda pair: pair[1]))
        if OURS in times and any(map(foreign, peers)):
            found.append(Match(case, dtype, times[OURS], peers))
    return sorted(found, key=lambda match: (match.dtype, match.case))


@dataclass(frozen=True)
class Rate:
    """How fast one library does the arithmetic of one case; `peak` is the machine's, None where it was not measured."""

    case: str
    dtype: str
    peer: str
    flops: float
    gflops: float
    peak: float | None

    @property
    def share(self) -> float | None:
        return self.gflops / self.peak if self.peak else None


def rates(results: Results) -> list[Rate]:
    """Rates by size. Where a case was measured in two groups, the one that measured the peak too counts."""
    found: dict[tuple[str, str, str], Rate] = {}
    every = [record for record in results.having("case", "gflops", "step_us") if "curve" not in record.facts]
    for record in sorted(every, key=lambda record: record.facts.get("peak_gflops") is None):
        facts = record.facts
        flops = facts.get("flops") or facts["gflops"] * facts["step_us"] * 1e3
        peak = facts.get("peak_gflops")
        rate = Rate(str(facts["case"]), record.dtype, record.peer, flops, float(facts["gflops"]), float(peak) if peak else None)
        found.setdefault((rate.case, rate.dtype, rate.peer), rate)
    return sorted(found.values(), key=lambda rate: (rate.dtype, rate.peer != OURS, rate.peer, rate.flops))


@dataclass(frozen=True)
class Point:
    """One size of a curve; `ratio` is its time over that of the straight line."""

    x: float
    seconds: float
    flops: float
    line: float
    traffic: float | None

    @property
    def ratio(self) -> float:
        return self.seconds / self.line


@dataclass(frozen=True)
class Curve:
    """Step time against one size. The straight line is the FLOPs of the step at the best rate that any point of the curve reached."""

    name: str
    dtype: str
    points: tuple[Point, ...]

    @property
    def straight_from(self) -> float | None:
        """The smallest x from which every point is within `STRAIGHT` of the line; None where the last one is not."""
        start = None
        for point in reversed(self.points):
            if point.ratio > STRAIGHT:
                break
            start = point.x
        return start

    @property
    def why(self) -> str:
        """What bends it, where a point is not on the line."""
        return BENDS.get(self.name, "") if any(point.ratio > STRAIGHT for point in self.points) else ""

    @property
    def said(self) -> str:
        """Where the curve is straight, and by how much it is not where it ends."""
        last, start = self.points[-1], self.straight_from
        if start is None:
            return f"{last.ratio:.2f}x the line at {words.count(last.x)}"
        if start == last.x:
            other = self.points[-2]
            return f"best rate at the last point, {words.count(last.x)}; {other.ratio:.2f}x the line at {words.count(other.x)}"
        return f"within {STRAIGHT:g}x of the line from {words.count(start)} on"


def curves(results: Results) -> list[Curve]:
    """Growth curves in the order of the file; a curve of one point is none."""
    together: dict[tuple[str, str], list[Record]] = {}
    for record in results.having("curve", "x", "step_us", "flops"):
        together.setdefault((str(record.facts["curve"]), record.dtype), []).append(record)
    found = []
    for (name, dtype), records in together.items():
        records.sort(key=lambda record: float(record.facts["x"]))
        best = max(record.facts["flops"] / record.seconds for record in records)
        points = [
            Point(float(r.facts["x"]), r.seconds, float(r.facts["flops"]), r.facts["flops"] / best, r.facts.get("bytes")) for r in records
        ]
        if len(points) > 1:
            found.append(Curve(name, dtype, tuple(points)))
    return found


@dataclass(frozen=True)
class Update:
    """What one optimizer costs per parameter, nanoseconds by dtype; `foreign` names the distribution of a third party."""

    name: str
    nanoseconds: Mapping[str, float]
    flops: float | None
    foreign: str | None


def updates(results: Results) -> list[Update]:
    """Every optimizer measured, cheapest first."""
    together: dict[str, list[Record]] = {}
    for record in results.having("ns_per_parameter"):
        together.setdefault(str(record.facts.get("name") or record.label), []).append(record)
    found = []
    for name, records in together.items():
        whose = str(records[0].facts.get("distribution") or OURS)
        times = {record.dtype: float(record.facts["ns_per_parameter"]) for record in sorted(records, key=lambda record: record.dtype)}
        found.append(Update(name, times, records[0].facts.get("flops_per_parameter"), None if whose.split()[0] == OURS else whose))
    return sorted(found, key=lambda update: (min(update.nanoseconds.values()), update.name))


def others(results: Results) -> dict[str, list[Record]]:
    """Records that enter none of these tables, by group."""
    found: dict[str, list[Record]] = {}
    for record in results.records:
        facts = record.facts
        if not ("curve" in facts or "ns_per_parameter" in facts or ("case" in facts and ("peer" in facts or "gflops" in facts))):
            found.setdefault(record.group, []).append(record)
    return found
