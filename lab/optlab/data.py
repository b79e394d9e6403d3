"""From arrays or a table to the numbers a network sees: checked, split, scaled, encoded.

Two ways in: `prepare` takes arrays, `problem_dataset` a problem of the catalogue (or of one's own table: `optlab.table`).
The order is fixed: check, split, fit the scaler on the training part *alone*, apply it to all parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import arrays
from optlab.arrays import Array, Task
from optlab.errors import OptlabError, nearest
from optlab.sources import Problem

SCALES = ("standard", "minmax", "none")


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of one role. X: (n, d) inputs, Y: (n, k) targets; float64, C-contiguous, finite."""

    X: Array
    Y: Array

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True, eq=False)
class Dataset:
    """What one run is trained, tuned and judged on.

    `classes` are the labels in the order of the columns of Y (None for regression). Two classes share one column: 0 for the
    first, 1 for the second. `mean` and `scale`, each (d,), are the scaler fitted on `train` (None: inputs are as given).
    """

    name: str
    task: Task
    train: Part
    validation: Part | None
    test: Part | None
    classes: tuple[Any, ...] | None
    mean: Array | None
    scale: Array | None
    description: str

    def transform(self, X: Any) -> Array:
        """Scale inputs (n, d) as the training part was. Raises OptlabError for another width or a value that is not finite."""
        rows = arrays.inputs(X, self.name)
        if rows.shape[1] != self.train.X.shape[1]:
            raise OptlabError(f"{self.name}: X has {rows.shape[1]} columns, but the training data has {self.train.X.shape[1]}")
        return _scaled(rows, self.mean, self.scale)

    def encode(self, y: Any) -> Array:
        """Targets as the columns that a cost compares with: (n, k). Raises OptlabError for a class never seen in training."""
        return arrays.encode(arrays.targets(y, self.name), self.classes, self.name)


def prepare(
    X: Any,
    y: Any,
    *,
    name: str = "data",
    task: str | None = None,
    validation: float | tuple[Any, Any] = 0.0,
    test: float | tuple[Any, Any] = 0.0,
    scale: str | float = "none",
    rng: np.random.Generator | None = None,
) -> Dataset:
    """Check, split, scale and encode.

    X: (n, d) numbers, or (n,) for one feature; an array, a list or a pandas DataFrame. y: (n,) or (n, k).
    task: "classification", "regression", or None to infer it: targets of integer, boolean or text type mean classes, real
        numbers mean regression. Rows that are one-hot or probabilities are taken as they are when `task` says classification.
    validation, test: a share of all rows (0: none), stratified by class, or the data itself as (X, y).
    scale: "standard" (mean 0, deviation 1), "minmax" ([0, 1]), "none", or a number to divide by. Targets are never scaled.
    rng: draws the split; needed only where a share is asked for.

    Raises:
        OptlabError: shapes that do not fit, a value that is not finite (with its row and column), too little data to split.
    """
    X, y = arrays.inputs(X, name), arrays.targets(y, name)
    arrays.check_same_rows(X, y, name)
    task = arrays.infer_task(y, task, name)
    classes = arrays.class_labels(y, name) if task == "classification" else None

    rest = np.arange(len(X))
    shares = {role: share for role, share in (("validation", validation), ("test", test)) if not isinstance(share, tuple)}
    counts = {role: _count(role, share, len(X), name) for role, share in shares.items()}
    if sum(counts.values()) >= len(X):
        raise OptlabError(f"{name}: validation and test together leave no row of {len(X)} to train on; ask for smaller shares")
    taken: dict[str, npt.NDArray[np.intp]] = {}
    for role in ("test", "validation"):  # so that the test rows do not depend on how much validation takes of the rest
        if counts.get(role):
            if rng is None:
                raise OptlabError(f"{name}: a share for {role} needs a random stream (rng) to draw it")
            rest, taken[role] = _split(rest, y, counts[role], task, rng, name)

    mean, divisor = _scaler(X[rest], scale, name)

    def part(X: Any, y: Any) -> Part:
        return Part(_scaled(X, mean, divisor), arrays.encode(y, classes, name))

    def other(role: str, given: float | tuple[Any, Any]) -> Part | None:
        if not isinstance(given, tuple):
            return part(X[taken[role]], y[taken[role]]) if role in taken else None
        where = f"{name} ({role})"
        rows, targets = arrays.inputs(given[0], where), arrays.targets(given[1], where)
        arrays.check_same_rows(rows, targets, where)
        if rows.shape[1] != X.shape[1] or targets.shape[1:] != y.shape[1:]:
            raise OptlabError(f"{where}: shapes {rows.shape} and {targets.shape} do not fit the training data's {X.shape} and {y.shape}")
        return part(rows, targets)

    train = part(X[rest], y[rest])
    parts = other("validation", validation), other("test", test)
    sizes = ", ".join(f"{len(p)} {r}" for r, p in zip(("training", "validation", "test"), (train, *parts), strict=True) if p is not None)
    what = f"{len(classes)} classes" if classes else f"{train.Y.shape[1]} target{'s' if train.Y.shape[1] > 1 else ''}"
    description = f"{name}: {task}, {train.X.shape[1]} features, {what}, rows: {sizes}, scale {scale}"
    return Dataset(name, task, train, *parts, classes, mean, divisor, description)


def problem_dataset(
    problem: Problem,
    hyper: Mapping[str, Any],
    split_rng: np.random.Generator,
    noise_rng: np.random.Generator,
    validation: float = 0.2,
    test: float = 0.2,
) -> Dataset:
    """The data of a problem, drawn (`noise_rng`), split (`split_rng`) and scaled as the problem says.

    Raises:
        OptlabError: a hyper-parameter outside its domain, or data that `prepare` refuses.
    """
    X, y = problem.load(noise_rng, hyper)
    return prepare(X, y, name=problem.name, task=problem.task, validation=validation, test=test, scale=problem.scale, rng=split_rng)


# -- split and scale --------------------------------------------------------------------------------------------------------


def _count(role: str, share: float, rows: int, name: str) -> int:
    if not 0.0 <= share < 1.0:
        raise OptlabError(f"{name}: {role}={share} is no share of the rows; give a number from 0 to below 1, or the data as (X, y)")
    return max(1, round(share * rows)) if share else 0


def _split(
    rows: npt.NDArray[np.intp], y: npt.NDArray[Any], count: int, task: str, rng: np.random.Generator, name: str
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(the others, `count` drawn of `rows`), with the classes in proportion."""
    from sklearn.model_selection import train_test_split

    labels = None if task == "regression" else (y if y.ndim == 1 else y.argmax(axis=1))[rows]
    seed = int(rng.integers(2**32))
    try:
        others, drawn = train_test_split(rows, test_size=count, random_state=seed, stratify=labels)
    except ValueError as error:
        raise OptlabError(f"{name}: {len(rows)} rows cannot be split by class into {len(rows) - count} and {count} ({error})") from error
    return others, drawn


def _scaler(X: Array, scale: str | float, name: str) -> tuple[Array | None, Array | None]:
    """(mean, scale), each (d,), of the scaler fitted on X; a constant feature keeps scale 1."""
    if isinstance(scale, str):
        if scale == "none":
            return None, None
        if scale not in SCALES:
            raise OptlabError(f"{name}: scale {scale!r} is not known{nearest(scale, SCALES)}; it is one of {', '.join(SCALES)} or a number")
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            fitted = StandardScaler().fit(X) if scale == "standard" else MinMaxScaler().fit(X)
            mean = np.array(fitted.mean_ if scale == "standard" else fitted.data_min_, dtype=np.float64)
            width = np.array(fitted.scale_ if scale == "standard" else 1.0 / fitted.scale_, dtype=np.float64)
        beyond = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(width)))
        if len(beyond):
            raise OptlabError(
                f"{name}: input {beyond[0]} (counting from 0) holds numbers as large as {np.abs(X[:, beyond[0]]).max():g}, whose spread no "
                "float64 holds; divide them by something first"
            )
        return mean, width
    if not (np.isfinite(scale) and scale > 0):
        raise OptlabError(f"{name}: scale={scale} cannot divide the inputs; give a positive number or one of {', '.join(SCALES)}")
    return np.zeros(X.shape[1]), np.full(X.shape[1], float(scale))


def _scaled(X: Array, mean: Array | None, scale: Array | None) -> Array:
    if mean is None or scale is None:
        return np.ascontiguousarray(X)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.ascontiguousarray((X - mean) / scale)
    if not np.isfinite(scaled).all():
        raise OptlabError("the inputs are so large that scaled they are beyond what a float64 holds; divide them by something first")
    return scaled
