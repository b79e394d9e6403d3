"""The three questions of a study, answered in plain words and no stronger than the data.

Ranges over replicates are all that is claimed here. Where the range of the leader overlaps with others, all of them are named and nobody
is called the winner; where nothing is confirmed, nothing is ranked.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optlab.evidence import words
from optlab.evidence.profiles import TOLERANCE
from optlab.evidence.rank import CONFIRMED, NO_CELL

if TYPE_CHECKING:
    from optlab.evidence.gather import Evidence

UNITS = {"step": ("steps", words.count), "seconds": ("seconds", words.seconds), "flops": ("FLOPs", words.flops)}


@dataclass(frozen=True)
class Answer:
    """One question, the shortest honest answer (names, or why there is none), and one or two sentences with the numbers."""

    problem: str
    question: str
    short: str
    text: str


def three(problem: str, evidence: "Evidence") -> list[Answer]:
    """Return the answers for one problem: best when tuned, forgiving a wrong learning rate, first at the target."""
    table, tolerance, targets = (part[part["problem"].eq(problem)] for part in (evidence.ranked, evidence.tolerance, evidence.targets))
    name = words.METRICS.get(evidence.metric.get(problem, ""), "metric")
    data = targets["claimed_on"].iloc[0] if len(targets) else evidence.claimed_on.get(problem, "test")
    return [
        Answer(problem, "Who is best when tuned?", *_best(table, name)),
        Answer(problem, "Who forgives a wrong learning rate?", *_forgiving(table, tolerance, name)),
        _first(problem, targets, evidence.target.get(problem), f"{data} {name}"),
    ]


def _overlapping(table: pd.DataFrame, column: str, ahead: "pd.Series[Any]") -> list[str]:
    """Return the contenders whose ranges of ``column`` touch that of ``ahead``; a single replicate shows no range, so it overlaps."""
    others = table[table["contender"].ne(ahead["contender"])]
    low, high = (f"{column}_low", f"{column}_high") if column else ("low", "high")
    touches = (others[low] <= ahead[high]) & (others[high] >= ahead[low])
    return [str(name) for name in others.loc[touches | (others["n"] < 2) | (ahead["n"] < 2), "contender"]]


def _or(names: list[str]) -> str:
    return "no clear leader" if len(names) > 4 else " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _untrained(table: pd.DataFrame) -> str:
    names = [str(name) for name in table.loc[table["evidence"].eq(NO_CELL), "contender"]]
    return f" No cell of {words.listed(names)} trained: at least half of the replicates of each diverged or got stuck." if names else ""


def _best(table: pd.DataFrame, name: str) -> tuple[str, str]:
    judged = table[table["n"].gt(0)]
    if judged.empty:
        return "no cell trained", _untrained(table).strip() or "No trial has finished yet."
    first = judged.iloc[0]
    on = f"{first['claimed_on']} {name}"
    if first["evidence"] != CONFIRMED:
        replicates = words.plural(int(first["n"]), "tuning replicate")
        text = (
            f"On the {replicates} that chose the cells, {first['contender']} has the highest median {on}, {words.number(first['median'])}."
        )
        return (
            "not confirmed",
            f"{text} That flatters every contender: fresh replicates (confirm = 10) are needed to rank them.{_untrained(table)}",
        )
    judged = judged[judged["evidence"].eq(CONFIRMED)]
    if not np.isfinite(first["median"]):
        return "nobody", f"On fresh replicates at least half of the runs of every chosen cell diverged.{_untrained(table)}"
    spread = f"{words.number(first['median'])} (range {words.span(first['low'], first['high'])}, "
    spread += f"{words.plural(int(first['n']), 'fresh replicate')})"
    leader = str(first["contender"])
    if len(table) == 1:
        return leader, f"{leader} reaches a median {on} of {spread}. There is no other contender to compare it with."
    text = f"{leader} has the highest median {on}: {spread}."
    close = _overlapping(judged, "", first)
    if close:
        text += f" Its range overlaps with {words.listed(close)}: no winner among them."
        return _or([leader, *close]), text + _untrained(table)
    if len(judged) == 1:
        return "not decided", f"{text} No other contender is confirmed.{_untrained(table)}"
    second = judged.iloc[1]
    next_best = f"{second['contender']}: {words.number(second['median'])} (range {words.span(second['low'], second['high'])})"
    return leader, f"{text} Its range lies above all others; next is {next_best}.{_untrained(table)}"


def _forgiving(table: pd.DataFrame, tolerance: pd.DataFrame, name: str) -> tuple[str, str]:
    if tolerance.empty:
        reason = "No cell trained." if table["evidence"].eq(NO_CELL).all() and len(table) else "This study does not vary the learning rate."
        return "cannot tell", reason
    order = tolerance.sort_values("decades", ascending=False, kind="stable")
    first = order.iloc[0]
    leader, step = str(first["contender"]), float(order["step"].max())
    block = f"{words.setting(float(first['lr_low']))} to {words.setting(float(first['lr_high']))}"
    text = f"{leader} stays within {TOLERANCE:g} of its own best median over {first['text']} decades of learning rate ({block})"
    weak = first["median"] < order["median"].max() - TOLERANCE
    text += f", though that best is only {words.number(first['median'])} {name}." if weak else "."
    close = order[(order["decades"] > first["decades"] - step - 1e-9) & order["contender"].ne(leader)]
    names = [str(other) for other in close["contender"]]
    if names:
        described = [f"{row.contender} ({row.text})" for row in close.itertuples()]
        text += f" Within one step of the grid ({step:.2g} decades): {words.listed(described)}."
    if first["decades"] == 0:
        return "cannot tell", "No block of good learning rates is wider than one grid point: the grid is too coarse to tell."
    edge = [str(other) for other in order.loc[order["at_least"], "contender"]]
    if edge:
        text += f" {words.listed(edge)} {'touches' if len(edge) == 1 else 'touch'} the edge of the grid and may forgive more."
    return _or([leader, *names]), text


def _first(problem: str, targets: pd.DataFrame, target: float | None, on: str) -> Answer:
    if target is None:
        return Answer(problem, "Who reaches the target first?", "no target", "This study names no target to reach.")
    where = f"{target:g} {on}"
    question = f"Who reaches {where} first?"
    if targets.empty:
        return Answer(problem, question, "no cell trained", "There is no chosen cell whose runs could be followed.")
    confirmed = targets[targets["evidence"].eq(CONFIRMED)]
    table = confirmed if len(confirmed) else targets
    reached = table[np.isfinite(table["step"])]
    rare = [str(name) for name in table.loc[~np.isfinite(table["step"]), "contender"]]
    missed = f" {words.listed(rare)}: in at most half of the runs." if rare else ""
    if reached.empty:
        return Answer(problem, question, "nobody", f"No contender reaches {where} in more than half of its runs.")
    fastest = {column: reached[reached[column].eq(reached[column].min())] for column in UNITS}
    everywhere = set.intersection(*(set(rows["contender"]) for rows in fastest.values()))
    phrases: list[tuple[str, str, str, list[str]]] = []
    named: list[str] = []
    for column, (unit, show) in UNITS.items():
        tied = [str(name) for name in fastest[column]["contender"] if not everywhere or name in everywhere]
        first = reached[reached["contender"].eq(tied[0])].iloc[0]
        close = _overlapping(reached, column, first)
        named += [name for name in (tied[0], *close) if name not in named]
        ahead = tied[:1] if everywhere else tied
        phrases.append((unit, words.listed(ahead), show(float(first[column])), [name for name in close if name not in ahead]))
    if everywhere:
        leader = phrases[0][1]
        hits = table[table["contender"].eq(leader)].iloc[0]
        costs = " or ".join(_cost(unit, value) for unit, _, value, _ in phrases)
        text = f"{leader}: {costs} in median, {int(hits['hits'])} of {int(hits['n'])} runs."
    else:
        text = f"In {'; in '.join(f'{unit} {name} ({value})' for unit, name, value, _ in phrases)}; medians over all runs."
    text += _overlaps(phrases) if len(table) > 1 else " There is no other contender to compare it with."
    if not len(confirmed):
        return Answer(problem, question, "not confirmed", f"On tuning replicates alone: {text}{missed}")
    return Answer(problem, question, _or(named), text + missed)


def _cost(unit: str, value: str) -> str:
    return f"{value} steps" if unit == "steps" else value


def _overlaps(phrases: list[tuple[str, str, str, list[str]]]) -> str:
    by_names: dict[tuple[str, ...], list[str]] = {}
    for unit, _, _, close in phrases:
        by_names.setdefault(tuple(close), []).append(unit)
    parts = [f"with {words.listed(close)} in {words.listed(units)}" for close, units in by_names.items() if close]
    return f" Ranges overlap {', '.join(parts)}." if parts else ""
