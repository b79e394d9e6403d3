"""The ranked table: what the chosen cells are worth on fresh replicates.

Only confirmation replicates are ranked, on the test set: tuning replicates chose the cell, so they flatter it. ``low`` to ``high`` is the
range from the lowest to the highest replicate; ``interval`` says what ``interval_low`` to ``interval_high`` are. Neither compares two
contenders: that is what ``claims`` does.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import compare
from optlab.evidence.compare import Design
from optlab.evidence.select import KEY, WORST, as_ranked, chosen_on, settings, untrained

CONFIRMED = "confirmed"
TUNING_ONLY = "tuning only"
NO_CELL = "no cell trained"


def claimed_on(frame: pd.DataFrame) -> dict[str, str]:
    """Return, for each problem, the data set that the ranking reads: ``test``, or where the study has none the one that chose the cells."""
    chosen = chosen_on(frame)
    tested = frame.groupby("problem", sort=False)["test_metric"].apply(lambda values: bool(np.isfinite(values.astype("float64")).any()))
    return {str(problem): "test" if some else chosen.get(str(problem), "validation") for problem, some in tested.items()}


def replicates(frame: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that the ranked table, the targets and the learning curves speak of.

    Per (problem, contender): the confirmation replicates of its chosen cell. Confirmation replicates of a cell that an earlier, smaller
    study chose are left out. In a problem where nothing is confirmed, the tuning replicates of the chosen cells. Both in the order of
    ``chosen``. Two columns are added:
    ``evidence`` (``confirmed`` or ``tuning only``) and ``claimed_on``, the data set to read.
    """
    keys = zip(*(chosen.index.get_level_values(name) for name in KEY), chosen["cell"], strict=True)
    places = {key: place for place, key in enumerate(keys)}
    able = frame[frame["cell"].isin(chosen["cell"])]  # the few: keys of 100,000 rows take half a second
    at = np.array([places.get(key, -1) for key in zip(able["problem"], able["contender"], able["cell"], strict=True)], dtype="int64")
    of_chosen = able.iloc[np.argsort(at, kind="stable")[(at < 0).sum() :]]
    confirmed = of_chosen[of_chosen["phase"].eq("confirmation")]
    tuned = of_chosen[of_chosen["phase"].eq("tuning") & ~of_chosen["problem"].isin(confirmed["problem"])]
    on = claimed_on(frame)
    unconfirmed = chosen_on(frame)
    both = pd.concat([confirmed.assign(evidence=CONFIRMED), tuned.assign(evidence=TUNING_ONLY)])
    data = both["problem"].map(on).where(both["evidence"].eq(CONFIRMED), both["problem"].map(unconfirmed))
    return both.assign(claimed_on=data).reset_index(drop=True)


def claimed(rows: pd.DataFrame) -> "pd.Series[float]":
    """Return the metric of ``replicates``, each row from the data set its problem is judged on; diverged or failed = -inf."""
    result = pd.Series(np.nan, index=rows.index, dtype="float64")
    for name in rows["claimed_on"].unique():
        result = result.where(rows["claimed_on"].ne(name), as_ranked(rows, f"{name}_metric"))
    return result


def ranked(rows: pd.DataFrame, cells: pd.DataFrame, chosen: pd.DataFrame, designs: Mapping[str, Design]) -> pd.DataFrame:
    """Return one row per (problem, contender), best first within each problem, in the order the problems appear; of ``replicates``.

    Columns: ``rank`` (by median over the confirmation replicates, ties share a rank; <NA> where nothing is confirmed), ``evidence``
    (``confirmed``, ``tuning only``, ``not confirmed``, ``no cell trained``), ``claimed_on``, ``n``, ``median``, ``low``, ``high``,
    ``mean`` (-inf where a run diverged), ``interval_low`` and ``interval_high`` of the median with what they are (``interval``: such as
    "95 % interval of the median ...", or "range"), ``share_diverged``, ``share_stuck``, ``tuning_median``, ``cell`` and its settings.
    """
    values = rows.assign(
        metric=claimed(rows),
        diverged=rows["status"].isin(WORST).astype("float64"),
        lost=rows["status"].eq("stuck").astype("float64"),
    )
    groups = values.groupby(KEY, sort=False)
    complete = groups["metric"].count().eq(groups.size())
    table = pd.DataFrame(
        {
            "evidence": groups["evidence"].first(),
            "claimed_on": groups["claimed_on"].first(),
            "n": groups.size(),
            "median": groups["metric"].median().where(complete),
            "low": groups["metric"].min().where(complete),
            "high": groups["metric"].max().where(complete),
            "mean": groups["metric"].mean().where(complete),
            **_intervals(values[groups["metric"].transform("count").eq(groups["metric"].transform("size"))], designs),
            "share_diverged": groups["diverged"].mean(),
            "share_stuck": groups["lost"].mean(),
        }
    )
    everyone = pd.MultiIndex.from_frame(cells[KEY].drop_duplicates())
    table = table.reindex(everyone)
    table["n"] = table["n"].fillna(0).astype("int64")
    table["tuning_median"] = chosen["median"].reindex(everyone)
    for name in ["cell", *settings(chosen)]:
        table[name] = chosen[name].reindex(everyone)
    nothing = set(untrained(cells))
    table["evidence"] = table["evidence"].astype("object").fillna("not confirmed")
    table.loc[[key in nothing for key in everyone], "evidence"] = NO_CELL
    table = table.reset_index()
    confirmed = table["median"].where(table["evidence"].eq(CONFIRMED))
    table.insert(2, "rank", confirmed.groupby(table["problem"], sort=False).rank(method="min", ascending=False).astype("Int64"))
    order = pd.factorize(table["problem"])[0]
    table = table.assign(_problem=order, _key=table["median"].fillna(-np.inf), _none=table["evidence"].eq(NO_CELL))
    table = table.sort_values(["_problem", "rank", "_none", "_key"], ascending=[True, True, True, False], kind="stable", na_position="last")
    return table.drop(columns=["_problem", "_key", "_none"]).reset_index(drop=True)


def _intervals(values: pd.DataFrame, designs: Mapping[str, Design]) -> "dict[str, pd.Series[Any]]":
    """Return the interval columns of ``ranked`` for each (problem, contender) with a value."""
    found = {
        key: compare.interval(own["metric"].to_numpy(dtype="float64"), designs[str(key[0])]) for key, own in values.groupby(KEY, sort=False)
    }
    index = pd.MultiIndex.from_tuples(list(found), names=KEY) if found else pd.MultiIndex.from_arrays([[], []], names=KEY)
    columns = {"interval_low": "low", "interval_high": "high", "interval": "label"}
    return {name: pd.Series([getattr(one, field) for one in found.values()], index=index) for name, field in columns.items()}
