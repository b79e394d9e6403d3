"""The section "Exploratory": numbers that no test stands behind, for whoever opens it. Nothing in it is a claim.

Per problem: what the grid loses, what a smaller search would have reached, train against test, the scores of a classifier, many targets.
Over several problems: shares of targets hit, and the profile against the best.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import Evidence, words
from optlab.evidence.exploratory import TRIED
from optlab.evidence.metrics.performance_profile import R_MAX
from optlab.evidence.reaching import ALL
from optlab.report.lines import BUDGETS, Line, Lines, shared
from optlab.report.tables import colour

Column = tuple[str, "Callable[[pd.Series[Any]], tuple[float, str]]"]
Drawn = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]


def section(evidence: Evidence, drawn: Drawn) -> dict[str, Any] | None:
    """Return what the section shows, None where there is nothing; ``drawn``: the figures of (problem, kind) as the page has them."""
    problems = []
    for place, problem in enumerate(evidence.problems):
        grid = _table(evidence, [(evidence.shares, problem, _grid()), *_searched(evidence, problem)])
        chosen = _table(evidence, [*_at_the_chosen(evidence, problem), *_targets(evidence, problem)])
        if grid["rows"] or chosen["rows"]:
            figures = drawn.get((problem, "tunability"), ())
            problems.append({"name": problem, "place": place, "grid": grid, "chosen": chosen, "figures": figures})
    together = [_together(evidence, drawn, budget) for budget in BUDGETS]
    left_out = [f"{problem} ({why})" for problem, why in evidence.left_out.items()]
    return {
        "problems": problems,
        "together": [one for one in together if one["figures"]],
        "left_out": words.listed(left_out, 12),
        "classes": bool(len(evidence.classification)),
        "targets": bool(len(evidence.anytime)),
        "r_max": f"{R_MAX:g}",
    } if problems else None  # fmt: skip


def _together(evidence: Evidence, drawn: Drawn, budget: str) -> dict[str, Any]:
    """Return the figures and the table of all problems together, in one budget."""
    figures = [one for kind in ("anytime", "profile") for one in drawn.get((ALL, kind), ()) if one["budget"] == budget]
    return {"label": BUDGETS[budget], "figures": figures, "table": _table(evidence, _targets(evidence, ALL, budget))}


def tunability(evidence: Evidence, problem: str) -> Lines:
    """Return what a random search over some of the cells reaches, by the number of cells tried; no lines where there is one cell each."""
    table = evidence.tunability[evidence.tunability["problem"].eq(problem)]
    lines = []
    for name in evidence.contenders:
        own = table[table["contender"].eq(name)]
        if len(own) > 1:
            reached = own["median"].to_numpy(dtype="float64")
            lines.append(Line(name, own["budget"].to_numpy(dtype="float64"), reached, reached, reached))
    data = str(table["data"].iloc[0]) if len(table) else "test"
    metric = words.METRICS.get(evidence.metric.get(problem, ""), "metric")
    note = " · ".join([*shared(evidence, problem), "half of all draws of so many cells keep one that reaches this, or more"])
    return Lines(f"Tunability: {problem}", note, "cells tried, drawn at random", f"{data} {metric}", tuple(lines))


def anytime(evidence: Evidence, budget: str) -> Lines:
    """Return the share of (run, problem, target) hit, by the part of each problem's budget that is spent; no lines for one problem."""
    table = evidence.anytime_curve[evidence.anytime_curve["budget"].eq(budget)]
    count = evidence.anytime.loc[evidence.anytime["problem"].eq(ALL), "n_problems"]
    problems = words.plural(int(count.max()) if len(count) else 0, "problem")
    note = f"{problems}, ten targets each, from a constant prediction to the pinned reference"
    x = f"{BUDGETS[budget]}, in parts of each problem's budget"
    return Lines("Targets hit within the budget", note, x, "share of targets hit", _stepped(evidence, table, "spent"), stepped=True)


def profile(evidence: Evidence, budget: str) -> Lines:
    """Return the performance profiles in a budget; no lines for one problem."""
    table = evidence.profile_curve[evidence.profile_curve["budget"].eq(budget)]
    note = (
        f"share of (problem, target) reached for at most that many times the {BUDGETS[budget]} of the fastest; it speaks of the best alone"
    )
    x = f"{BUDGETS[budget]}, in multiples of the fastest"
    return Lines("Performance profile", note, x, "share of targets", _stepped(evidence, table, "ratio"), stepped=True)


def _stepped(evidence: Evidence, table: pd.DataFrame, x: str) -> tuple[Line, ...]:
    lines = []
    for name in evidence.contenders:
        own = table[table["contender"].eq(name)]
        if len(own):
            share = own["share"].to_numpy(dtype="float64")
            lines.append(Line(name, own[x].to_numpy(dtype="float64"), share, share, share))
    return tuple(lines)


def _grid() -> list[Column]:
    return [(name, _percent(f"{name}_cells")) for name in ("diverged", "stuck")]


def _searched(evidence: Evidence, problem: str) -> list[tuple[pd.DataFrame, str, list[Column]]]:
    table = evidence.tunability
    most = table.loc[table["problem"].eq(problem), "budget"].max() if len(table) else 0
    tries = (*(one for one in TRIED if one < most), most)
    return [
        (table[table["budget"].eq(tried)], problem, [(f"{'best ' if tried == 1 else ''}of {tried}", _number("median"))]) for tried in tries
    ]


def _at_the_chosen(evidence: Evidence, problem: str) -> list[tuple[pd.DataFrame, str, list[Column]]]:
    scores: list[Column] = [(name, _number(column)) for name, column in _scores(evidence, problem)]
    gap: list[Column] = [("train \N{MINUS SIGN} test", _gap)]
    own: list[Column] = [("steps per hit", _cost("expected_step"))]
    return [(evidence.generalisation, problem, gap), (evidence.classification, problem, scores), (evidence.targets, problem, own)]


def _scores(evidence: Evidence, problem: str) -> list[tuple[str, str]]:
    table = evidence.classification[evidence.classification["problem"].eq(problem)]
    named = [("precision", "precision"), ("recall", "recall"), ("F1", "f1"), ("ROC-AUC", "roc_auc")]
    return [(name, column) for name, column in named if table[column].notna().any()]


def _targets(evidence: Evidence, problem: str, budget: str = "step") -> list[tuple[pd.DataFrame, str, list[Column]]]:
    reached: list[Column] = [("targets hit", _percent("hit_share")), ("area", _number("area"))]
    against: list[Column] = [("profile", _number("integral")), ("first at", _percent("wins"))]
    return [
        (evidence.anytime[evidence.anytime["budget"].eq(budget)], problem, reached),
        (evidence.profile[evidence.profile["budget"].eq(budget)], problem, against),
    ]


def _table(evidence: Evidence, parts: Sequence[tuple[pd.DataFrame, str, list[Column]]]) -> dict[str, Any]:
    """Return headings and one row per contender that any of ``parts`` (frame, problem, columns) speaks of; frames of no row leave none."""
    headings: list[str] = []
    cells: dict[str, dict[str, tuple[float, str]]] = {}
    for frame, problem, columns in parts:
        own = frame[frame["problem"].eq(problem)]
        headings += [name for name, _ in columns] if len(own) else []
        for _, row in own.iterrows():
            cells.setdefault(str(row["contender"]), {}).update({name: show(row) for name, show in columns})
    rows = [
        {
            "contender": name,
            "colour": colour(evidence, name),
            "place": place,
            "cells": [(_sortable(value), text) for value, text in (cells[name].get(one, (math.nan, "")) for one in headings)],
        }
        for place, name in enumerate(evidence.contenders)
        if name in cells
    ]
    return {"headings": headings, "rows": rows}


def _sortable(value: float) -> float | None:
    """Return a number that a page can sort by: a large one for infinity, none for NaN."""
    return None if math.isnan(value) else float(np.clip(value, -1e300, 1e300))


def _number(column: str) -> "Callable[[pd.Series[Any]], tuple[float, str]]":
    return lambda row: (float(row[column]), words.number(float(row[column])))


def _percent(column: str) -> "Callable[[pd.Series[Any]], tuple[float, str]]":
    return lambda row: (float(row[column]), f"{100 * float(row[column]):.0f} %")


def _cost(column: str) -> "Callable[[pd.Series[Any]], tuple[float, str]]":
    return lambda row: (float(row[column]), words.count(float(row[column])))


def _gap(row: "pd.Series[Any]") -> tuple[float, str]:
    value = float(row["median"])
    return value, words.number(value).replace("-", "\N{MINUS SIGN}")
