"""One page from benchmark results: `python -m benchmarks.page RESULTS.json [OTHER.json] --out DIR`.

RESULTS.json is what `pytest benchmarks --benchmark-json=RESULTS.json` wrote. With OTHER.json, an earlier run, the page begins with what
became faster and slower since. DIR gets `index.html`, self-contained, and its pictures once more as `figures/*.png`. A table without
records leaves no trace on the page, so a file with a part of the benchmarks gives a shorter page.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from benchmarks import bars, cards, lines, measures, results
from benchmarks.cards import times
from benchmarks.measures import Curve, Match, Point, Rate, Update
from benchmarks.results import Change, Record, Results
from optlab.errors import OptlabError
from optlab.evidence import words
from optlab.report import style
from optlab.report.placing import place

MOST_BARS = 40  # changes in the picture; the table below it has all of them


def write(now: Results, out: Path, before: Results | None = None) -> Path:
    """Write the page into the folder `out` and return its path."""
    found, rates, curves = measures.matches(now), measures.rates(now), measures.curves(now)
    updates, others, changes = measures.updates(now), measures.others(now), results.changes(now, before) if before else []
    noticed = [change for change in changes if change.noticed]
    start = others.pop("start-up", [])
    drawn: dict[str, Figure] = {}
    if noticed:
        drawn["changes"] = bars.changed(sorted(noticed, key=_extent, reverse=True)[:MOST_BARS])
    if found:
        drawn["peers"] = bars.against_peers(found)
    if rates:
        drawn["rates"] = lines.share_of_peak(rates)
    if curves:
        drawn["growth"] = lines.growth(curves)
    if updates:
        drawn["optimizers"] = bars.optimizers(updates)
    if start:
        drawn["start-up"] = bars.durations(start)
    images = {name: style.png(figure) for name, figure in drawn.items()}
    for name, image in images.items():
        place(out / "figures" / f"{name}.png", image)
    answers = cards.changes(changes, noticed) if before else []
    answers += [*cards.peers(found), *cards.peak(rates), *cards.growth(curves), *cards.optimizers(updates), *cards.start(start)]
    machine = results.machine(now)
    context = {
        "lede": " · ".join(
            [machine[key] for key in ("CPU", "measured") if key in machine] + [words.plural(len(now.records), "measurement")]
        ),
        "cards": answers,
        "images": {name: base64.b64encode(image).decode() for name, image in images.items()},
        "file": now.file,
        "before": before.file if before else None,
        "warnings": results.differences(now, before) if before else [],
        "slower": [_change(change) for change in noticed if change.speed < 1],
        "faster": [_change(change) for change in reversed(noticed) if change.speed > 1],
        "yardstick": results.yardstick(now, before) if before else None,
        "palette": list(enumerate(style.PALETTE)),
        "unchanged": len(changes) - len(noticed),
        "new": results.only_in(now, before) if before else [],
        "gone": results.only_in(before, now) if before else [],
        "peers": list(dict.fromkeys(peer for match in found for peer in match.peers)),
        "matches": [_match(match) for match in found],
        "rates": [_rate(rate) for rate in rates],
        "curves": [_curve(curve) for curve in curves],
        "updates": [_update(update) for update in updates],
        "dtypes": list(dict.fromkeys(dtype for update in updates for dtype in update.nanoseconds)),
        "start": [_row(record) for record in start],
        "others": {group: [_row(record) for record in records] for group, records in others.items()},
        "machine": machine,
        "straight": f"{measures.STRAIGHT:g}",
        "noticeable": f"{results.NOTICEABLE:.0%}",
    }
    loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent), PackageLoader("optlab.report")])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = out / "index.html"
    place(page, environment.get_template("page.html.j2").render(context).encode())
    return page


def _extent(change: Change) -> float:
    return max(change.speed, 1 / change.speed)


def _change(change: Change) -> dict[str, str]:
    kind = "ns" if change.now < 1e-7 else ""
    show = (lambda value: f"{1e9 * value:.3g} ns") if kind else words.seconds
    return {
        "title": change.title,
        "before": show(change.before),
        "now": show(change.now),
        "speed": f"{times(change.speed)} faster" if change.speed > 1 else f"{times(1 / change.speed)} slower",
        "noise": f"± {change.noise:.0%}",
    }


def _match(match: Match) -> dict[str, Any]:
    shown = {peer: (words.seconds(time), times(match.ratio(peer))) for peer, time in match.peers.items()}
    return {"case": match.case, "dtype": match.dtype, "ours": words.seconds(match.ours), "peers": shown}


def _rate(rate: Rate) -> dict[str, str]:
    share = f"{rate.share:.0%}" if rate.share is not None else "\N{EN DASH}"
    named = {"case": rate.case, "dtype": rate.dtype, "peer": rate.peer}
    return {**named, "flops": words.flops(rate.flops), "gflops": f"{rate.gflops:.1f}", "share": share}


def _curve(curve: Curve) -> dict[str, Any]:
    return {"name": curve.name, "said": curve.said, "why": curve.why, "points": [_point(point) for point in curve.points]}


def _point(point: Point) -> dict[str, str]:
    traffic = f"{point.traffic / point.seconds / 1e9:.1f}" if point.traffic else ""
    rate = f"{point.flops / point.seconds / 1e9:.3g}"
    size = {"x": words.count(point.x), "time": words.seconds(point.seconds), "flops": words.flops(point.flops)}
    return {**size, "rate": rate, "traffic": traffic, "ratio": f"{point.ratio:.2f}"}


def _update(update: Update) -> dict[str, Any]:
    shown = {dtype: f"{value:.2f}" for dtype, value in update.nanoseconds.items()}
    return {"name": update.name, "whose": update.foreign or "", "flops": update.flops, "ns": shown}


def _row(record: Record) -> dict[str, str]:
    facts = {key: value for key, value in record.facts.items() if f"{value}" not in record.name}
    said = ", ".join(f"{key.replace('_', ' ')} {f'{value:.4g}' if isinstance(value, float) else value}" for key, value in facts.items())
    spread = f"{words.seconds(record.low)} to {words.seconds(record.high)}" if record.rounds > 1 else ""
    return {"label": record.label, "median": words.seconds(record.median), "range": spread, "rounds": f"{record.rounds:,}", "facts": said}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 and one sentence on the error stream where a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="Turn benchmark results into one page with plots.")
    parser.add_argument("results", type=Path, metavar="RESULTS.json", help="written by pytest benchmarks --benchmark-json=RESULTS.json")
    parser.add_argument("other", type=Path, nargs="?", metavar="OTHER.json", help="an earlier run to compare with")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for index.html and figures/")
    given = parser.parse_args(arguments)
    try:
        before = results.read(given.other) if given.other else None
        page = write(results.read(given.results), given.out, before)
    except OptlabError as error:
        print(error, file=sys.stderr)
        return 1
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
