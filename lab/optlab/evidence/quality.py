"""Did quality change between two runs of a study? Each contender against itself, replicate by replicate, at the cell that each run chose.

The tests are those of the claims between contenders (``claims.decisions``): corrected over all contenders and problems, equivalent
where the change is certainly below the smallest difference that matters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optlab.errors import OptlabError
from optlab.evidence import claims, compare, pairs, phrases, rank, select, words
from optlab.evidence.compare import Design

SAME, BETTER, WORSE, EQUIVALENT, UNDECIDED = "same numbers", "better", "worse", "equivalent", "no change beyond noise"
CHANGED = (BETTER, WORSE)
NOW, BEFORE = "now", "before"


@dataclass(frozen=True)
class Change:
    """What became of one contender on one problem. ``before``, ``now``: medians; ``p``: corrected over all changes."""

    problem: str
    contender: str
    n: int
    before: float
    now: float
    p: float
    outcome: str
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """All changes, in the order of the study. ``alone``: (problem, contender) that only one of the two runs confirmed."""

    changes: tuple[Change, ...]
    alone: tuple[tuple[str, str], ...]

    @property
    def changed(self) -> tuple[Change, ...]:
        """Those beyond noise: what got worse first, the most certain first."""
        found = [one for one in self.changes if one.outcome in CHANGED]
        return tuple(sorted(found, key=lambda one: (one.outcome != WORSE, one.p)))

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.changed:
            rest = len(self.changed) - 1
            others = f" ({words.plural(rest, 'more change')} beyond noise)" if rest else ""
            return f"Quality changed: {self.changed[0].sentence}{others}."
        same = sum(one.outcome == SAME for one in self.changes)
        if same == len(self.changes):
            return f"Quality did not change: the same numbers in each of {words.plural(same, 'comparison')}."
        return f"Quality did not change beyond noise in {words.plural(len(self.changes), 'comparison')} ({same} with the same numbers)."


def between(
    before: pd.DataFrame,
    now: pd.DataFrame,
    smallest_difference: float | None = None,
    designs: Mapping[str, Design] | None = None,
    select_by: str = "median",
) -> Comparison:
    """Return what changed from one frame of outcomes to another, from the confirmation replicates that both have.

    ``designs``: per problem, how its replicates came about (one split for all where it is not named).

    Raises:
        OptlabError: the runs share no confirmed contender, or so few replicates that no change could be seen.
    """
    old, new = _runs(before, select_by), _runs(now, select_by)
    shared = {key: {NOW: new[key], BEFORE: old[key]} for key in new if key in old}
    alone = tuple(dict.fromkeys(key for key in (*new, *old) if key not in shared))
    if not shared:
        raise OptlabError("the two runs share no contender with confirmation replicates; run the study with confirm = 10 in both")
    design = {key: (designs or {}).get(key[0], Design()) for key in shared}
    runs = {_label(key): series for key, series in shared.items()}
    decided = claims.decisions(runs, {_label(key): design[key] for key in shared}, smallest_difference or None)
    differ = [one for one in decided if not np.array_equal(one.pair.x, one.pair.y)]
    most = max((len(one.pair.d) for one in decided), default=0)
    least = max(compare.smallest_size(claims.ALPHA / len(decided) / design[key].tests) for key in shared)
    if differ and most < least:
        raise OptlabError(
            f"with {words.plural(most, 'shared confirmation replicate')} and {words.plural(len(decided), 'comparison')} no change could be "
            f"seen, however large; it takes {least} (confirm = {least}) or fewer contenders"
        )
    metrics = {str(problem): str(name) for problem, name in now.groupby("problem", sort=False)["metric"].first().items()}
    on = rank.claimed_on(now)
    found = []
    for key, one in zip(shared, decided, strict=True):
        quantity = f"{on[key[0]]} {words.METRICS.get(metrics[key[0]], 'metric')}"
        found.append(_change(key, one, quantity, len(decided)))
    return Comparison(tuple(found), alone)


def _runs(frame: pd.DataFrame, select_by: str) -> "dict[tuple[str, str], pd.Series[float]]":
    if not len(frame):
        return {}
    chosen = select.choose_from(select.cells(frame, select_by))
    order: Sequence[str] = [str(name) for name in frame["contender"].unique()]
    found = pairs.confirmed(rank.replicates(frame, chosen), tuple(order))
    return {(problem, contender): values for problem, runs in found.items() for contender, values in runs.items()}


def _label(key: tuple[str, str]) -> str:
    return "\0".join(key)


def _change(key: tuple[str, str], decision: claims.Decision, quantity: str, family: int) -> Change:
    (problem, contender), pair = key, decision.pair
    now, before = (pair.x, pair.y) if pair.a == NOW else (pair.y, pair.x)
    was, is_now = (float(np.median(values)) if len(values) else float("nan") for values in (before, now))
    ahead = BETTER if pair.a == NOW else WORSE
    outcome = {claims.BETTER: ahead, claims.EQUIVALENT: EQUIVALENT, claims.UNDECIDED: UNDECIDED}[decision.outcome]
    if len(now) and np.array_equal(now, before):
        outcome = SAME
    replicates = words.plural(len(now), "paired replicate")
    change = f"{quantity} {words.number(is_now, 4)}, before {words.number(was, 4)} (medians of {replicates}"
    corrected = f", corrected for {words.plural(family, 'comparison')}" if family > 1 else ""
    certain = f"; {phrases.probability(decision.p_equivalent if outcome == EQUIVALENT else decision.p_holm)}{corrected})"
    said = {
        SAME: f"{contender} on {problem} gave the same {quantity} in each of {replicates}",
        BETTER: f"{contender} on {problem} got better: {change}{certain}",
        WORSE: f"{contender} on {problem} got worse: {change}{certain}",
        EQUIVALENT: f"{contender} on {problem} changed by less than matters: {change}{certain}",
        UNDECIDED: f"{contender} on {problem} did not change beyond noise: {change}{certain}",
    }
    return Change(problem, contender, len(now), was, is_now, decision.p_holm, outcome, said[outcome])
