"""From trials to cells, and from cells to the one cell per contender that the tuning replicates choose.

A *cell* is everything that determines a trial but its replicate: learning rate, penalties, hyper-parameters, network. Cells are chosen on
the validation set with the tuning replicates alone; what they are worth is for the confirmation replicates to say (``rank``).
A replicate that diverged or failed counts as the worst possible value. It is never dropped: dropping it would reward the cells that lose
runs.

The frame has one row per trial with the columns ``problem, contender, cell, phase, replicate, status``, the settings named in
``SETTINGS`` or starting with ``hyper.``, and ``{train,validation,test}_{cost,metric}`` (NaN where there is no such data). Metrics are
accuracy or R2: larger is better.
"""

from typing import Any

import numpy as np
import pandas as pd

KEY = ["problem", "contender"]
SETTINGS = (
    "lr",
    "l2",
    "l1",
    "layers",
    "activation",
    "batch_size",
    "cost",
    "output",
    "initializer",
    "schedule",
    "schedule_unit",
    "order",
    "l1_mode",
    "l2_mode",
    "penalise_biases",
    "dtype",
    "epochs_asked",
)
RESULTS = tuple(f"{data}_{what}" for data in ("validation", "train", "test") for what in ("metric", "cost"))
WORST = ("diverged", "error")
"""Statuses whose final values count as the worst possible, whatever the frame holds."""


def settings(frame: pd.DataFrame) -> list[str]:
    """Return the columns of ``frame`` that describe a cell, learning rate and penalties first, ``hyper.*`` after them."""
    hyper = sorted(str(column) for column in frame.columns if str(column).startswith("hyper."))
    present = [name for name in SETTINGS if name in frame.columns]
    first = [name for name in present if name in ("lr", "l2", "l1")]
    return first + hyper + [name for name in present if name not in first]


def as_ranked(frame: pd.DataFrame, column: str) -> "pd.Series[float]":
    """Return ``column`` with the worst possible value where a trial diverged or failed: -inf for a metric, +inf for a cost.

    A NaN of a finished trial stays NaN: there is no such data set, which is not the trial's fault, and NaN never wins.
    """
    worst = np.inf if column.endswith("_cost") else -np.inf
    return frame[column].astype("float64").mask(frame["status"].isin(WORST), worst)


def chosen_on(frame: pd.DataFrame) -> dict[str, str]:
    """Return the data set that the tuning phase chooses on, per problem: ``validation``, or ``train`` where there is no validation set."""
    found: dict[str, str] = {}
    read = [name for name in ("problem", "validation_metric", "train_metric") if name in frame]
    for problem, rows in frame.loc[frame["phase"].eq("tuning"), read].groupby("problem", sort=False):
        held_out = bool(np.isfinite(rows["validation_metric"].astype("float64")).any())
        trained = bool(np.isfinite(rows["train_metric"].astype("float64")).any()) if "train_metric" in rows else False
        found[str(problem)] = "train" if trained and not held_out else "validation"
    return found


def cells(frame: pd.DataFrame, by: str = "median") -> pd.DataFrame:
    """Return one row per (problem, contender, cell) of the tuning phase, in order of first appearance.

    Columns: the settings; ``n`` replicates; ``chosen_on`` (``validation``, or ``train`` where there is no validation set); ``median``,
    ``low``, ``high`` of that metric (diverged or failed = -inf); ``median_cost`` (diverged = +inf); ``median_test``, ``low_test``,
    ``high_test`` and the same of ``train``, to look at, never to choose by; ``share_diverged`` (failed trials included), ``share_stuck``;
    ``eligible``: fewer than half of the replicates diverged or got stuck, and the median is a finite number. With ``by="mean"`` those
    medians are means: then one diverged replicate is enough to make a cell ineligible.
    """
    # The settings, most of the columns, are taken from the first row of each cell alone: with 100,000 trials a copy of all is 60 MB.
    read = [*KEY, "cell", "status", *(name for name in RESULTS if name in frame)]
    tuned = frame["phase"].eq("tuning")
    tuning = frame.loc[tuned, read].reset_index(drop=True)
    sets = tuning["problem"].map(chosen_on(frame))
    held_out = sets.eq("validation")
    has_train = "train_metric" in tuning.columns
    values = tuning[[*KEY, "cell"]].assign(
        median=as_ranked(tuning, "validation_metric").where(held_out, as_ranked(tuning, "train_metric") if has_train else np.nan),
        median_cost=as_ranked(tuning, "validation_cost").where(held_out, as_ranked(tuning, "train_cost") if has_train else np.nan),
        test=as_ranked(tuning, "test_metric"),
        train=as_ranked(tuning, "train_metric") if has_train else np.nan,
        share_diverged=tuning["status"].isin(WORST).astype("float64"),
        share_stuck=tuning["status"].eq("stuck").astype("float64"),
    )
    groups = values.groupby([*KEY, "cell"], sort=False)
    first = ~tuning.duplicated([*KEY, "cell"]).to_numpy()
    places = np.flatnonzero(tuned)[first]
    table: pd.DataFrame = (
        frame[[*KEY, "cell", *settings(frame)]].iloc[places].assign(chosen_on=sets[first].to_numpy()).set_index([*KEY, "cell"])
    )
    table.insert(table.shape[1] - 1, "n", groups.size())
    complete = groups["median"].count().eq(table["n"])
    table["median"] = groups["median"].agg(by).where(complete)
    table["low"] = groups["median"].min().where(complete)
    table["high"] = groups["median"].max().where(complete)
    table["median_cost"] = groups["median_cost"].agg(by).where(groups["median_cost"].count().eq(table["n"]))
    for data in ("test", "train"):
        complete = groups[data].count().eq(table["n"])
        for name, how in (("median", by), ("low", "min"), ("high", "max")):
            table[f"{name}_{data}"] = groups[data].agg(how).where(complete)
    for name in ("share_diverged", "share_stuck"):
        table[name] = groups[name].mean()
    lost = (table["share_diverged"] + table["share_stuck"]) * table["n"]
    table["eligible"] = np.isfinite(table["median"]) & (lost.round() * 2 < table["n"])
    return table.reset_index()


def choose(frame: pd.DataFrame, by: str = "median") -> pd.DataFrame:
    """Return the chosen cell of each (problem, contender), indexed by them, with the columns of ``cells``.

    The eligible cell with the highest median validation metric; ties go to the lower median validation cost, then to the lower learning
    rate, the lower penalties, and the cell's name, so the choice never depends on the order of the rows. A contender without an eligible
    cell is absent (see ``untrained``): no cell of it trained.
    """
    return choose_from(cells(frame, by))


def choose_from(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``choose`` of a table that ``cells`` made."""
    eligible = table[table["eligible"].astype(bool)]
    order = ["median", "median_cost", *[name for name in ("lr", "l2", "l1") if name in table.columns], "cell"]
    ranked = eligible.sort_values(order, ascending=[name != "median" for name in order], kind="stable", na_position="last")
    first = ranked.drop_duplicates(KEY).index
    return eligible.loc[eligible.index.isin(first)].set_index(KEY)


def untrained(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the (problem, contender) pairs of a table of ``cells`` that have no eligible cell: reported as "no cell trained"."""
    trained = table.groupby(KEY, sort=False)["eligible"].any()
    return [(str(problem), str(contender)) for problem, contender in trained.index[~trained]]


def axes(table: pd.DataFrame) -> list[str]:
    """Return the settings that take more than one value in ``table`` (cells of one contender), learning rate and penalties first.

    Not the epochs that a budget in steps or FLOPs buys: they follow from the network, the batch size and what else a step costs.
    """
    found = [name for name in settings(table) if table[name].nunique(dropna=False) > 1]
    return [name for name in found if name != "epochs_asked" or not _bought(table)]


def _bought(table: pd.DataFrame) -> bool:
    costly = [table[name].astype(str) for name in SETTINGS if name in table.columns and name not in ("lr", "l2", "l1", "epochs_asked")]
    costly += [table[name].ne(0).astype(str) for name in ("l2", "l1") if name in table.columns]
    return bool(costly) and bool(table["epochs_asked"].groupby(costly).nunique().max() == 1)


def same(table: pd.DataFrame, where: "pd.Series[Any]", names: list[str]) -> "pd.Series[bool]":
    """Return a mask of the rows of ``table`` that agree with ``where`` in all of ``names`` (NaN agrees with NaN)."""
    mask = pd.Series(True, index=table.index)
    for name in names:
        value = where[name]
        mask &= table[name].isna() if pd.isna(value) else table[name].eq(value)
    return mask
