"""What the page says about pairs of contenders: the rows of the table of claims, and the set that cannot be told from the best."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from optlab.evidence import Evidence, edges, verdict, words
from optlab.report.labels import AXIS, short
from optlab.report.tables import colour

FEW = 15
"""Up to so many pairs stand in one table; of more, those with the contender the verdict names first, the others on request."""


def rows(evidence: Evidence, problem: str, smallest: float | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the pairs of a problem as text: those shown at once, and the others.

    ``strip`` is the interval of the difference in percent of one scale for the whole problem, zero in the middle: low, estimate, high.
    ``smallest``: the smallest difference that matters, drawn as a band around zero.
    """
    table = evidence.claims
    table = table[table["problem"].eq(problem)]
    ends = table[["difference", "low", "high"]].to_numpy(dtype="float64")
    reach = float(np.abs(ends[np.isfinite(ends)]).max(initial=max(smallest or 0.0, 1e-12))) * 1.05
    ranked = [str(name) for name in evidence.ranked.loc[evidence.ranked["problem"].eq(problem), "contender"]]
    made = [_row(evidence, row, reach, smallest) for row in table.to_dict("records")]
    made.sort(key=lambda row: sorted((ranked.index(row["a"]), ranked.index(row["b"]))))
    if len(made) <= FEW:
        return made, []
    leader = verdict.leader(evidence.claims, evidence.ranked, evidence.contenders)
    leader = leader if leader in ranked else ranked[0]  # the one of whom the verdict's first sentence speaks, where it ran here
    first = [row for row in made if leader in (row["a"], row["b"])]
    return first, [row for row in made if leader not in (row["a"], row["b"])]


def _row(evidence: Evidence, row: Mapping[Any, Any], reach: float, smallest: float | None) -> dict[str, Any]:
    number = {
        name: float(row[name])
        for name in ("difference", "low", "high", "p", "p_holm", "p_equivalent", "improvement", "effect", "correlation")
    }
    shown = number["p_equivalent" if str(row["outcome"]) == "equivalent" else "p_holm"]
    known = all(math.isfinite(number[name]) for name in ("difference", "low", "high"))
    band = 50 * min(1.0, (smallest or 0.0) / reach)
    return {
        "a": str(row["a"]),
        "b": str(row["b"]),
        "colours": (colour(evidence, str(row["a"])), colour(evidence, str(row["b"]))),
        "places": (evidence.contenders.index(str(row["a"])), evidence.contenders.index(str(row["b"]))),
        "outcome": str(row["outcome"]),
        "said": {"better": f"{row['a']} is better", "equivalent": "equivalent"}.get(str(row["outcome"]), "cannot tell"),
        "more": more(float(row["more_low"]), float(row["more_high"])),
        "difference": signed(number["difference"]),
        "interval": between(number["low"], number["high"]),
        "label": str(row["interval"]),
        "p": chance(number["p"]),
        "p_shown": chance(shown),
        "improvement": "" if math.isnan(number["improvement"]) else f"{number['improvement']:.0%}".replace("%", " %"),
        "effect": signed(number["effect"], 1),
        "correlation": signed(number["correlation"], 2),
        "n": int(row["n"]),
        "sentence": str(row["sentence"]),
        "sort": {name: value for name, value in (number | {"p_shown": shown}).items() if math.isfinite(value)},
        "strip": [round(50 + 50 * number[name] / reach, 2) for name in ("low", "difference", "high")] if known else None,
        "band": (round(50 - band, 2), round(50 - band, 2)) if smallest else None,
    }


def best(evidence: Evidence, problem: str) -> dict[str, Any] | None:
    """Return the set not distinguishable from the best on a problem as ``members`` and ``sentence``, None where there is no such claim."""
    one = evidence.best.get(problem)
    if one is None:
        return None
    members = [{"name": name, "colour": colour(evidence, name)} for name in one.members]
    return {"members": members, "dropped": list(one.dropped), "sentence": one.sentence}


def over_problems(evidence: Evidence) -> list[dict[str, str]]:
    """Return the rows of the table over all problems as text, highest score first."""
    table = evidence.over_problems
    made = []
    for row in table.sort_values("score", ascending=False, kind="stable").to_dict("records"):
        name = str(row["contender"])
        look: dict[str, Any] = {"contender": name, "colour": colour(evidence, name), "place": evidence.contenders.index(name)}
        score, low, high = (float(row[key]) for key in ("score", "low", "high"))
        texts = {"score": words.number(score), "interval": words.span(low, high), "label": str(row["label"])}
        made.append({**look, **texts, "count": str(int(row["n_problems"]))})
    return made


def floor(evidence: Evidence, problem: str) -> str:
    """Return what the replicates of a problem can show at best, as a sentence; empty where that is far from the limit."""
    table = evidence.claims
    most = int(table.loc[table["problem"].eq(problem), "n"].max()) if table["problem"].eq(problem).any() else 0
    least = 2 / 2**most * len(table) * evidence.looks
    if least < 0.005 or least > 0.05:
        return ""
    sizes = f"With {words.plural(most, 'replicate')} and {words.plural(len(table), 'pair')}"
    return f"{sizes} the p of a difference is at least {chance(least)}: only a lead in nearly all replicates can be told from chance."


def inside(evidence: Evidence, problem: str) -> str:
    """Return that no chosen cell of a problem lies at an edge, as a sentence; empty where one does, or where no axis has an inside."""
    cells = evidence.cells[evidence.cells["problem"].eq(problem)]
    chosen = [name for where, name in evidence.chosen.index if where == problem]
    axes = dict.fromkeys(axis for name in chosen for axis in edges.bounded(cells[cells["contender"].eq(name)]))
    if not axes or evidence.edges["problem"].eq(problem).any():
        return ""
    named = words.listed([AXIS.get(name, short(name)) for name in axes], 8)
    rows = evidence.chosen.loc[[problem]]
    free = any((rows[name] == 0).any() for name in ("l1", "l2") if name in axes)
    return f"No chosen cell lies at an edge of what was tried ({named}){'; below a penalty of 0 there is nothing' if free else ''}."


def pairing(evidence: Evidence, problem: str) -> str:
    """Return how far the replicates of a problem's pairs go together, as a sentence; empty where no pair shows it."""
    table = evidence.claims
    found = np.sort(table.loc[table["problem"].eq(problem), "correlation"].dropna().to_numpy(dtype="float64"))
    if not len(found):
        return ""
    ends = f" ({between(found[0], found[-1])})" if len(found) > 1 else ""
    return f"Correlation of the paired replicates: {signed(float(np.median(found)), 2)}{ends}; the higher, the more pairing gains."


def labels(evidence: Evidence, problem: str) -> str:
    """Return how the intervals of a problem's claims were made, once: ``95 % paired t interval``."""
    table = evidence.claims
    names = table.loc[table["problem"].eq(problem), "interval"].dropna().astype(str).unique()
    return "; ".join(name for name in names if name)


def more(low: float, high: float) -> str:
    """Return how many more replicates it would take: ``9 to 14 more``, ``more than 1,000 more``, empty where that is no question."""
    if math.isnan(low):
        return ""
    if math.isinf(low):
        return "more than can be said"
    if math.isinf(high) or math.isnan(high):
        return f"at least {low:,.0f} more"
    return f"{low:,.0f} more" if low == high else f"{low:,.0f} to {high:,.0f} more"


def signed(value: float, digits: int = 3) -> str:
    """Return a difference with its sign; an en dash for NaN, ``one diverged`` where a median is infinite."""
    if math.isnan(value):
        return "\N{EN DASH}"
    if math.isinf(value):
        return "∞" if value > 0 else "\N{MINUS SIGN}∞"
    text = f"{abs(value):.{digits}f}" if abs(value) < 1e4 else f"{abs(value):.2e}"
    return text if float(text) == 0 else f"{'+' if value > 0 else chr(0x2212)}{text}"


def between(low: float, high: float) -> str:
    """Return an interval of differences: ``-0.004 to +0.012``, with a real minus sign."""
    return "" if math.isnan(low) or math.isnan(high) else f"{signed(low)} to {signed(high)}"


def chance(p: float) -> str:
    """Return a p value as one prints it: three decimals, ``< 0.001`` below; an en dash for NaN."""
    return "\N{EN DASH}" if math.isnan(p) else "< 0.001" if p < 0.0005 else f"{p:.3f}"
