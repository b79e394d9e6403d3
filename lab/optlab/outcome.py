"""What a run leaves behind: how it ended, its curves, its cost, and the network, which predicts and can be saved."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kinds import Cost, RowCost
from optlab.network import Network
from optlab.registry import Catalogue, installed

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]

# Order of the columns of `Outcome.curves`.
CURVES = (
    "epoch",
    "step",
    "seconds",
    "flops",
    "train_cost",
    "train_metric",
    "validation_cost",
    "validation_metric",
    "test_cost",
    "test_metric",
)

FILE_FORMAT = 1
_ARRAYS = ("running", "confusion")
_WHERE = ("bad_epoch", "bad_step", "bad_layer")


@dataclass(frozen=True)
class Diagnosis:
    """The state of a network at given weights over given rows (`optlab.diagnostics`). Per layer, input first; weights are W, biases apart.

    rows: how many. gradient_norm: 2-norm of the gradient of the mean cost, penalties apart, in each layer's W.
    update_ratio: 2-norm of the last update of W over that of W before it, a decoupled L2 apart; None where W was 0 or it is not known.
    dead_units, units: of each hidden layer, those whose output is the same number for all rows, and all.
    zero_weights, weights: exact zeros among each layer's W, and all.
    sharpness: the largest eigenvalue of the Hessian of the mean cost, penalties apart; None where it could not be found.
    """

    rows: int
    gradient_norm: tuple[float, ...]
    update_ratio: tuple[float | None, ...] | None
    dead_units: tuple[int, ...]
    units: tuple[int, ...]
    zero_weights: tuple[int, ...]
    weights: tuple[int, ...]
    sharpness: float | None


@dataclass(frozen=True, eq=False)
class Outcome:
    """One finished run.

    status: "done"; "diverged" (non-finite, or beyond the bound); "stuck" (finite, but in training cost no better than
        the best constant prediction; judged where there is validation data, as in every study);
        "stopped" (asked to, or out of time); "error". `sentence` says it in words.
    curves: float64 (rows, len(CURVES)); row 0 is before training; NaN where there is no such data.
    metric: what the metric columns hold, "accuracy" or "r2". Costs exclude the penalty.
    steps, epochs, seconds (training alone, compile time and evaluation excluded), flops: what the run cost.
    running: mean cost of each mini-batch before its update, where asked for.
    cost: what was trained, with its hyper-parameters.
    confusion: int64 (k, k), test rows of class i that were taken for class j, as the last `test_metric` counts them; None for regression,
        without test data, for more than `optlab.classified.MOST_CLASSES` classes, or where the run diverged or broke.
    roc_auc: area under the ROC curve on test, ties counted half; of several classes the mean of each against the rest; else NaN.
    bad_epoch, bad_step, bad_layer: where a diverged run was seen to diverge, counted from 1; the layer is the first with a parameter or
        gradient that is not finite, None where all were; None where the run did not diverge.
    diagnosis: the state of the network at the end, where asked for; see `Diagnosis`.
    """

    status: str
    sentence: str
    curves: Array
    metric: str
    network: Network
    steps: int
    epochs: int
    seconds: float
    flops: float
    running: Array | None = None
    cost: tuple[Cost | RowCost, dict[str, Value]] | None = None
    confusion: Array | None = None
    roc_auc: float = math.nan
    bad_epoch: int | None = None
    bad_step: int | None = None
    bad_layer: int | None = None
    diagnosis: Diagnosis | None = None

    @property
    def parameters(self) -> Array:
        """Final parameters, flat: per layer W (n_in, n_out), then b; what the history evaluates: a rule's average where it keeps one."""
        return self.network.parameters

    @property
    def history(self) -> pd.DataFrame:
        """The curves as a table; validation_* and test_* only where there is such data."""
        import pandas as pd

        table = pd.DataFrame(self.curves, columns=list(CURVES)).astype({"epoch": int, "step": int})
        absent = [name for name in CURVES if name.startswith(("validation", "test")) and np.isnan(self.curves[0, CURVES.index(name)])]
        return table.drop(columns=absent)

    def predict(self, X: Any) -> Array:
        """See `Network.predict`."""
        return self.network.predict(X)

    def save(self, path: str | Path) -> Path:
        """Write the run as a .npz file that `optlab.load` reads; no pickle. The file appears whole or not at all."""
        path = Path(path)
        path = path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
        network = self.network
        about = {
            "format": FILE_FORMAT,
            "status": self.status,
            "sentence": self.sentence,
            "metric": self.metric,
            "steps": self.steps,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "flops": self.flops,
            "sizes": network.sizes,
            "link": network.link,
            "classes": network.classes,
            "activations": [
                {"name": activation.name, "digest": activation.digest(hyper), "hyper": hyper} for activation, hyper in network.activations
            ],
            "cost": self.cost and {"name": self.cost[0].name, "digest": self.cost[0].digest(self.cost[1]), "hyper": self.cost[1]},
            "roc_auc": None if math.isnan(self.roc_auc) else self.roc_auc,
            **{key: getattr(self, key) for key in _WHERE},
            "diagnosis": self.diagnosis and dataclasses.asdict(self.diagnosis),
        }
        arrays = {"parameters": network.parameters, "curves": self.curves, "about": np.array(json.dumps(about))}
        arrays |= {name: array for name in ("mean", "scale") if (array := getattr(network, name)) is not None}
        arrays |= {name: array for name in _ARRAYS if (array := getattr(self, name)) is not None}
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the keywords for allow_pickle
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink()
            raise
        return path


def load(path: str | Path, catalogue: Catalogue | None = None) -> Outcome:
    """Read a run written by `Outcome.save`.

    catalogue: where its activations are looked up (default: the installed plugins).

    Raises:
        OptlabError: missing or foreign file, or an activation that is missing or no longer computes the same.
    """
    try:
        with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = dict(file)
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != FILE_FORMAT:
            raise OptlabError(f"{path} has format {about['format']}, this optlab reads format {FILE_FORMAT}; use the version that wrote it")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise OptlabError(f"{path} cannot be read as a saved optlab run ({error}); give a file written by Outcome.save") from error
    known = catalogue or installed()
    activations = []
    for entry in about["activations"]:
        activation = known.activation(entry["name"])
        if activation.digest(entry["hyper"]) != entry["digest"]:
            raise OptlabError(f"{path} was trained with another formula of activation {entry['name']!r}; give that one in `catalogue`")
        activations.append((activation, entry["hyper"]))
    classes = None if about["classes"] is None else tuple(about["classes"])
    network = Network(
        tuple(about["sizes"]), tuple(activations), about["link"], arrays["parameters"], arrays.get("mean"), arrays.get("scale"), classes
    )
    numbers = {key: about[key] for key in ("steps", "epochs", "seconds", "flops")}
    more = {key: about.get(key) for key in _WHERE} | {name: arrays.get(name) for name in _ARRAYS}
    area, diagnosis = about.get("roc_auc"), about.get("diagnosis")
    return Outcome(
        about["status"], about["sentence"], arrays["curves"], about["metric"], network, **numbers, **more,
        cost=_cost_of(about.get("cost"), known), roc_auc=math.nan if area is None else area,
        diagnosis=None if diagnosis is None else Diagnosis(**{key: _tuple(value) for key, value in diagnosis.items()}),
    )  # fmt: skip


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _cost_of(entry: dict[str, Any] | None, known: Catalogue) -> tuple[Cost | RowCost, dict[str, Value]] | None:
    """The cost of a saved run; None where the catalogue has not the same one: to predict needs none."""
    if entry is None or entry["name"] not in known["costs"]:
        return None
    cost = known.cost(entry["name"])
    return (cost, entry["hyper"]) if cost.digest(entry["hyper"]) == entry["digest"] else None
