"""Why does it train badly? The diagnoses of the chosen cells, as a picture layer by layer and as a table with the signs of trouble."""

from typing import Any

import pandas as pd

from optlab.evidence import Evidence, diagnoses, words
from optlab.evidence.diagnoses import DEAD, GRADIENT, SHARPNESS, UPDATE, ZERO
from optlab.evidence.rank import CONFIRMED
from optlab.report.lines import shared
from optlab.report.panels import Panel, Panels, Series
from optlab.report.tables import colour

TITLES = {
    GRADIENT: "gradient norm of each layer",
    UPDATE: "last update over the weights",
    DEAD: "dead units of each hidden layer",
    ZERO: "weights that are exactly 0",
}
SHARES = (DEAD, ZERO)


def pictured(evidence: Evidence, problem: str) -> Panels:
    """Return a panel for each quantity that says something: shares that are 0 everywhere need no picture. None without diagnoses."""
    own = evidence.diagnoses[evidence.diagnoses["problem"].eq(problem)]
    made = []
    for quantity, title in TITLES.items():
        table = own[own["quantity"].eq(quantity)]
        if len(table) and (quantity not in SHARES or table["high"].gt(0).any()):
            series = tuple(_series(name, table[table["contender"].eq(name)]) for name in evidence.contenders)
            there = tuple(one for one in series if len(one.x))
            made.append(Panel(title, "layer, from the input", there, log_y=quantity not in SHARES, percent=quantity in SHARES, whole=True))
    runs = f"{words.plural(int(own['n'].max()), _runs(own))}" if len(own) else ""
    note = " · ".join([*shared(evidence, problem), f"at the end of the run, median of {runs}", "bar: lowest to highest"])
    return Panels(f"Diagnoses of the chosen cells: {problem}", note, tuple(made))


def rows(evidence: Evidence, problem: str) -> list[dict[str, Any]]:
    """Return the table of a problem as text, a row per contender: numbers of the first and the last layer, shares, sharpness, signs."""
    own = evidence.diagnoses[evidence.diagnoses["problem"].eq(problem)]
    made = []
    for place, name in enumerate(evidence.contenders):
        table = own[own["contender"].eq(name)]
        if len(table):
            look: dict[str, Any] = {"contender": name, "colour": colour(evidence, name), "place": place}
            said = diagnoses.signs(table)
            cells = {quantity: _ends(table, quantity) for quantity in (GRADIENT, UPDATE)}
            cells |= {quantity: _most(table, quantity) for quantity in SHARES} | {SHARPNESS: _ends(table, SHARPNESS)}
            made.append({**look, "cells": cells, "signs": said})
    return made


def _series(name: str, table: pd.DataFrame) -> Series:
    x, y, low, high = (table[key].to_numpy(dtype="float64") for key in ("layer", "median", "low", "high"))
    return Series(name, x, y, low, high, joined=True)


def _runs(own: pd.DataFrame) -> str:
    return "fresh replicate" if own["evidence"].eq(CONFIRMED).all() else "tuning replicate"


def _ends(table: pd.DataFrame, quantity: str) -> str:
    """Return the medians of the first and the last layer, one where there is one."""
    values = table.loc[table["quantity"].eq(quantity), "median"].astype("float64").tolist()
    texts = [words.setting(value) for value in (values[:1] + values[-1:] if len(values) > 1 else values)]
    return " → ".join(texts)


def _most(table: pd.DataFrame, quantity: str) -> str:
    """Return the largest share among the layers."""
    values = table.loc[table["quantity"].eq(quantity), "median"].astype("float64")
    return diagnoses.percent(float(values.max())) if len(values) else ""
