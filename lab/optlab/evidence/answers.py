"""The three questions of a study, answered in plain words and no stronger than the data.

The first is answered by the claims and the set of the best alone (``claims``, ``bestset``). The other two compare ranges over replicates,
carry no corrected claim, and are labelled exploratory.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optlab.evidence import verdict, words
from optlab.evidence.bestset import BestSet
from optlab.evidence.claims import BETTER, EQUIVALENT, UNDECIDED
from optlab.evidence.profiles import TOLERANCE
from optlab.evidence.rank import CONFIRMED, NO_CELL

if TYPE_CHECKING:
    from optlab.evidence.gather import Evidence

UNANSWERED = ("cannot tell", "no target", "no cell trained")
"""Short answers that name nobody: there is nothing to label."""

UNITS = {"step": ("steps", words.count), "seconds": ("seconds", words.seconds), "flops": ("FLOPs", words.flops)}


@dataclass(frozen=True)
class Answer:
    """One question, the shortest honest answer (names, or why there is none), and one or two sentences with the numbers."""

    problem: str
    question: str
    short: str
    text: str
    exploratory: bool = True
    """False where the answer rests on corrected claims from fresh replicates; the text says so too."""


def three(problem: str, evidence: "Evidence") -> list[Answer]:
    """Return the answers for one problem: best when tuned, forgiving a wrong learning rate, first at the target."""
    table, tolerance, targets = (part[part["problem"].eq(problem)] for part in (evidence.ranked, evidence.tolerance, evidence.targets))
    name = words.METRICS.get(evidence.metric.get(problem, ""), "metric")
    data = targets["followed_on"].iloc[0] if len(targets) else evidence.claimed_on.get(problem, "test")
    first = _first(problem, targets, evidence.target.get(problem), f"{data} {name}")
    line = evidence.sensitivity[evidence.sensitivity["problem"].eq(problem)]
    forgiving = _forgiving(table, tolerance, line, name, _rates(problem, evidence))
    return [
        Answer(problem, "Who is best when tuned?", *_best(evidence, problem, table, name), exploratory=False),
        Answer(problem, "Who forgives a wrong learning rate?", forgiving[0], _exploratory(*forgiving)),
        replace(first, text=_exploratory(first.short, first.text)),
    ]


def _exploratory(short: str, text: str) -> str:
    return text if short in UNANSWERED else f"Exploratory: {text}"


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


def _best(evidence: "Evidence", problem: str, table: pd.DataFrame, name: str) -> tuple[str, str]:
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
    spread = f"{words.number(first['median'])} ({_spread(first)}, {words.plural(int(first['n']), 'fresh replicate')})"
    highest = str(first["contender"])
    if len(table) == 1:
        return highest, f"{highest} reaches a median {on} of {spread}. There is no other contender to compare it with."
    text = f"{highest} has the highest median {on}: {spread}."
    if len(judged) == 1:
        return "not decided", f"{text} No other contender is confirmed.{_untrained(table)}"
    left = unbeaten(evidence, problem)
    claims = evidence.claims[evidence.claims["problem"].eq(problem)]
    told = verdict.on_one(claims, verdict.leader(claims, judged, evidence.contenders) or highest, problem, evidence.where[problem])
    return _short(left, claims), f"{text} {told}{_set(evidence.best[problem], left)}{_untrained(table)}"


def unbeaten(evidence: "Evidence", problem: str) -> list[str]:
    """Return the contenders that may be called the best: no claim says another one is better, or they are in the set of the best."""
    claims = evidence.claims[evidence.claims["problem"].eq(problem)]
    beaten = set(claims.loc[claims["outcome"].eq(BETTER), "b"])
    compared = {*claims["a"], *claims["b"]}
    members = set(evidence.best[problem].members)
    return [name for name in evidence.contenders if name in compared and (name in members or name not in beaten)]


def _set(best: BestSet, left: list[str]) -> str:
    """Return the sentence on the set of the best, and on whom only the correction for the whole page still keeps in the running."""
    if not best.members or not best.dropped:
        return f" {best.sentence}"
    extra = [name for name in left if name not in best.members]
    if extra and len(best.members) == 1:  # between two that no claim separates, no set names the better one
        return ""
    text = f" With 95 % confidence the best is among {words.listed(best.members, 8)}"
    return f"{text}; corrected for every comparison on the page, {words.listed(extra, 8)} cannot be left out yet." if extra else f"{text}."


def _short(left: list[str], claims: pd.DataFrame) -> str:
    among = claims[claims["a"].isin(left) & claims["b"].isin(left)]
    same = " (equivalent)" if len(among) and among["outcome"].eq(EQUIVALENT).all() else ""
    if not same and len(left) == len({*claims["a"], *claims["b"]}) and among["outcome"].eq(UNDECIDED).any():
        return "cannot tell yet"
    return f"{_or(left)}{same}"


def _spread(row: "pd.Series[Any]") -> str:
    label = str(row["interval"]).split(" of ")[0]  # "95 % interval", without the method
    return f"{label} {words.span(row['interval_low'], row['interval_high'])}"


def _rates(problem: str, evidence: "Evidence") -> int:
    """Return how many learning rates the study tried on a problem."""
    cells = evidence.cells
    return int(cells.loc[cells["problem"].eq(problem), "lr"].nunique()) if "lr" in cells.columns else 0


def _forgiving(table: pd.DataFrame, tolerance: pd.DataFrame, line: pd.DataFrame, name: str, rates: int) -> tuple[str, str]:
    if tolerance.empty:
        reason = "This study does not vary the learning rate."
        if table["evidence"].eq(NO_CELL).all() and len(table):
            reason = "No cell trained."
        elif rates > 1:
            reason = "No cell differs from a chosen one in the learning rate alone: a search draws all settings at once. A grid would tell."
            if len(line) and line.groupby("contender")["lr"].nunique().max() > 1:
                reason = "The grid is too coarse: the width of a block takes three learning rates or more, two per decade."
        return "cannot tell", reason
    order = tolerance.sort_values("decades", ascending=False, kind="stable")
    first = order.iloc[0]
    leader = str(first["contender"])
    block = f"{words.setting(float(first['lr_low']))} to {words.setting(float(first['lr_high']))}"
    text = f"{leader} stays within {TOLERANCE:.0%} of its own best median over {first['text']} decades of learning rate ({block})"
    text = text.replace("%", " %")
    weak = first["median"] < order["median"].max() - TOLERANCE * abs(order["median"].max())
    text += f", though that best is only {words.number(first['median'])} {name}." if weak else "."
    apart = (order["high"] < first["low"]) | (order["low"] > first["high"])  # never with one replicate: NaN
    names = [str(other) for other in order.loc[~apart & order["contender"].ne(leader), "contender"]]
    if names:
        described = [f"{row.contender} ({row.text})" for row in order[order["contender"].isin(names)].itertuples()]
        ranges = "Intervals" if str(first["interval"]).startswith("95") else "Ranges over replicates"
        text += (
            f" {ranges} overlap with {words.listed(described)}."
            if order["low"].notna().all()
            else f" Not told from {words.listed(described)}."
        )
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
