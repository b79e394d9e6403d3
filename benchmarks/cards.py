"""The answers at the head of the page: one question each, from the tables of `measures`; no table, no card."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measures import STRAIGHT, Curve, Match, Rate, Update
from benchmarks.results import OURS, Change, Record
from optlab.evidence import words

Card = dict[str, str]
STEPS = {
    "test_import": "Importing takes",
    "test_train_with_warm_cache": "a first training, compiled before,",
    "test_train_with_empty_cache": "one that compiles first",
}


def times(value: float) -> str:
    """Return a ratio in three digits."""
    return f"{value:.0f}x" if value >= 100 else f"{value:.3g}x" if value >= 1 else f"{value:.2f}x"


def changes(compared: Sequence[Change], noticed: Sequence[Change]) -> list[Card]:
    slower = [change for change in noticed if change.speed < 1]
    short = f"{len(slower)} slower, {len(noticed) - len(slower)} faster"
    worst = min(slower, key=lambda change: change.speed, default=None)
    named = f" Slowest against before: {worst.title}, {times(1 / worst.speed)} as long." if worst else ""
    return [_card("What changed?", short, f"Of {words.plural(len(compared), 'measurement')} that both files have.{named}")]


def peers(found: Sequence[Match]) -> list[Card]:
    if not found:
        return []
    low, high = min(found, key=lambda match: match.lead), max(found, key=lambda match: match.lead)
    text = f"The fastest peer's time over ours, case by case: least in {_case(low)} ({low.nearest}), most in {_case(high)}."
    return [_card("How far ahead of the next best?", f"{times(low.lead)} to {times(high.lead)}", text)]


def peak(found: Sequence[Rate]) -> list[Card]:
    best: dict[str, tuple[float, Rate]] = {}
    for rate in found:
        if rate.peer == OURS and rate.share is not None and rate.share > best.get(rate.dtype, (0.0,))[0]:
            best[rate.dtype] = rate.share, rate
    if not best:
        return []
    short = f"up to {max(share for share, _ in best.values()):.0%}"
    parts = [f"{share:.0%} in {rate.case.split()[0]} {dtype}".strip() for dtype, (share, rate) in sorted(best.items())]
    return [_card("How near the machine's limit?", short, f"Of the FMA peak measured in the same run: {words.listed(parts)}.")]


def growth(found: Sequence[Curve]) -> list[Card]:
    if not found:
        return []
    bent = [curve for curve in found if curve.straight_from is None]
    ends = words.listed([f"{curve.name} is {times(curve.points[-1].ratio)} the line" for curve in bent], most=6)
    text = f"End within {STRAIGHT:g}x of the straight line that FLOPs predict{f'; at its end {ends}' if bent else ''}."
    return [_card("Does time grow as the work does?", f"{len(found) - len(bent)} of {words.plural(len(found), 'curve')}", text)]


def optimizers(found: Sequence[Update]) -> list[Card]:
    if not found:
        return []
    dtype = min(dtype for update in found for dtype in update.nanoseconds)
    own = sorted((update.nanoseconds[dtype], update.name) for update in found if dtype in update.nanoseconds)
    text = f"Per parameter and {dtype} update, of {words.plural(len(own), 'registered optimizer')}: from {own[0][1]} to {own[-1][1]}."
    return [_card("What does an update cost?", f"{own[0][0]:.2f} to {own[-1][0]:.2f} ns", text)]


def start(found: Sequence[Record]) -> list[Card]:
    medians = {record.name: record.median for record in found if record.name in STEPS}
    if not medians:
        return []
    parts = [f"{text} {words.seconds(medians[name])}" for name, text in STEPS.items() if name in medians]
    short = words.seconds(medians.get("test_train_with_warm_cache", min(medians.values())))
    return [_card("How soon does it start?", short, f"{words.listed(parts)}; each is a whole process.")]


def _card(question: str, short: str, text: str) -> Card:
    return {"question": question, "short": short, "text": text}


def _case(match: Match) -> str:
    return f"{match.case.split()[0]} {match.dtype}".strip()
