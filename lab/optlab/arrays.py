"""What users hand over, checked and made into plain float64 arrays; a fault is named by row and column.

Lists, arrays and pandas objects all come in here. Nothing is guessed silently but one thing: whether targets mean classes
(`infer_task`).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError, nearest

Array = npt.NDArray[np.float64]
Task = Literal["classification", "regression"]
TASKS = ("classification", "regression")


def inputs(X: Any, name: str) -> Array:
    """X as finite float64 (n, d); a fault is named by row and column."""
    columns = [str(c) for c in X.columns] if hasattr(X, "columns") else None
    raw = np.asarray(X)
    if raw.ndim == 1:
        raw = raw[:, None]
    if raw.ndim != 2 or 0 in raw.shape:
        raise OptlabError(f"{name}: X has shape {raw.shape}, expected (rows, features) with at least one of each")
    if raw.dtype.kind not in "biufOUT":
        raise OptlabError(f"{name}: X has type {raw.dtype}; all inputs must be real numbers")
    try:
        rows = np.ascontiguousarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        row, column = next((r, c) for r in range(raw.shape[0]) for c in range(raw.shape[1]) if not _is_number(raw[r, c]))
        where = _place(row, column, columns)
        raise OptlabError(f"{name}: X holds {raw[row, column]!r} at {where}; all inputs must be numbers") from None
    _finite(rows, f"{name}: X", columns)
    return rows


def targets(y: Any, name: str) -> npt.NDArray[Any]:
    """y as (n,) or (n, k > 1): finite numbers, or class labels as text; a single column loses its second axis."""
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or values.size == 0:
        raise OptlabError(f"{name}: y has shape {values.shape}, expected (rows,) or (rows, targets)")
    if values.dtype.kind in "OT":  # what pandas makes of text, and of integers with gaps
        missing = np.argwhere([value is None or value != value for value in values.ravel()])
        if len(missing):
            raise OptlabError(f"{name}: y is missing in row {missing[0, 0] // (values.size // len(values))} (counting from 0)")
        values = np.array(values.tolist())
    if values.dtype.kind == "f":
        _finite(values.reshape(len(values), -1).astype(np.float64), f"{name}: y", None)
    elif values.dtype.kind not in "iubU":
        raise OptlabError(f"{name}: y has type {values.dtype}, expected numbers or class labels")
    return values


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _finite(rows: Array, what: str, columns: list[str] | None) -> None:
    bad = ~np.isfinite(rows)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        more = f" and {int(bad.sum()) - 1} more" if bad.sum() > 1 else ""
        where = _place(row, column, columns)
        raise OptlabError(f"{what} is {rows[row, column]} at {where}{more}; drop or fill such rows first")


def _place(row: int, column: int, columns: list[str] | None) -> str:
    if columns:
        return f"row {row} (counting from 0), column {columns[column]!r}"
    return f"row {row}, column {column} (both counting from 0)"


def check_same_rows(X: Array, y: npt.NDArray[Any], name: str) -> None:
    """Refuse inputs and targets of different length."""
    if len(X) != len(y):
        raise OptlabError(f"{name}: X has {len(X)} rows but y has {len(y)}; they must match row by row")


def infer_task(y: npt.NDArray[Any], task: str | None, name: str) -> Task:
    """The task asked for, else classification for labels that are whole numbers, booleans or text, regression for reals."""
    if task is None:
        return "classification" if y.ndim == 1 and y.dtype.kind in "iubUST" else "regression"
    if task not in TASKS:
        raise OptlabError(f"{name}: task {task!r} is not known{nearest(task, TASKS)}; it is one of {', '.join(TASKS)}")
    if task == "regression" and y.dtype.kind not in "iubf":
        raise OptlabError(f"{name}: regression needs numbers as targets, but y holds text such as {str(y.flat[0])!r}")
    return "classification" if task == "classification" else "regression"


def class_labels(y: npt.NDArray[Any], name: str) -> tuple[Any, ...]:
    """The classes in y, sorted; the column numbers where each row of y is one-hot or a distribution."""
    if y.ndim == 2:
        if y.dtype.kind not in "iubf" or (y < 0).any() or not np.allclose(y.sum(axis=1, dtype=np.float64), 1.0):
            raise OptlabError(f"{name}: y of shape {y.shape} is no classification target: each row must be one-hot or probabilities")
        return tuple(range(y.shape[1]))
    labels = np.unique(y)
    if len(labels) < 2:
        raise OptlabError(f"{name}: all {len(y)} targets are {labels[0].item()!r}; classification needs at least two classes")
    return tuple(labels.tolist())


def encode(y: npt.NDArray[Any], classes: tuple[Any, ...] | None, name: str) -> Array:
    """Targets as (n, k): as given for regression and for rows that are distributions, one 0/1 column for two classes, else one-hot."""
    if classes is None or y.ndim == 2:
        return np.ascontiguousarray(y.reshape(len(y), -1), dtype=np.float64)
    column = {label: index for index, label in enumerate(classes)}
    labels, rows = np.unique(y, return_inverse=True)
    strange = [label for label in labels.tolist() if label not in column]
    if strange:
        raise OptlabError(f"{name}: class {strange[0]!r} does not occur in the training targets, whose classes are {_some(classes)}")
    index = np.array([column[label] for label in labels.tolist()])[rows]
    return index[:, None].astype(np.float64) if len(classes) == 2 else np.eye(len(classes))[index]


def _some(classes: tuple[Any, ...]) -> str:
    return ", ".join(repr(label) for label in classes[:10]) + (", ..." if len(classes) > 10 else "")
