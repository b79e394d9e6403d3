"""Runs that others published, as the rows of a study: the records of DeepOBS (Schneider, Balles and Hennig, ICLR 2019).

`read(folder)` takes every ``.json`` below a folder, such as a checkout of ``fsschneider/DeepOBS_Baselines``, in the form of DeepOBS 1.1 or
1.2, and returns (frame, curves) with the columns that `optlab.study.tables` describes. What a record does not hold is NaN: seconds, FLOPs.

- The metric is accuracy where there is one, else the negated loss, so that larger is better in either case.
- A learning-rate grid was run with one seed and its best point again with others. Seeds that all settings of an optimizer share are its
  tuning replicates, the others confirmation replicates. They share neither start nor mini-batches with runs of this lab: nothing pairs
  them.
- A run whose final loss is not finite is "diverged".
- DeepOBS 1.1 has no validation set, and that of 1.2 for TensorFlow is its test set over again: it is read as it stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optlab.errors import OptlabError

if TYPE_CHECKING:
    import pandas as pd

ROLES = {"train": "train", "valid": "validation", "test": "test"}
"""Names of the data sets there and here."""
_NAMES = {"optimizer": ("optimizer", "optimizer_name"), "hyper": ("hyperparams", "optimizer_hyperparams", "hyperparameters")}
_NEEDED = ("testproblem", "batch_size", "num_epochs", "random_seed", "train_losses", "test_losses")


def read(folder: str | Path, suffix: str = " (DeepOBS)") -> tuple[pd.DataFrame, pd.DataFrame]:
    """(frame, curves) of all records below `folder`. Contenders are called as there, with `suffix`.

    Raises:
        OptlabError: no such folder, no record in it, or a file that is none.
    """
    files = sorted(Path(folder).rglob("*.json"))
    if not files:
        raise OptlabError(f"{folder} holds no .json file; give a folder of DeepOBS run records, such as a checkout of DeepOBS_Baselines")
    return frames([_load(file) for file in files], suffix)


def frames(records: Iterable[Mapping[str, Any]], suffix: str = " (DeepOBS)") -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same from records that are already read."""
    import pandas as pd

    rows, curves = [], []
    for record in records:
        row, curve = _row(record, suffix), _curve(record)
        last = curve.iloc[-1]
        row |= {f"{role}_{what}": float(last[f"{role}_{what}"]) for role in ROLES.values() for what in ("cost", "metric")}
        rows.append(row | _ending(curve) | {"steps": last["step"], "epochs": int(last["epoch"])})
        curves.append(curve.assign(digest=row["digest"]))
    frame = pd.DataFrame(rows)
    frame.insert(4, "phase", _phases(frame))
    long = pd.concat(curves, ignore_index=True)
    return frame, long[["digest", *(name for name in long.columns if name != "digest")]]


def _load(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))  # DeepOBS writes NaN, which Python's reader takes
        missing = [name for name in _NEEDED if name not in record] + [kind for kind in _NAMES if not _keys(record, kind)]
    except (OSError, ValueError, TypeError) as error:
        raise OptlabError(f"{file} cannot be read as a DeepOBS run record ({error}); move other files out of that folder") from error
    if missing:
        raise OptlabError(f"{file} is no DeepOBS run record: it has no {', '.join(missing)}; move other files out of that folder")
    return dict(record)


def _keys(record: Mapping[str, Any], kind: str) -> list[str]:
    return [name for name in _NAMES[kind] if name in record]


def _row(record: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    """What the run is: everything but its outcome."""
    name, hyper = record[_keys(record, "optimizer")[0]], dict(record[_keys(record, "hyper")[0]])
    lr = record.get("learning_rate", hyper.pop("learning_rate", hyper.pop("lr", None)))
    settings = {
        "problem": record["testproblem"],
        "contender": f"{name}{suffix}",
        "optimizer": name,
        "lr": np.nan if lr is None else float(lr),
        "l2": float(record.get("weight_decay") or record.get("l2_reg") or 0.0),
        "l1": 0.0,
        **{f"hyper.{key}": value for key, value in sorted(hyper.items())},
        "epochs_asked": int(record["num_epochs"]),
        "batch_size": int(record["batch_size"]),
    }
    cell = hashlib.blake2b(repr(settings).encode(), digest_size=6).hexdigest()
    losses = repr((settings, record["random_seed"], record["test_losses"]))
    metric = "accuracy" if any(_accuracies(record, role) is not None for role in ROLES) else "negated loss"
    first = {"digest": hashlib.blake2b(losses.encode(), digest_size=16).hexdigest()}
    identity = {key: settings.pop(key) for key in ("problem", "contender", "optimizer")}
    outcome = {"seconds": np.nan, "flops": np.nan, "metric": metric}
    return first | identity | {"replicate": int(record["random_seed"]), "cell": cell} | settings | outcome


def _accuracies(record: Mapping[str, Any], role: str) -> list[float] | None:
    """None where there are none: 1.1 leaves them out, 1.2 writes zeros."""
    found = record.get(f"{role}_accuracies")
    return found if found and np.nan_to_num(np.array(found, dtype=float)).any() else None


def _curve(record: Mapping[str, Any]) -> pd.DataFrame:
    """One row per evaluation: before training and after each epoch."""
    import pandas as pd

    length = len(record["test_losses"])
    logged = len(record.get("minibatch_train_losses") or ()) * int(record.get("train_log_interval") or 1)
    per_epoch = logged / record["num_epochs"] if logged and record["num_epochs"] else np.nan
    columns: dict[str, Any] = {"epoch": np.arange(length), "step": np.arange(length) * per_epoch, "seconds": np.nan, "flops": np.nan}
    for there, here in ROLES.items():
        losses = np.array(record.get(f"{there}_losses") or [np.nan] * length, dtype=float)
        accuracies = _accuracies(record, there)
        columns[f"{here}_cost"] = losses
        columns[f"{here}_metric"] = -losses if accuracies is None else np.array(accuracies, dtype=float)
    return pd.DataFrame(columns)


def _ending(curve: pd.DataFrame) -> dict[str, str]:
    bad = curve.index[~np.isfinite(curve["test_cost"])]
    if len(bad) and bad[-1] == curve.index[-1]:
        return {"status": "diverged", "sentence": f"diverged: not finite from epoch {int(curve['epoch'][bad[0]])} on"}
    return {"status": "done", "sentence": f"finished {int(curve['epoch'].iloc[-1])} epochs"}


def _phases(frame: pd.DataFrame) -> list[str]:
    """Seeds with which all settings of an optimizer were run tune, the others confirm; where all share all seeds, all tune."""
    shared: dict[tuple[str, str], set[int]] = {}
    for (problem, contender, _), rows in frame.groupby(["problem", "contender", "cell"]):
        key, seeds = (str(problem), str(contender)), set(rows["replicate"])
        shared[key] = shared.get(key, seeds) & seeds
    keys = zip(frame["problem"], frame["contender"], frame["replicate"], strict=True)
    return ["tuning" if seed in (shared[problem, contender] or {seed}) else "confirmation" for problem, contender, seed in keys]
