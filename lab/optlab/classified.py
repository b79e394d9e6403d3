"""Which class was taken for which, and how well the scores rank the classes: what a trained classifier is judged by beside its accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.data import Part
from optlab.derived import once
from optlab.network import softmax

Array = npt.NDArray[Any]

MOST_CLASSES = 64
"""Classes up to which a confusion matrix is kept: as text it takes up to 12 KB there, ten times a stored trial of ten classes."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The classes of a part's rows. index: (n,) class of each row; counts: (k,) rows of each; k >= 2."""

    index: Array
    counts: Array


def truth(part: Part) -> Truth:
    """The class of each row: the largest target, the first on ties; with one column 1 where it is above 0.5. Kept with the part."""

    def make() -> Truth:
        index = part.Y.argmax(axis=1) if part.Y.shape[1] > 1 else (part.Y[:, 0] > 0.5).astype(np.intp)
        return Truth(index, np.bincount(index, minlength=max(part.Y.shape[1], 2)))

    return once(part, "truth", make)


def confusion_matrices(outputs: Array, true: Truth, threshold: float) -> Array | None:
    """(T, k, k) counts: rows of class i (line) taken for class j (column), as the accuracy judges them; None beyond `MOST_CLASSES`.

    outputs: (T, n, k), the largest is the class, the first on ties; or (T, n, 1), the second class where they exceed `threshold`.
    """
    k = len(true.counts)
    if k > MOST_CLASSES:
        return None
    taken = outputs.argmax(axis=2) if outputs.shape[2] > 1 else outputs[:, :, 0] > threshold
    first = k * k * np.arange(len(outputs))[:, None]
    return np.bincount((first + true.index * k + taken).ravel(), minlength=k * k * len(outputs)).reshape(-1, k, k)


def roc_auc(scores: Array, true: Truth) -> float:
    """Area under the receiver operating characteristic: how often a row of the class scores above a row of another, ties counted half.

    scores: (n, 1), of the second class; or (n, k), one column per class, which give the plain mean of each class against the rest.
    NaN where a class has no row, or all of them: then there are no such pairs. Counted as Mann and Whitney 1947; Hanley and McNeil 1982.
    """
    own = range(len(true.counts)) if scores.shape[1] > 1 else (1,)
    areas = []
    for column, label in enumerate(own):
        inside = int(true.counts[label])
        pairs = inside * (len(scores) - inside)
        if not pairs:
            return float("nan")
        # One sort and two searches: 10 us for 114 rows, where ranks by argsort take 35.
        members, line = true.index == label, scores[:, column]
        above, others = line[members], np.sort(line[~members])
        areas.append(int(others.searchsorted(above).sum() + others.searchsorted(above, "right").sum()) / (2 * pairs))
    return float(np.mean(areas)) if len(areas) > 1 else areas[0]


def classified(outputs: Array, part: Part, link: str, area: bool = True) -> list[tuple[Array | None, float]]:
    """(confusion matrix, ROC-AUC) of each of T networks, by their outputs (T, n, k) for a part's rows; (None, NaN) where one is NaN.

    link: of the cost. Classes are scored by their probabilities under "softmax", else by the outputs, which rank rows alike.
    area: False for the matrix alone. On 2.7 ms of 30-32-32-1 the area takes 2 to 3 %, on 3.3 ms of 13-32-32-3 4.
    """
    true, nothing = truth(part), float("nan")
    matrices = confusion_matrices(outputs, true, 0.0 if link in ("sigmoid", "step") else 0.5)
    scored = link == "softmax" and outputs.shape[2] > 1
    found: list[tuple[Array | None, float]] = []
    missing = np.asarray(np.isnan(outputs).any(axis=(1, 2)))
    for k, unknown in enumerate(missing.tolist()):
        if unknown:
            found.append((None, nothing))
            continue
        under = roc_auc(softmax(outputs[k]) if scored else outputs[k], true) if area else nothing
        found.append((None if matrices is None else matrices[k], under))
    return found
