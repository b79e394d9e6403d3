"""What a run leaves behind: how it ended, its curves, its cost, and the network, which predicts and can be saved."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kinds import Activation
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


def unpack(parameters: Array, sizes: tuple[int, ...] | list[int]) -> list[tuple[Array, Array]]:
    """Views of a flat parameter vector, layer by layer: W (n_in, n_out) and b (n_out,).

    Raises:
        OptlabError: the vector's length is not that of a network with these sizes.
    """
    parameters = np.asarray(parameters)
    needed = sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))
    if parameters.shape != (needed,):
        raise OptlabError(f"unpack: parameters of shape {parameters.shape} do not fit the sizes {tuple(sizes)}, which need ({needed},)")
    layers, at = [], 0
    for n_in, n_out in itertools.pairwise(sizes):
        W = parameters[at : at + n_in * n_out].reshape(n_in, n_out)
        at += n_in * n_out
        layers.append((W, parameters[at : at + n_out]))
        at += n_out
    return layers


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _sigmoid(logits: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(logits))


LINKS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {"identity": lambda y: y, "sigmoid": _sigmoid, "softmax": _softmax, "exp": np.exp, "step": lambda y: (y > 0).astype(y.dtype)}
)


@dataclass(frozen=True, eq=False)
class Network:
    """A dense network with everything that predicting needs: weights, activations, link, scaler."""

    sizes: tuple[int, ...]
    activations: tuple[tuple[Activation, dict[str, Value]], ...]
    link: str
    parameters: Array
    mean: Array | None = None
    scale: Array | None = None
    classes: tuple[Any, ...] | None = None

    def predict(self, X: Any) -> Array:
        """Predictions (n, n_out) at inputs X (n, n_in), in the run's dtype; X is scaled as the training data was.

        Costs that take logits give probabilities here: of the second class (one column), or of each class.

        Raises:
            OptlabError: X has another number of columns, or a value that is not finite.
        """
        a = np.asarray(X, dtype=np.float64)
        if a.ndim == 1 and self.sizes[0] == 1:
            a = a[:, None]
        if a.ndim != 2 or a.shape[1] != self.sizes[0]:
            raise OptlabError(f"predict: X has shape {a.shape}, but the network takes (rows, {self.sizes[0]})")
        if not np.isfinite(a).all():
            raise OptlabError("predict: X holds a value that is not finite; drop or fill such rows first")
        if self.mean is not None and self.scale is not None:
            a = (a - self.mean) / self.scale
        from optlab.wiring import Layers

        with single_threaded():
            layers = Layers(self.sizes, self.activations, str(self.parameters.dtype))
            outputs = layers.outputs(self.parameters, np.ascontiguousarray(a, dtype=self.parameters.dtype))
        return np.asarray(LINKS[self.link](outputs))


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

    @property
    def parameters(self) -> Array:
        """Final parameters, flat: per layer W (n_in, n_out), then b."""
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
        }
        arrays = {"parameters": network.parameters, "curves": self.curves, "about": np.array(json.dumps(about))}
        arrays |= {name: array for name in ("mean", "scale") if (array := getattr(network, name)) is not None}
        arrays |= {"running": self.running} if self.running is not None else {}
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
    return Outcome(about["status"], about["sentence"], arrays["curves"], about["metric"], network, **numbers, running=arrays.get("running"))
