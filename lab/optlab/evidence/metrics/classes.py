"""Precision, recall and F1 of a classifier, from its confusion matrix."""

import json
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Scores(NamedTuple):
    """Plain means over classes ("macro"), each in [0, 1]; the arrays (k,) are those of each class.

    precision: of the rows taken for a class, the share that belongs to it. recall: of the rows that belong to it, the share that was
    taken for it. f1: their harmonic mean. 0 where no row was taken for a class, or none belongs to it.
    """

    precision: float
    recall: float
    f1: float
    by_class: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]


def scores(confusion: npt.ArrayLike) -> Scores:
    """Return the scores of a matrix (k, k) of counts: rows are true classes, columns classes taken.

    Matrices of several runs are scored one by one; the scores of their sum are no mean of theirs.
    """
    counts = np.asarray(confusion, dtype="float64")
    right, taken, true = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
    parts = _share(right, taken), _share(right, true), _share(2 * right, taken + true)
    precision, recall, f1 = (float(part.mean()) for part in parts)
    return Scores(precision, recall, f1, parts)


def read(text: object) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Return (names of the classes, counts) of a stored matrix; no names where classes are called 0, 1, 2, ...

    It is JSON text: a list of rows, one per true class, or ``{"labels": [...], "counts": [[...], ...]}``.
    """
    value = json.loads(text) if isinstance(text, str) else text
    labels = tuple(str(name) for name in value.get("labels", ())) if isinstance(value, dict) else ()
    counts = value["counts"] if isinstance(value, dict) else value
    return labels, np.asarray(counts, dtype="float64")


def _share(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
