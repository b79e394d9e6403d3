"""The share of the grid that diverges or gets stuck, counted by hand, and the generalisation gap."""

import numpy as np
import pandas as pd
import pytest

from optlab.errors import OptlabError
from optlab.evidence import select
from optlab.evidence.metrics import shares


def test_the_share_that_is_lost_by_hand():
    statuses = {"a": ["done", "done"], "b": ["diverged", "done"], "c": ["error", "diverged"], "d": ["stuck", "done"]}
    rows = [("wine", "gd", cell, "tuning", status, 0.5) for cell, own in statuses.items() for status in own]
    rows += [("wine", "gd", "a", "confirmation", "diverged", 0.5)] * 5  # of the chosen cell alone: no part of the grid
    rows += [("wine", "adam", "a", "tuning", "done", 0.5)]
    frame = pd.DataFrame(rows, columns=["problem", "contender", "cell", "phase", "status", "validation_metric"])
    frame = frame.assign(validation_cost=1.0, test_metric=0.5)
    found = shares.lost(select.cells(frame)).set_index("contender")
    assert list(found.loc["gd"]) == ["wine", 4, 3 / 8, 2 / 4, 2 / 4, 1 / 8, 1 / 4, 1 / 4]
    assert list(found.loc["adam"]) == ["wine", 1, 0, 0, 0, 0, 0, 0]


def test_the_gap_of_runs():
    np.testing.assert_array_equal(shares.generalisation_gap([1.0, 0.5, 0.25], [0.75, 0.5, 0.5]), [0.25, 0, -0.25])


@pytest.mark.parametrize(("train", "test"), [([1.0], [np.nan]), ([1.0], [1.0, 2.0]), ([-np.inf], [-np.inf])])
def test_a_gap_needs_both(train, test):
    with pytest.raises(OptlabError, match="generalisation gap: "):
        shares.generalisation_gap(train, test)
