"""Many targets instead of one: how many a contender has hit within a budget, and how near it is to whoever is first.

Each problem with a pinned baseline and reference (``many.targets``) has ``metrics.anytime.targets`` between them. A problem counts for all
contenders or for nobody, and says why it does not. A contender of which no cell trained misses every target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from optlab.evidence import many, profiles
from optlab.evidence.metrics import anytime, performance_profile, running_time
from optlab.evidence.profiles import BUDGETS, SPENT
from optlab.evidence.select import KEY, WORST

ALL = "(all)"
"""Stands in the column ``problem`` for all that are counted together."""
ANYTIME = [*KEY, "budget", "runs", "n_problems", "n_targets", "hit_share", "area"]
ANYTIME_CURVE = ["contender", "budget", "spent", "share"]
PROFILE = [*KEY, "budget", "n_targets", "integral", "wins", "solved", "behind"]
PROFILE_CURVE = ["contender", "budget", "ratio", "share"]
COLUMNS = {"anytime": ANYTIME, "anytime_curve": ANYTIME_CURVE, "profile": PROFILE, "profile_curve": PROFILE_CURVE}

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reaching:
    """Frames of plain values; see ``reaching``."""

    anytime: pd.DataFrame
    anytime_curve: pd.DataFrame
    profile: pd.DataFrame
    profile_curve: pd.DataFrame
    left_out: Mapping[str, str]
    """Problem -> why it is not counted."""


def reaching(
    rows: pd.DataFrame,
    followed: pd.DataFrame,
    contenders: Sequence[str],
    untrained: Sequence[tuple[str, str]],
    pinned: Mapping[str, tuple[float, float]] | None = None,
) -> Reaching:
    """Return, for ``rank.replicates`` and their curves (``profiles.follow``), what each contender hits, and when.

    ``anytime``, per problem (``ALL`` together where there are several), contender and ``budget`` (``step``, ``seconds``, ``flops``): the
    share of (run, target) hit (``hit_share``), and the mean of that share over the budget (``area``). The budget ends where the first of
    all runs that did not diverge ended. ``anytime_curve``: the steps of that share over several problems, ``spent`` as a part of each
    problem's budget. ``profile``: against the best, from the medians over runs, a miss being infinite, as ``against_best`` in
    ``metrics.performance_profile`` says; ``profile_curve`` its steps over several problems.
    """
    known = many.targets() if pinned is None else pinned
    trained = followed[followed["epoch"] > 0]  # epoch 0 costs nothing: no ratio of costs is defined there
    having = {str(problem): set[str]() for problem in rows["problem"].unique()}
    for problem, contender in [*trained[KEY].drop_duplicates().itertuples(index=False, name=None), *untrained]:
        having.setdefault(str(problem), set()).add(str(contender))
    finished = rows[~rows["status"].isin(WORST)].groupby("problem", sort=False)[[SPENT[budget] for budget in BUDGETS]].min()
    ends = {str(problem): own for problem, own in finished.iterrows()}
    left_out = many.left_out(having, contenders, known)
    left_out |= {problem: "every run diverged" for problem in having if problem not in left_out and problem not in ends}
    used = [problem for problem in having if problem not in left_out]
    hits = _hits(trained, rows, contenders, {problem: anytime.targets(*known[problem]) for problem in used})
    scopes = {problem: [problem] for problem in used} | ({ALL: used} if len(used) > 1 else {})
    parts: dict[str, list[pd.DataFrame]] = {"anytime": [], "anytime_curve": [], "profile": [], "profile_curve": []}
    for place, budget in enumerate(BUDGETS):
        first = {key: found[:, :, place] for key, found in hits.items()}
        for name, scope in scopes.items():
            spent = {key: costs / float(ends[key[0]].iloc[place]) for key, costs in first.items() if key[0] in scope}
            for table, found in (_within(spent, contenders) | _against(first, scope, contenders)).items():
                if name == ALL or not table.endswith("_curve"):
                    parts[table].append(found.assign(problem=name, budget=budget))
    return Reaching(**{name: _table(found, COLUMNS[name]) for name, found in parts.items()}, left_out=left_out)


def _hits(trained: pd.DataFrame, rows: pd.DataFrame, contenders: Sequence[str], aims: Mapping[str, Array]) -> dict[tuple[str, str], Array]:
    """Return (problem, contender) -> (runs, targets, 3) costs of the first hits; who never trained misses as often as others run."""
    first = profiles.hits(trained, aims)
    digests = {(str(one), str(two)): own for (one, two), own in rows.groupby(KEY, sort=False)["digest"]}
    found = {}
    for problem, aim in aims.items():
        missed = np.full((len(aim), len(SPENT)), np.inf)
        most = max(len(own) for (where, _), own in digests.items() if where == problem)
        for name in contenders:
            runs = [first.get((problem, name, str(digest)), missed) for digest in digests.get((problem, name), ())] or [missed] * most
            found[problem, name] = np.stack(runs)[:, :, 1:]
    return found


def _within(spent: Mapping[tuple[str, str], Array], contenders: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return ``anytime`` and ``anytime_curve`` of first hits (runs, targets) in parts of each problem's budget."""
    rows, curves = [], []
    for name in contenders:
        own = [found for (_, contender), found in spent.items() if contender == name]
        steps = anytime.ecdf(np.concatenate([found.ravel() for found in own]), 1.0)
        share = float(steps.at(1.0))
        rows.append((name, sum(len(found) for found in own), len(own), sum(found.shape[1] for found in own), share, steps.area()))
        ends = np.concatenate([[0.0], steps.budget, [1.0]]), np.concatenate([[0.0], steps.share, [share]])
        curves.append(pd.DataFrame({"contender": name, "spent": ends[0], "share": ends[1]}))
    table = pd.DataFrame(rows, columns=["contender", "runs", "n_problems", "n_targets", "hit_share", "area"])
    return {"anytime": table, "anytime_curve": pd.concat(curves)}


def _against(first: Mapping[tuple[str, str], Array], scope: Sequence[str], contenders: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return ``profile`` and ``profile_curve`` of the medians of first hits; nothing of a single contender."""
    if len(contenders) < 2:
        return {}
    cost = pd.DataFrame({name: np.concatenate([running_time.median(first[problem, name]) for problem in scope]) for name in contenders})
    ratio = performance_profile.ratios(cost)
    curves = []
    for name in contenders:
        own = ratio[name].to_numpy()
        at = np.unique(np.concatenate([[1.0], own[own <= performance_profile.R_MAX], [performance_profile.R_MAX]]))
        curves.append(pd.DataFrame({"contender": name, "ratio": at, "share": performance_profile.profile(own, at)}))
    table = performance_profile.against_best(cost).rename(columns={"solver": "contender"}).assign(n_targets=len(cost))
    return {"profile": table, "profile_curve": pd.concat(curves)}


def _table(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[list(columns)] if parts else pd.DataFrame(columns=list(columns))
