"""k-fold splits: a test set that all replicates share, and of the other rows one fold to validate on, the rest to train on.

Every row outside the test set validates in exactly one fold. Folds differ in size by one row at most, and with classes in the number of
rows of each class by one at most. Which rows are whose follows from the study's seed alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.sources import Problem
from optlab.streams import Streams

if TYPE_CHECKING:
    from optlab.data import Dataset

Rows = npt.NDArray[np.intp]


def rows_of(labels: npt.NDArray[Any] | None, n: int, test: float, folds: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """(rows of the test set, fold 0 .. folds - 1 of each of the n rows, -1 for test rows).

    labels: (n,) classes to be kept in proportion, None for none.
    """
    order = rng.permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    held = max(1, round(test * n)) if test else 0
    # One row of each of `held` equal stretches of the ordered rows: classes enter in proportion.
    places = np.floor((np.arange(held) + rng.random()) * n / max(held, 1)).astype(np.intp)
    fold = np.full(n, -1, dtype=np.intp)
    rest = np.delete(order, places)
    fold[rest] = np.arange(len(rest)) % folds
    return order[places], fold


def dataset(problem: Problem, hyper: Mapping[str, Any], streams: Streams, test: float, folds: int, fold: int) -> Dataset:
    """The data of a problem with `fold` as its validation set, scaled as the problem says by what is left to train on.

    Raises:
        OptlabError: fewer rows than folds, or data that `optlab.data.prepare` refuses.
    """
    from optlab.data import prepare

    X, y = (np.asarray(one) for one in problem.load(streams.noise(), hyper))
    labels = None if problem.task == "regression" else (y if y.ndim == 1 else y.argmax(axis=1))
    held, of = rows_of(labels, len(X), test, folds, streams.split())
    if len(X) - len(held) < folds:
        raise OptlabError(f"{problem.name}: folds = {folds} needs as many rows, but beside the test set there are {len(X) - len(held)}")
    own, others = of == fold, (of >= 0) & (of != fold)
    return prepare(
        X[others], y[others], name=problem.name, task=problem.task, scale=problem.scale,
        validation=(X[own], y[own]), test=(X[held], y[held]) if len(held) else 0.0,
    )  # fmt: skip
