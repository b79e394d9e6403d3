"""The set not distinguishable from the best: it holds the true best with a probability of at least 95 %.

Of K candidates, i is left out if some j beats it in a one-sided paired sign-flip test at 0.05 / (K - 1). The true best is beaten by each of
the K - 1 others with a chance of at most 0.05 / (K - 1), so it is left out with at most 0.05. The set makes no claim between its members
or that its only member beats one certain other: those are the pairwise claims (``claims``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optlab.evidence import compare, pairs, select, signflip, words
from optlab.evidence.compare import Design
from optlab.evidence.pairs import Runs

ALPHA = 0.05


@dataclass(frozen=True)
class BestSet:
    """The contenders that may be the best on one problem; ``members`` is empty where n replicates are fewer than ``needed``."""

    members: tuple[str, ...]
    dropped: tuple[str, ...]
    n: int
    """Replicates that every pair of candidates shares."""
    needed: int
    sentence: str


def undropped(runs: Mapping[str, "pd.Series[float]"], design: Design, first: str | None = None) -> tuple[list[str], int, int]:
    """Return (the candidates that no other one beats, the replicates that every pair shares, those that the test needs).

    ``first`` names the candidate most likely to beat others, which saves tests. With too few replicates nobody is left out.
    """
    names = list(runs)
    needed = signflip.needed(len(names), ALPHA / design.tests) if len(names) > 1 else 1
    n = min((len(runs[a].index.intersection(runs[b].index)) for a in names for b in names), default=0)
    if n < needed:
        return names, n, needed
    level = ALPHA / max(1, len(names) - 1)
    rivals = sorted(names, key=lambda name: (name != first, -float(runs[name].median())))
    kept = [i for i in names if not any(_beats(runs[j], runs[i], design, level) for j in rivals if j != i)]
    return kept, n, needed


def _beats(j: "pd.Series[float]", i: "pd.Series[float]", design: Design, level: float) -> bool:
    d = signflip.differences(*pairs.together(j, i))
    return bool((d > 0).any()) and compare.one_sided(d, design) <= level


def best(runs: Runs, designs: Mapping[str, Design]) -> dict[str, BestSet]:
    """Return the set per problem, from the confirmation replicates of the contenders at their chosen cells."""
    return {problem: _of_problem(problem, own, designs[problem]) for problem, own in runs.items()}


def _of_problem(problem: str, runs: Mapping[str, "pd.Series[float]"], design: Design) -> BestSet:
    names = list(runs)
    finite = [name for name in names if np.isfinite(runs[name]).any()]
    kept, n, needed = undropped(runs, design)
    if not finite:
        return BestSet((), (), n, needed, f"Every fresh replicate of every contender diverged on {problem}: there is no best.")
    if len(names) == 1:
        sentence = f"{names[0]} is the only contender confirmed on {problem}; there is none to compare it with."
        return BestSet((names[0],), (), n, needed, sentence)
    if n < needed:
        have, want = words.plural(n, "fresh replicate"), words.plural(needed, "replicate")
        return BestSet((), (), n, needed, f"Who may be best on {problem} cannot be told from {have}: {len(names)} contenders need {want}.")
    members = tuple(name for name in kept if name in finite)
    dropped = tuple(name for name in names if name not in members)
    if not dropped:
        sentence = f"No contender can be left out as the best on {problem}, at the cells chosen."
    else:
        sentence = f"The set that holds the best on {problem}, at the cells chosen, with 95 % confidence: {words.listed(members, 8)}; "
        sentence += f"left out: {words.listed(dropped, 8)}."
    return BestSet(members, dropped, n, needed, sentence)


def best_cells(frame: pd.DataFrame, cells: pd.DataFrame, chosen: pd.DataFrame, designs: Mapping[str, Design]) -> pd.DataFrame:
    """Return the cells of each contender not distinguishable from its chosen one: columns problem, contender, cell; chosen ones first.

    On the tuning replicates that chose, by the same rule over all cells of the contender; with fewer replicates than that needs, the
    chosen cell alone. Cells of which half of the replicates diverged or got stuck are never among them.
    """
    rows = []
    for (problem, contender), best_cell in zip(chosen.index, chosen["cell"], strict=True):
        rows.append((problem, contender, best_cell))
        own = cells[cells["problem"].eq(problem) & cells["contender"].eq(contender)]
        design = replace(designs[str(problem)], looks=())  # tuning replicates are looked at once
        if len(own) < 2 or own["n"].min() < signflip.needed(len(own), ALPHA):
            continue
        kept, n, needed = undropped(pairs.tuned(frame, own), design, first=str(best_cell))
        able = set(own.loc[own["eligible"].astype(bool), "cell"])
        rows += [(problem, contender, cell) for cell in kept if n >= needed and cell in able and cell != best_cell]
    return pd.DataFrame(rows, columns=[*select.KEY, "cell"])
