"""`optlab.check_order`: whether mini-batches are a shuffle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance.findings import Findings, findings
from optlab.errors import OptlabError

Array = npt.NDArray[np.int64]

_EPOCHS = 4


def check_order(order: Callable[[], Any] | Sequence[Any], rows: int) -> Findings:
    """Check the order in which one epoch visits the rows 0 .. rows-1 of a data set.

    order: the mini-batches of one epoch, a list of arrays of row numbers (or one array of them), or a function of no arguments that
    gives it; then four epochs are drawn, and whether they differ is seen too. A shuffle visits each row once per epoch; rows that do
    not fill a last mini-batch may be left out, which is said.

    Raises:
        OptlabError: what is given holds no whole row numbers.
    """
    if rows < 1:
        raise OptlabError(f"check_order: rows = {rows} is not allowed; give the number of rows, at least 1")
    epochs = [_batches(order()) for _ in range(_EPOCHS)] if callable(order) else [_batches(order)]
    defects: list[str] = []
    table = []
    for number, batches in enumerate(epochs, start=1):
        drawn = np.concatenate(batches)
        outside = drawn[(drawn < 0) | (drawn >= rows)]
        counts = np.bincount(drawn[(drawn >= 0) & (drawn < rows)], minlength=rows)
        never, most = int((counts == 0).sum()), int(counts.max())
        table.append({"epoch": number, "batches": len(batches), "drawn": len(drawn), "never seen": never, "seen most often": most})
        if outside.size:
            defects.append(f"row {outside[0]} does not exist: rows are numbered 0 to {rows - 1}")
        elif most > 1:
            apart = all(len(np.unique(batch)) == len(batch) for batch in batches)
            within = f" ({'between mini-batches' if apart else 'within a mini-batch too'})" if len(batches) > 1 else ""
            seen = f"in one epoch {never / rows:.0%} of the rows are never seen and one is seen {most} times"
            defects.append(f"rows are drawn with replacement{within}: {seen}; a shuffle sees each once")
        elif never and never >= min(len(batch) for batch in batches):
            defects.append(f"{never} of {rows} rows are never seen in an epoch")
        defects[1:] = []  # each epoch says the same, with other numbers
    flat = [np.concatenate(batches) for batches in epochs]
    if len(flat) > 1 and rows > 2 and not defects and all(np.array_equal(flat[0], each) for each in flat[1:]):
        defects.append("every epoch visits the rows in the same order: shuffle again in each epoch, or call the order fixed")
    left = rows - sum(map(len, epochs[0]))
    fine = "each row is seen once per epoch" + (f", but for {left} that do not fill a last mini-batch" if left > 0 else "")
    return findings(f"order of {rows} rows", defects, fine, table)


def _batches(order: Any) -> list[Array]:
    """The mini-batches as arrays of row numbers."""
    whole = isinstance(order, np.ndarray) and order.ndim == 1 and order.dtype != object
    batches = [np.asarray(each) for each in ([order] if whole else order)]
    if batches and all(batch.ndim == 0 for batch in batches):
        batches = [np.asarray(batches)]
    for batch in batches:
        if batch.ndim != 1 or batch.dtype.kind not in "iu":
            what = f"type {batch.dtype} and shape {batch.shape}"
            raise OptlabError(f"check_order: a mini-batch of {what} was given; give one-dimensional arrays of row numbers")
    if not batches or not sum(map(len, batches)):
        raise OptlabError("check_order: no rows were given; give the mini-batches of one epoch, as arrays of row numbers")
    return [batch.astype(np.int64) for batch in batches]
