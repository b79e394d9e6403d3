"""A finished trial, as it goes from the workers to the store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optlab.study.curves import COLUMNS
from optlab.study.trial import Trial

FINALS = ("train_cost", "train_metric", "validation_cost", "validation_metric", "test_cost", "test_metric")
_FINAL_COLUMNS = [COLUMNS.index(name) for name in FINALS]


@dataclass(frozen=True)
class Record:
    """A finished trial as it is stored. `curves`: float64, the columns of `optlab.study.curves.COLUMNS`.

    roc_auc, confusion (see `extras`), bad_epoch, bad_step, bad_layer: as of `optlab.Outcome`. diagnosis: text of `extras`, None where it
    was not asked for.
    """

    trial: Trial
    status: str
    sentence: str
    metric: str
    steps: int
    epochs: int
    seconds: float
    flops: float
    curves: npt.NDArray[np.float64]
    roc_auc: float | None = None
    confusion: str | None = None
    bad_epoch: int | None = None
    bad_step: int | None = None
    bad_layer: int | None = None
    diagnosis: str | None = None

    def finals(self) -> tuple[float | None, ...]:
        """The last row's costs and metrics; none where the run diverged or broke: its last numbers mean nothing."""
        if self.status in ("diverged", "error") or not len(self.curves):
            return (None,) * len(FINALS)
        last = self.curves[-1]
        return tuple([None if value != value else value + 0.0 for value in last[_FINAL_COLUMNS].tolist()])  # SQLite knows no -0.0
