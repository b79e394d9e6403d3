"""Replaying a published run: its own mini-batches, one after the other, through `optlab.train`.

A published epoch that drops its last rows, or draws each mini-batch anew, is no pass over the training set, which is what an epoch of
`optlab.train` is. So the tape of mini-batches is cut into epochs of equally many, and the training set is padded to that many rows with
rows that no mini-batch names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Tape:
    """Mini-batches as `optlab.train` takes them: train on ``padded(X)``, ``padded(y)`` with these epochs, batch_size and orders.

    steps_per_epoch: mini-batches in one of these epochs, which need not be the published ones.
    """

    rows: int
    epochs: int
    batch_size: int
    orders: Array
    steps_per_epoch: int

    def padded(self, values: Array) -> Array:
        """The training rows, then repeats of them that are never visited, up to the rows of an epoch."""
        return values[np.arange(self.orders.shape[1]) % self.rows]


def tape(batches: Array, rows: int, every: int = 1) -> Tape:
    """Cut mini-batches, indices (steps, batch_size) into `rows` training rows, into epochs.

    every: each epoch ends at a multiple of this many steps (the published epoch, so that it can be evaluated).

    Raises:
        OptlabError: the steps are no multiple of any epoch that is long enough.
    """
    steps, batch_size = batches.shape
    needed = -(-rows // batch_size)
    for length in range(every, steps + 1, every):
        if length >= needed and steps % length == 0:
            return Tape(rows, steps // length, batch_size, batches.reshape(steps // length, length * batch_size), length)
    raise OptlabError(f"selftest: {steps} mini-batches of {batch_size} cannot be cut into epochs over {rows} rows")
