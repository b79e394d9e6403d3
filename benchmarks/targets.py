"""Measure the pinned losses of the built-in problems and write lab/optlab/evidence/targets.json: `python -m benchmarks.targets`.

With names of problems after it only those are measured and the others stay, if they were measured alike.

Per problem: the mean test loss (1 - accuracy or 1 - R2) of the constant predictor, and of the reference over the splits of `SEEDS` as a
study draws them. The reference is whichever of four scikit-learn models has the lowest mean *validation* loss: linear (logistic or ridge,
cross-validated strength), an MLP, k nearest neighbours, boosted trees. Scores compare with it; they are not meant to stay below 1.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

import optlab
from optlab.data import problem_dataset
from optlab.streams import Streams
from optlab.study.contenders import complete_hyper

SEEDS = range(10)
FILE = Path(__file__).parent.parent / "lab" / "optlab" / "evidence" / "targets.json"
CONSTANT = "constant"
FETCHED = {"fashion_mnist", "mnist"}
"""Problems that come over the network: no pinned target, so a summary over problems names them as left out."""

MODELS: dict[str, dict[str, Callable[[int], Any]]] = {
    "classification": {
        CONSTANT: lambda seed: DummyClassifier(strategy="most_frequent"),
        "LogisticRegression": lambda seed: LogisticRegression(max_iter=2000),
        "MLPClassifier": lambda seed: MLPClassifier(hidden_layer_sizes=(50,), max_iter=300, random_state=seed),
        "KNeighborsClassifier": lambda seed: KNeighborsClassifier(),
        "HistGradientBoostingClassifier": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    },
    "regression": {
        CONSTANT: lambda seed: DummyRegressor(),
        "RidgeCV": lambda seed: RidgeCV(np.logspace(-4, 4, 17)),
        "MLPRegressor": lambda seed: MLPRegressor(hidden_layer_sizes=(50,), solver="lbfgs", max_iter=2000, random_state=seed),
        "KNeighborsRegressor": lambda seed: KNeighborsRegressor(),
        "HistGradientBoostingRegressor": lambda seed: HistGradientBoostingRegressor(random_state=seed),
    },
}


def losses(problem: str, seed: int) -> dict[str, tuple[float, float]]:
    """Model -> (validation loss, test loss) on the split of a study with this seed."""
    plugin = optlab.catalogue()["problems"][problem]
    streams = Streams(seed)
    data = problem_dataset(plugin, complete_hyper(plugin, {}, "targets", "problem"), streams.split(), streams.noise())
    target = {part: _labels(getattr(data, part).Y, data.task) for part in ("train", "validation", "test")}
    found = {}
    for name, make in MODELS[data.task].items():
        model = make(seed).fit(data.train.X, target["train"])
        found[name] = tuple(1 - model.score(getattr(data, part).X, target[part]) for part in ("validation", "test"))
    return found


def _labels(Y: np.ndarray, task: str) -> np.ndarray:
    if task == "regression":
        return Y[:, 0]
    return Y.argmax(axis=1) if Y.shape[1] > 1 else (Y[:, 0] > 0.5).astype(int)


def measured(problem: str) -> dict[str, Any]:
    """The entry of one problem."""
    per_seed = [losses(problem, seed) for seed in SEEDS]
    mean = {name: np.mean([found[name] for found in per_seed], axis=0) for name in per_seed[0]}
    best = min((name for name in mean if name != CONSTANT), key=lambda name: mean[name][0])
    return {"baseline": round(mean[CONSTANT][1], 4), "reference": round(mean[best][1], 4), "by": best}


def main(names: Sequence[str] = ()) -> int:
    known = sorted(name for name in optlab.catalogue()["problems"] if name not in FETCHED)
    source = f"benchmarks/targets.py, {len(SEEDS)} splits, scikit-learn {sklearn.__version__}"
    former = json.loads(FILE.read_text())
    if names and (former["source"] != source or not set(names) <= set(known)):
        print(f"{FILE.name} is of {former['source']!r}, this would be of {source!r}; problems are {', '.join(known)}", file=sys.stderr)
        return 2
    problems = dict(former["problems"]) if names else {}
    with warnings.catch_warnings(), threadpool_limits(1):  # idle threads of the boosted trees would wait by spinning
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in names or known:
            problems[name] = entry = measured(name)
            print(f"{name:14} constant {entry['baseline']:.4f}  reference {entry['reference']:.4f} ({entry['by']})", flush=True)
    found = {"loss": "1 - accuracy, or 1 - R2, on test rows", "source": source, "problems": dict(sorted(problems.items()))}
    FILE.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
