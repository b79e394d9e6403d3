"""What simple models reach on the data of a study: a constant, a linear model, ridge or logistic regression, scikit-learn's own network.

They are reference lines for a reader, not contenders: fitted once on the split of replicate 0, with scikit-learn's default settings,
untuned, and judged on the test rows (else validation, else training) by the same metric and the problem's usual cost.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded

if TYPE_CHECKING:
    from optlab.data import Dataset
    from optlab.study.spec import Study

Array = npt.NDArray[Any]
Model = Callable[[], Any]

MOST_NUMBERS = 2_000_000
"""Inputs (rows x features) to fit on at most: the first training rows, which the split has shuffled."""

EPOCHS, WHOLE = 200, 150_000
"""Epochs of scikit-learn's network: its default, up to WHOLE inputs (digits has 69,000, and takes 2.5 s), fewer in proportion beyond."""

SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are clipped to [SMALLEST, 1] before their logarithm, as in `sklearn.metrics.log_loss`."""


def of(study: Study, former: Mapping[str, Any], compute: bool = True) -> dict[str, Any]:
    """For the record of a study: ``{"baselines": {problem: [see `baselines`]}, "baselines_of": {problem: what they were made from}}``.

    former: the record of an earlier run; what it has of the same data and version of scikit-learn is not computed again. compute: False
    for that alone. Empty for a study that wants no baselines.
    """
    if not study.spec.baselines:
        return {}
    import sklearn

    found, sources = {}, {}
    for problem in study.problems:
        source = f"{study.datasets.digest(problem, 0)} scikit-learn {sklearn.__version__}"
        if former.get("baselines_of", {}).get(problem) == source:
            found[problem], sources[problem] = former["baselines"][problem], source
        elif compute:
            found[problem], sources[problem] = baselines(study.datasets.get(problem, 0)), source
    return {"baselines": found, "baselines_of": sources}


def baselines(dataset: Dataset) -> list[dict[str, Any]]:
    """One entry per model, from the simplest to the richest.

    ``name`` what it is; ``metric`` accuracy or R2; ``cost`` the mean cross-entropy (nats) or squared error, as `optlab.train` infers the
    cost; ``on`` "test", "validation" or "train"; ``rows`` it was fitted on; ``seconds`` that took; ``note``: why there are no numbers (then
    metric and cost are None), or what else a reader must know, else an empty text.
    """
    models, score = (_classifiers, _classified) if dataset.task == "classification" else (_regressors, _fitted)
    part, on = next(
        (part, on) for part, on in ((dataset.test, "test"), (dataset.validation, "validation"), (dataset.train, "train")) if part
    )
    rows = min(len(dataset.train), max(2, MOST_NUMBERS // dataset.train.X.shape[1]))
    X, Y = dataset.train.X[:rows], dataset.train.Y[:rows]
    epochs, found = max(1, min(EPOCHS, EPOCHS * WHOLE // X.size)), []
    for name, make in models(epochs).items():
        note = "" if rows == len(dataset.train) else f"fitted on the first {rows:,} of {len(dataset.train):,} training rows"
        begin = time.perf_counter()
        metric: float | None = None
        cost: float | None = None
        try:
            with single_threaded(), warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                model = make()
                metric, cost = score(model, X, Y, part.X, part.Y)
            if any(one.category.__name__ == "ConvergenceWarning" for one in said):
                note = "; ".join(filter(None, [note, f"stopped at its limit of {model.max_iter} iterations"]))
        except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
            note = " ".join(f"could not be fitted: {error}".split())[:300]
        seconds = time.perf_counter() - begin
        found.append({"name": name, "metric": metric, "cost": cost, "on": on, "rows": rows, "seconds": seconds, "note": note})
    return found


def _classifiers(epochs: int) -> dict[str, Model]:
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    return {
        "constant": lambda: DummyClassifier(strategy="prior"),
        "logistic regression": LogisticRegression,
        "scikit-learn MLP": lambda: MLPClassifier(max_iter=epochs, random_state=0),
    }


def _regressors(epochs: int) -> dict[str, Model]:
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.neural_network import MLPRegressor

    return {
        "constant": DummyRegressor,
        "linear regression": LinearRegression,
        "ridge regression": Ridge,
        "scikit-learn MLP": lambda: MLPRegressor(max_iter=epochs, random_state=0),
    }


def _labels(Y: Array) -> Array:
    """The class of each row: the largest target; with one column 1 above 0.5."""
    return Y.argmax(axis=1) if Y.shape[1] > 1 else (Y[:, 0] > 0.5).astype(np.intp)


def _classified(model: Any, X: Array, Y: Array, X_new: Array, Y_new: Array) -> tuple[float, float]:
    """(accuracy, cross-entropy). A class without training rows has probability 0."""
    model.fit(X, _labels(Y))
    shares = np.zeros((len(X_new), max(2, Y.shape[1])))
    shares[:, model.classes_] = model.predict_proba(X_new)
    targets = Y_new if Y_new.shape[1] > 1 else np.hstack([1 - Y_new, Y_new])
    cost = -(targets * np.log(np.clip(shares, SMALLEST, 1.0))).sum(axis=1).mean()
    return float((shares.argmax(axis=1) == _labels(Y_new)).mean()), float(cost)


def _fitted(model: Any, X: Array, Y: Array, X_new: Array, Y_new: Array) -> tuple[float | None, float]:
    """(R2 over all outputs together, as the metric has it; mean squared error). Constant targets have no R2."""
    model.fit(X, Y[:, 0] if Y.shape[1] == 1 else Y)
    squares = (np.reshape(model.predict(X_new), Y_new.shape) - Y_new) ** 2
    total = ((Y_new - Y_new.mean(axis=0)) ** 2).sum()
    return (float(1 - squares.sum() / total) if total else None), float(squares.mean())
