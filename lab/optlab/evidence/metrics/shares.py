"""Two plain numbers of a study: the share of its grid that a contender loses, and its generalisation gap."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from optlab.errors import OptlabError
from optlab.evidence.select import KEY

LOSSES = ("diverged", "stuck")


def lost(cells: pd.DataFrame) -> pd.DataFrame:
    """Return per (problem, contender) how much of its grid is lost, from ``select.cells``: tuning runs alone.

    Columns ``cells``, and for ``diverged`` (failed runs included) and ``stuck`` each: ``diverged_runs``, the share of all runs;
    ``diverged_cells``, of the cells in which at least half of the runs did; ``diverged_any``, of those in which any did. It depends on the
    grid: only contenders on the same grid compare.
    """
    parts = {"cells": cells.assign(cells=1)[[*KEY, "cells"]].groupby(KEY, sort=False)["cells"].sum()}
    runs = cells.groupby(KEY, sort=False)["n"].sum()
    for name in LOSSES:
        share = cells[f"share_{name}"].astype("float64")
        counted = cells[KEY].assign(runs=share * cells["n"], half=share >= 0.5, some=share > 0).groupby(KEY, sort=False)
        parts[f"{name}_runs"] = counted["runs"].sum() / runs
        parts[f"{name}_cells"] = counted["half"].mean()
        parts[f"{name}_any"] = counted["some"].mean()
    return pd.DataFrame(parts).reset_index()


def generalisation_gap(train: npt.ArrayLike, test: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return train - test metric per run (n,): positive where training rows are served better. A run that diverged has none.

    Raises:
        OptlabError: unequal lengths, or a number that is not finite.
    """
    seen, fresh = np.asarray(train, dtype="float64"), np.asarray(test, dtype="float64")
    if seen.shape != fresh.shape or not np.isfinite(seen).all() or not np.isfinite(fresh).all():
        raise OptlabError("generalisation gap: give the train and the test metric, finite numbers, of each run that did not diverge")
    gap: npt.NDArray[np.float64] = seen - fresh
    return gap
