"""The verdict: what a study says in plain sentences, the most important first, none stronger than the claims.

First the contender that is ahead against each other one, then what could not be told and what it would take, then the warnings that a
reader must know before trusting a number: nothing confirmed, cells at the edge of a grid, contenders without a trained cell.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optlab.evidence import compare, phrases, words
from optlab.evidence.claims import ALPHA, BETTER, EQUIVALENT, UNDECIDED
from optlab.evidence.rank import CONFIRMED, NO_CELL

if TYPE_CHECKING:
    from optlab.evidence.gather import Evidence

CHOSEN = "at the cells chosen"


def verdict(evidence: "Evidence") -> tuple[str, ...]:
    """Return the sentences about a whole study, from its claims, ranked table, scores over problems and edges."""
    lines = [*_shortage(evidence), *_headlines(evidence), *_family(evidence), *_over_problems(evidence)]
    return (*lines, *_unconfirmed(evidence), *_untrained(evidence), *_diverged(evidence), *_edges(evidence))


def leader(claims: pd.DataFrame, ranked: pd.DataFrame, contenders: tuple[str, ...]) -> str | None:
    """Return the contender with most claims won less claims lost; then the lower sum of ranks, then the study's order; None of none."""
    confirmed = ranked[ranked["evidence"].eq(CONFIRMED)]
    present = [name for name in contenders if name in set(confirmed["contender"])]
    better = claims[claims["outcome"].eq(BETTER)]
    ranks = confirmed.groupby("contender")["rank"].sum().astype("float64")

    def key(name: str) -> tuple[int, float]:
        return int(better["a"].eq(name).sum() - better["b"].eq(name).sum()), -float(ranks[name])

    return max(present, key=key) if present else None


def against(claims: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the claims that ``name`` takes part in, with ``other`` and ``result``: beats, is beaten, equivalent or cannot tell."""
    own = claims[claims["a"].eq(name) | claims["b"].eq(name)]
    ahead = own["a"].eq(name)
    result = own["outcome"].where(own["outcome"].ne(BETTER), ahead.map({True: "beats", False: "is beaten"}))
    return own.assign(other=own["b"].where(ahead, own["a"]), result=result)


def on_one(claims: pd.DataFrame, name: str, problem: str, where: phrases.Where) -> str:
    """Return one sentence on how ``name`` fares against every other contender on one problem; empty where there is no other."""
    own = against(claims[claims["problem"].eq(problem)], name)
    if own.empty:
        return ""
    groups = {result: [str(other) for other in own.loc[own["result"].eq(result), "other"]] for result in own["result"].unique()}
    place = f"on {problem} {CHOSEN}, {where.reach}"
    parts = []
    if won := groups.get("beats"):
        parts.append(f"beats {words.listed(won, 8)} {place}")
    if lost := groups.get("is beaten"):
        parts.append(f"is beaten by {words.listed(lost, 8)}{'' if won else f' {place}'}")
    if equal := groups.get(EQUIVALENT):
        parts.append(f"is equivalent to {words.listed(equal, 8)}{'' if won or lost else f' {place}'}")
    needed = phrases.told(own[own["result"].eq(UNDECIDED)], "other", "from" if len(own) > 1 else "")
    if parts:
        text = f"{name} " + " and ".join(parts)
    elif len(own) == 1:
        text = f"{name} and {own['other'].iloc[0]} cannot be told apart {place}"
    else:
        text = f"{name} cannot be told apart from any other contender {place}"
    return f"{text}; {needed}." if needed else f"{text}."


def _headlines(evidence: "Evidence") -> list[str]:
    claims, ranked = evidence.claims, evidence.ranked
    best = leader(claims, ranked, evidence.contenders)
    if best is None:
        return []
    confirmed = ranked[ranked["evidence"].eq(CONFIRMED)]
    if claims.empty:
        return _uncompared(evidence, confirmed)
    own = against(claims, best)
    problems = list(dict.fromkeys(claims["problem"]))
    if len(problems) == 1:
        return [*_several(evidence, problems[0]), on_one(claims, best, problems[0], evidence.where[problems[0]])] if len(own) else []
    swept: dict[int, list[str]] = {}
    lines = []
    for other in [name for name in evidence.contenders if name in set(own["other"])]:
        rows = own[own["other"].eq(other)]
        if rows["result"].eq("beats").all():
            swept.setdefault(len(rows), []).append(other)
        else:
            lines.append((-int(rows["result"].eq("beats").sum()), _over(best, other, rows)))
    clean = [f"{best} beats {words.listed(names, 8)} on each of {many} problems {CHOSEN}." for many, names in swept.items()]
    return clean + [line for _, line in sorted(lines, key=lambda line: line[0])]


def _several(evidence: "Evidence", problem: str) -> list[str]:
    """Return who shares the first place where some do and others were left behind."""
    found = evidence.best.get(problem)
    if found is None or len(found.members) < 2 or not found.dropped:
        return []
    behind = f"{words.listed(found.dropped, 8)} {'is' if len(found.dropped) == 1 else 'are'} behind"
    return [f"No single best on {problem}: take any of {words.listed(found.members, 8)}; {behind} (95 % confidence)."]


def _over(best: str, other: str, rows: pd.DataFrame) -> str:
    """Return how ``best`` fares against one other contender over several problems."""
    where = {result: [str(problem) for problem in rows.loc[rows["result"].eq(result), "problem"]] for result in rows["result"].unique()}
    total = words.plural(len(rows), "problem")
    if won := where.get("beats"):
        parts = [f"{best} beats {other} on {len(won)} of {total} {CHOSEN}"]
    elif UNDECIDED in where and len(where) == 1:
        parts = [f"{best} and {other} cannot be told apart on any of {total} {CHOSEN}"]
    else:
        parts = [f"{best} beats {other} on none of {total} {CHOSEN}"]
    if lost := where.get("is beaten"):
        parts.append(f"on {words.listed(lost)} {other} beats {best}")
    if equal := where.get(EQUIVALENT):
        parts.append(f"on {words.listed(equal)} they are equivalent")
    if needed := phrases.told(rows[rows["result"].eq(UNDECIDED)], "problem", "on"):
        parts.append(needed)
    return "; ".join(parts) + "."


def _uncompared(evidence: "Evidence", confirmed: pd.DataFrame) -> list[str]:
    names = list(dict.fromkeys(str(name) for name in confirmed["contender"]))
    if len(names) > 1:
        return [f"{words.listed(names)} share no problem on which both are confirmed, so nothing can be said between them."]
    lines = []
    for row in confirmed.to_dict("records"):
        quantity = evidence.where[str(row["problem"])].quantity
        replicates = words.plural(int(row["n"]), "fresh replicate")
        lines.append(
            f"{row['contender']} has a median {quantity} of {words.number(row['median'])} on {row['problem']} at the cell chosen "
            f"({replicates}); no other contender is confirmed there, so nothing is compared."
        )
    return lines


def _shortage(evidence: "Evidence") -> list[str]:
    """Return the sentence of a page that compares more than its replicates can decide, however clear the differences."""
    claims = evidence.claims
    if claims.empty or claims["outcome"].ne(UNDECIDED).any():
        return []
    least = compare.smallest_size(ALPHA / len(claims) / evidence.looks)
    have = int(claims["n"].max())
    if have >= least:
        return []
    comparisons = f"{words.plural(len(claims), 'comparison')} on this page need" if len(claims) > 1 else "a comparison needs"
    return [f"{words.plural(have, 'fresh replicate')} of each chosen cell cannot decide anything: {comparisons} at least {least}."]


def _family(evidence: "Evidence") -> list[str]:
    claims = evidence.claims
    if len(claims) < 2:
        return []
    told = {outcome: int(claims["outcome"].eq(outcome).sum()) for outcome in (BETTER, EQUIVALENT, UNDECIDED)}
    said = {BETTER: "decided who is better", EQUIVALENT: "found the two equivalent", UNDECIDED: "cannot tell yet"}
    parts = [f"{many} {said[outcome]}" for outcome, many in told.items() if many]
    reaches = {evidence.where[str(problem)].reach for problem in claims["problem"]}
    reach = " The split of each problem is fixed: claims hold for it." if len(evidence.problems) > 1 and "for this split" in reaches else ""
    return [f"Of {len(claims)} pairwise comparisons, corrected together, {words.listed(parts)}; all else is exploratory.{reach}"]


def _over_problems(evidence: "Evidence") -> list[str]:
    table = evidence.over_problems
    if table.empty:
        return []
    parts = [
        f"{row['contender']} {words.number(float(row['score']))} ({words.span(float(row['low']), float(row['high']))})"
        for row in table.head(4).to_dict("records")
    ]
    more = f" and {len(table) - 4} more" if len(table) > 4 else ""
    return [f"Exploratory score, {table['label'].iloc[0]}: {', '.join(parts)}{more}; 1 is the pinned reference, 0 a constant prediction."]


def _unconfirmed(evidence: "Evidence") -> list[str]:
    ranked = evidence.ranked
    confirmed = set(ranked.loc[ranked["evidence"].eq(CONFIRMED), "problem"])
    trained = list(dict.fromkeys(str(name) for name in ranked.loc[ranked["evidence"].ne(NO_CELL), "problem"] if name not in confirmed))
    if not trained:
        return [] if len(ranked) else ["No trial has finished yet."]
    where = "" if len(trained) == len(evidence.problems) else f" on {words.listed(trained)}"
    return [f"Nothing is confirmed{where}: the replicates that chose the cells flatter them, so nobody is called better (confirm = 10)."]


def _untrained(evidence: "Evidence") -> list[str]:
    by_problem: dict[str, list[str]] = {}
    for problem, contender in evidence.untrained:
        by_problem.setdefault(problem, []).append(contender)
    return [
        f"No cell of {words.listed(names, 8)} trained on {problem}: at least half of the replicates of each diverged or got stuck."
        for problem, names in by_problem.items()
    ]


def _diverged(evidence: "Evidence") -> list[str]:
    lost = evidence.ranked[evidence.ranked["evidence"].eq(CONFIRMED)]
    lines = []
    for column, what in (("share_diverged", "diverged"), ("share_stuck", "got stuck")):
        rows = lost[lost[column] > 0].to_dict("records")
        parts = [f"{round(row[column] * row['n'])} of {row['n']} of {row['contender']} on {row['problem']}" for row in rows]
        if parts:
            how = " and count as the worst" if column == "share_diverged" else ""
            lines.append(f"Fresh replicates that {what}{how}: {words.listed(parts)}.")
    return lines


def _edges(evidence: "Evidence") -> list[str]:
    names = {"lr": "learning rate", "l1": "L1", "l2": "L2", "batch_size": "batch size", "epochs_asked": "epochs"}
    parts = []
    for row in evidence.edges.to_dict("records"):
        axis = names.get(row["axis"], str(row["axis"]).removeprefix("hyper."))
        value = words.setting(float(row["value"])) if np.isfinite(row["value"]) else ""
        parts.append(f"{row['contender']} on {row['problem']} ({axis} {value}, {'lowest' if row['side'] == 'low' else 'highest'})")
    if not parts:
        return []
    return [f"Chosen at the edge of what was tried, so that a better cell may lie beyond: {words.listed(parts)}."]
