"""Runs that others published, as the rows of a study: the records of DeepOBS (Schneider, Balles and Hennig, ICLR 2019).

`read(folder)` takes every ``.json`` below a folder, such as a checkout of ``fsschneider/DeepOBS_Baselines``, in the form of DeepOBS 1.1 or
1.2, and returns (frame, curves) with the columns that `optlab.study.tables` describes. What a record does not hold is NaN: seconds, FLOPs,
and steps where not every mini-batch was logged.

- The metric is accuracy where there is one, else the negated loss, so that larger is better in either case.
- A learning-rate grid was run with one seed and its best point again with others. Seeds that all settings of an optimizer share are its
  tuning replicates, the others confirmation replicates. They share neither start nor mini-batches with runs of this lab: nothing pairs
  them.
- A run whose final loss is not finite is "diverged", and so is one that DeepOBS 1.2 broke off for that: its record repeats the first values
  to the end.
- DeepOBS 1.1 has no validation set, and that of 1.2 for TensorFlow is its test set over again: it is read as it stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from optlab.errors import OptlabError

if TYPE_CHECKING:
    import pandas as pd

ROLES = {"train": "train", "valid": "validation", "test": "test"}  # there and here
SUFFIX = " (DeepOBS)"
NEGATED = "negated loss"
HYPERPARAMS = ("hyperparams", "optimizer_hyperparams", "hyperparameters")

Name = Annotated[str, Field(min_length=1, max_length=200)]
Whole = Annotated[int, Field(ge=0, lt=2**63)]
Curve = Annotated[list[float], Field(min_length=1)]
Schedule = list[float] | None


class Run(BaseModel):
    """One record by the names of either version, without its log of mini-batches; of that stays how many steps an epoch has."""

    model_config = ConfigDict(frozen=True, strict=True)

    testproblem: Name
    optimizer: Name = Field(validation_alias=AliasChoices("optimizer", "optimizer_name"))
    hyperparams: dict[str, Any] = Field(validation_alias=AliasChoices(*HYPERPARAMS))
    learning_rate: float | None = None
    weight_decay: float | None = Field(None, validation_alias=AliasChoices("weight_decay", "l2_reg"))
    lr_sched_epochs: Schedule = None
    lr_sched_factors: Schedule = None
    batch_size: Whole
    num_epochs: Whole
    random_seed: Whole
    steps_per_epoch: float | None = None
    train_losses: Curve
    valid_losses: Curve | None = None
    test_losses: Curve
    train_accuracies: Curve | None = None
    valid_accuracies: Curve | None = None
    test_accuracies: Curve | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, record: Any) -> Any:
        if not isinstance(record, Mapping):
            return record
        found = dict(record)
        inner = found.get("training_params")  # where 1.2 keeps the schedule
        if isinstance(inner, Mapping):
            found |= {key: inner[key] for key in ("lr_sched_epochs", "lr_sched_factors") if key in inner and key not in found}
        hyper = next((found[key] for key in HYPERPARAMS if key in found), None)
        if found.get("learning_rate") is None and isinstance(hyper, Mapping):
            found["learning_rate"] = hyper.get("learning_rate", hyper.get("lr"))
        logged, epochs = found.get("minibatch_train_losses"), found.get("num_epochs")
        if found.get("train_log_interval") == 1 and isinstance(logged, list) and isinstance(epochs, int) and epochs > 0:
            found["steps_per_epoch"] = len(logged) / epochs
        for key in [f"{role}_accuracies" for role in ROLES]:
            if isinstance(found.get(key), list) and not any(found[key]):  # 1.1 leaves them out where there are none, 1.2 writes zeros
                found[key] = None
        return found

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        lengths = {name: len(values) for name, values in self if isinstance(values, list) and name.endswith(("_losses", "_accuracies"))}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"its curves have different lengths ({', '.join(f'{name} {n}' for name, n in lengths.items())})")
        return self


def read(folder: str | Path, suffix: str = SUFFIX) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(frame, curves) of all records below `folder`. Contenders are called as there, with `suffix`.

    Raises:
        OptlabError: no such folder, no record in it, or a file that is none.
    """
    return frames(records(folder), suffix)


def records(folder: str | Path) -> Iterator[dict[str, Any]]:
    """Every record below `folder` as plain data, file by file: what `frames` takes and a store can keep.

    Raises:
        OptlabError: as for `read`.
    """
    files = sorted(Path(folder).rglob("*.json"))
    if not files:
        raise OptlabError(f"{folder} holds no .json file; give a folder of DeepOBS run records, such as a checkout of DeepOBS_Baselines")
    return (_load(file).model_dump() for file in files)


def frames(
    runs: Iterable[Mapping[str, Any]], suffix: str = SUFFIX, problems: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same from records that are already read; one that comes twice counts once.

    problems: test problem -> what to call it; the records of all others are left out. By default all, under their own names.

    Raises:
        OptlabError: no record, or none of these problems.
    """
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    curves = []
    for record in runs:
        run = Run.model_validate(record)
        if problems is not None and run.testproblem not in problems:
            continue
        row, curve = _row(run, suffix), _curve(run)
        if row["digest"] in rows:
            continue
        row |= {"problem": (problems or {}).get(run.testproblem, run.testproblem), "testproblem": run.testproblem}
        last = curve.iloc[-1]
        row |= {f"{role}_{what}": float(last[f"{role}_{what}"]) for role in ROLES.values() for what in ("cost", "metric")}
        rows[row["digest"]] = row | _ending(curve) | {"steps": last["step"], "epochs": int(last["epoch"])}
        curves.append(curve.assign(digest=row["digest"]))
    if not rows:
        raise OptlabError(f"there is no published run{' of ' + ', '.join(problems) if problems else ''} to make a frame of")
    frame = pd.DataFrame(list(rows.values()))
    frame.insert(4, "phase", _phases(frame))
    long = pd.concat(curves, ignore_index=True)
    return frame, long[["digest", *(name for name in long.columns if name != "digest")]]


def _load(file: Path) -> Run:
    remedy = "move other files out of that folder"
    try:
        record = json.loads(file.read_text(encoding="utf-8"))  # DeepOBS writes NaN, which Python's reader takes
    except (OSError, ValueError, RecursionError) as error:
        raise OptlabError(f"{file} cannot be read as a DeepOBS run record ({' '.join(str(error).split())}); {remedy}") from error
    try:
        return Run.model_validate(record)
    except ValidationError as error:
        raise OptlabError(f"{file} is no DeepOBS run record: {_fault(error)}; {remedy}") from error


def _fault(error: ValidationError) -> str:
    """The first fault in words; all keys that are missing, where some are."""
    found: list[Any] = list(error.errors(include_url=False))
    missing = [str(one["loc"][0]) for one in found if one["type"] == "missing"]
    if missing:
        return f"it has no {', '.join(missing)}"
    first = found[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if not first["loc"]:
        return "it is no table of names and values"
    given = repr(first["input"])
    shown = given if len(given) <= 60 else f"{given[:57]}..."
    return f"{'.'.join(map(str, first['loc']))} = {shown} ({first['msg'][0].lower()}{first['msg'][1:]})"


def _row(run: Run, suffix: str) -> dict[str, Any]:
    """What the run is: everything but its outcome."""
    hyper = {key: _scalar(value) for key, value in sorted(run.hyperparams.items()) if key not in ("lr", "learning_rate")}
    settings = {
        "problem": run.testproblem,
        "contender": f"{run.optimizer}{suffix}",
        "optimizer": run.optimizer,
        "lr": np.nan if run.learning_rate is None else run.learning_rate,
        "l2": run.weight_decay or 0.0,
        "l1": 0.0,
        **{f"hyper.{key}": value for key, value in hyper.items()},
        "epochs_asked": run.num_epochs,
        "batch_size": run.batch_size,
        "schedule": _schedule(run),
    }
    cell = hashlib.blake2b(repr(settings).encode(), digest_size=6).hexdigest()
    losses = repr((settings, run.random_seed, run.test_losses))
    metric = NEGATED if all(getattr(run, f"{role}_accuracies") is None for role in ROLES) else "accuracy"
    first = {"digest": hashlib.blake2b(losses.encode(), digest_size=16).hexdigest()}
    identity = {key: settings.pop(key) for key in ("problem", "contender", "optimizer")}
    outcome = {"seconds": np.nan, "flops": np.nan, "metric": metric}
    return first | identity | {"replicate": run.random_seed, "cell": cell} | settings | outcome


def _scalar(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else json.dumps(value)


def _schedule(run: Run) -> str:
    return f"factors {run.lr_sched_factors or []} from epochs {run.lr_sched_epochs}" if run.lr_sched_epochs else "constant"


def _curve(run: Run) -> pd.DataFrame:
    """One row per evaluation: before training and after each epoch; what was written after DeepOBS broke off is NaN."""
    import pandas as pd

    length = len(run.test_losses)
    steps = np.nan if run.steps_per_epoch is None else run.steps_per_epoch
    columns: dict[str, Any] = {"epoch": np.arange(length), "step": np.arange(length) * steps, "seconds": np.nan, "flops": np.nan}
    for there, here in ROLES.items():
        losses = np.array(getattr(run, f"{there}_losses") or [np.nan] * length, dtype=float)
        accuracies = getattr(run, f"{there}_accuracies")
        columns[f"{here}_cost"] = losses
        columns[f"{here}_metric"] = -losses if accuracies is None else np.array(accuracies, dtype=float)
    curve = pd.DataFrame(columns)
    values = [name for name in curve.columns if name.endswith(("_cost", "_metric"))]
    curve.loc[_broken_off(run) :, values] = np.nan
    return curve


def _broken_off(run: Run) -> int:
    """The epoch from which on the losses on training and test rows are the very numbers of before training; else beyond the last."""
    pairs = list(zip(run.train_losses, run.test_losses, strict=True))
    end = len(pairs)
    while end > 1 and pairs[end - 1] == pairs[0]:
        end -= 1
    return end


def _ending(curve: pd.DataFrame) -> dict[str, str]:
    lost = ~np.isfinite(curve["test_cost"].to_numpy())
    if lost[-1]:
        begin = len(lost) - int(np.argmin(lost[::-1])) if not lost.all() else 0
        return {"status": "diverged", "sentence": f"diverged: not finite from epoch {int(curve['epoch'].iloc[begin])} on"}
    return {"status": "done", "sentence": f"finished {int(curve['epoch'].iloc[-1])} epochs"}


def _phases(frame: pd.DataFrame) -> list[str]:
    """Seeds with which all settings of an optimizer were run tune, the others confirm; where all share all seeds, all tune."""
    shared: dict[tuple[str, str], set[int]] = {}
    for (problem, contender, _), rows in frame.groupby(["problem", "contender", "cell"]):
        key, seeds = (str(problem), str(contender)), set(rows["replicate"])
        shared[key] = shared.get(key, seeds) & seeds
    keys = zip(frame["problem"], frame["contender"], frame["replicate"], strict=True)
    return ["tuning" if seed in (shared[problem, contender] or {seed}) else "confirmation" for problem, contender, seed in keys]
