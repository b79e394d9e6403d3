"""The sentence of one pairwise claim: who, where, by how much, how certain, and where it is not certain what it would take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import words
from optlab.evidence.power import MOST
from optlab.evidence.signflip import Array as Vector


@dataclass(frozen=True)
class Where:
    """What a claim on one problem reads and how far it reaches."""

    quantity: str
    """Such as ``test accuracy``."""
    reach: str
    """``for this split``, ``on these splits`` or ``on new splits``."""


@dataclass(frozen=True)
class Facts:
    """What the sentence of a claim needs beside its row: the paired values, size of the family, margin and p-value of equivalence."""

    x: Vector
    y: Vector
    family: int
    within: float | None
    p_equivalent: float


def claim(row: Mapping[str, Any], facts: Facts, where: Where) -> str:
    """Return the sentence of a row of ``claims``."""
    a, b, on = row["a"], row["b"], f"on {row['problem']} at the cells chosen, {where.reach}"
    n, replicates = int(row["n"]), words.plural(int(row["n"]), "paired replicate")
    if n == 0:
        return f"{a} and {b} share no replicate on {row['problem']}, so nothing can be said about them."
    if not (np.isfinite(facts.x).any() or np.isfinite(facts.y).any()):
        return f"Every run of {a} and of {b} diverged {on} ({replicates}): they are equally bad."
    comparisons = words.plural(facts.family, "comparison")
    if row["outcome"] == "better":
        won = int((facts.x > facts.y).sum())
        text = f"{a} beats {b} {on}: higher {where.quantity} in {won} of {replicates}{_difference(row)}; {probability(row['p_holm'])}"
        text += f" (corrected, {comparisons})." if facts.family > 1 else "."
        lost = int((~np.isfinite(facts.y)).sum())
        text += f" {b} diverged in {lost} of {n}, which counts as worst." if lost else ""
        behind = np.median(facts.x) < np.median(facts.y)
        return text + (f" The median of {a} alone is the lower one: {b} has the bad runs." if behind else "")
    if row["outcome"] == "equivalent":
        margin = words.setting(float(facts.within or 0.0))
        return f"{a} and {b} are equivalent within {margin} {on} ({replicates}{_difference(row)}; {probability(facts.p_equivalent)})."
    if (facts.x == facts.y).all():
        return f"{a} and {b} gave the same {where.quantity} {on} in {'each of ' * (n > 1)}{replicates}."
    more = amount(float(row["more_low"]), float(row["more_high"])) + (" replicate" if row["more_high"] == 1 else " replicates")
    return f"{a} and {b} cannot be told apart {on} ({replicates}{_difference(row)}; {probability(row['p_holm'])}): you need {more} to tell."


def told(undecided: pd.DataFrame, column: str, what: str, most: int = 3) -> str:
    """Return ``you need 2 to 8 more replicates to tell it from gd, and 9 to 14 more from adam``, fewest replicates first.

    The undecided claims of ``undecided`` are grouped by what they need and named by ``column``; ``what`` is the preposition, ``from``
    contenders or ``on`` problems; without one nobody is named. Beyond ``most`` groups the last ones are put together.
    """
    found: dict[tuple[float, float], list[str]] = {}
    for row in undecided.sort_values(["more_high", "more_low"], kind="stable").to_dict("records"):
        found.setdefault((float(row["more_low"]), float(row["more_high"])), []).append(str(row[column]))
    parts = []
    for place, (ends, names) in enumerate(found.items()):
        if place == most - 1 and len(found) > most:
            rest = [name for other in list(found.values())[place:] for name in other]
            parts.append(f"more than that {what} {words.listed(rest)}")
            break
        noun = "" if place else " replicate to tell" if ends == (1.0, 1.0) else " replicates to tell"
        named = f" {'it ' * (what == 'from' and not place)}{what} {words.listed(names)}" if what else ""
        parts.append(f"{amount(*ends)}{noun}{named}")
    return f"you need {', '.join(parts)}" if parts else ""


def amount(low: float, high: float) -> str:
    """Return a range of further replicates: ``9 to 14 more``, ``at least 9 more``, ``more than 1,000 more``."""
    if math.isinf(low):
        return f"more than {MOST:,} more"
    if math.isinf(high):
        return f"at least {int(low):,} more"
    return f"{int(low):,} to {int(high):,} more" if low < high else f"{int(low):,} more"


def probability(p: float) -> str:
    """Return a p-value with two significant digits, never 0."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def _difference(row: Mapping[str, Any]) -> str:
    value, low, high = (float(row[name]) for name in ("difference", "low", "high"))
    if not math.isfinite(value):
        return ""
    text = f", median difference {words.number(value, 4)}"
    label = str(row["interval"]).split(" of ")[0]  # "95 % interval", without the method
    return f"{text} ({label} {words.number(low, 4)} to {words.number(high, 4)})" if np.isfinite([low, high]).all() else text
