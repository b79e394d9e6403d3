"""The store's rows as data frames.

`frame`: one row per trial with the columns

- ``digest, problem, contender, optimizer, phase ("tuning", "confirmation" or "halving"), replicate, cell`` (what it is; the cell is
  everything but replicate and phase),
- the settings ``lr, l2, l1, hyper.<name>, layers ("64-50-10"), activation, output, cost, epochs_asked, batch_size, order, schedule,
  schedule_unit, initializer, dtype, l1_mode, l2_mode, penalise_biases`` (NaN or None where the rule has no such hyper-parameter),
- ``status, sentence, steps, epochs, seconds, flops, metric`` and the final ``{train,validation,test}_{cost,metric}`` (NaN where the run
  diverged or there is no such data),
- ``roc_auc`` and ``confusion`` on test: the area, of confirmation replicates alone; the matrix as JSON text, a list with the counts by
  class predicted for each true class, or ``{"labels": [names of the classes], "counts": that list}``; NaN and None for regression, for
  runs that diverged, for trials of stores of version 1,
- ``bad_epoch, bad_step, bad_layer``: where a diverged run was seen to diverge (Int64, counted from 1, NA for the others; no layer where
  all numbers were finite),
- ``sharpness, dead_units, zero_weights`` and ``diagnosis``, the JSON text of an `optlab.Diagnosis` with one more key, ``same`` (false: the
  run that was looked at did not give the stored curves bit for bit); NaN, NA and None where no diagnosis was asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optlab.study import curves as curve_blocks
from optlab.study import extras
from optlab.study.trial import CONFIRMATION, FIRST_CONFIRMATION, TUNING

if TYPE_CHECKING:
    import pandas as pd

EXTRAS = ("roc_auc", "confusion", "bad_epoch", "bad_step", "bad_layer")
"""What version 2 of the store added to a trial."""

_OUTCOME = ("replicate", "status", "sentence", "steps", "epochs", "seconds", "flops", "metric", "train_cost", "train_metric",
            "validation_cost", "validation_metric", "test_cost", "test_metric", *EXTRAS)  # fmt: skip
_PROTOCOL = ("order", "schedule", "schedule_unit", "initializer", "dtype", "l1_mode", "l2_mode", "penalise_biases")
_FINALS = _OUTCOME[8:14]
_WHOLE = ("bad_epoch", "bad_step", "bad_layer", "dead_units", "zero_weights")
_SELECTED = ", ".join(f"trial.{name}" for name in _OUTCOME)

STUDY_ROWS = f"""
    SELECT study_trial.digest, configuration.id, configuration.description, study_trial.problem, study_trial.contender, study_trial.phase,
           study_trial.cell, diagnosis.numbers, diagnosis.same, {_SELECTED}
    FROM study_trial JOIN trial ON trial.digest = study_trial.digest JOIN configuration ON configuration.id = trial.configuration
    LEFT JOIN diagnosis ON diagnosis.trial = trial.id
    WHERE study_trial.study = ? ORDER BY study_trial.position"""
DIGEST_ROWS = f"""
    SELECT trial.digest, configuration.id, configuration.description, NULL, NULL, NULL, NULL,
           diagnosis.numbers, diagnosis.same, {_SELECTED}
    FROM trial JOIN configuration ON configuration.id = trial.configuration LEFT JOIN diagnosis ON diagnosis.trial = trial.id
    WHERE trial.digest = ?"""
STUDY_CURVES = """
    SELECT trial.digest, curve.block FROM study_trial JOIN trial ON trial.digest = study_trial.digest
    JOIN curve ON curve.trial = trial.id WHERE study_trial.study = ? ORDER BY study_trial.position"""
DIGEST_CURVES = "SELECT trial.digest, curve.block FROM trial JOIN curve ON curve.trial = trial.id WHERE trial.digest = ?"
STUDY_ENVIRONMENTS = """
    SELECT environment.description FROM study_trial JOIN trial ON trial.digest = study_trial.digest
    JOIN environment ON environment.id = trial.environment WHERE study_trial.study = ?
    GROUP BY environment.id ORDER BY count(*) DESC, environment.id"""
EXACT = f"""
    SELECT trial.digest, configuration.description, trial.seed, trial.data, {_SELECTED.replace("trial.seconds, ", "")}, curve.digest
    FROM trial JOIN configuration ON configuration.id = trial.configuration JOIN curve ON curve.trial = trial.id"""


def frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """The frame described above."""
    import pandas as pd

    # Settings are parsed once per configuration and repeated by index: its replicates share them.
    places: dict[int, int] = {}
    described: list[dict[str, Any]] = []
    for _, key, description, *_ in rows:
        if key not in places:
            places[key] = len(described)
            described.append(_settings(json.loads(description), description))
    if not described:
        empty = ["digest", "problem", "contender", "optimizer", "phase", "replicate", "cell", "lr", "l2", "l1", "layers", *_OUTCOME[1:]]
        kinds = dict.fromkeys(("roc_auc", "sharpness", *_FINALS), "float64") | dict.fromkeys(_WHOLE, "Int64")
        return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "object")) for name in [*empty, *extras.NUMBERS, "diagnosis"]})
    settings = pd.DataFrame(described).iloc[[places[key] for _, key, *_ in rows]].reset_index(drop=True)
    digests, _, _, problems, contenders, phases, cells, looks, same, *outcome = (list(column) for column in zip(*rows, strict=True))
    result = pd.DataFrame(dict(zip(_OUTCOME, outcome, strict=True)) | _diagnoses(looks, same))
    implied = np.where(result["replicate"] >= FIRST_CONFIRMATION, CONFIRMATION, TUNING)
    identity = pd.DataFrame(
        {
            "digest": [digest.hex() for digest in digests],
            "problem": [given or own for given, own in zip(problems, settings["_problem"], strict=True)],
            "contender": [given or own for given, own in zip(contenders, settings["optimizer"], strict=True)],
            "optimizer": settings.pop("optimizer"),
            "phase": [given or own for given, own in zip(phases, implied, strict=True)],
            "replicate": result.pop("replicate"),
            "cell": [given or own for given, own in zip(cells, settings["_cell"], strict=True)],
        }
    )
    table = pd.concat([identity, settings.drop(columns=["_problem", "_cell"]), result], axis=1)
    hyper = sorted(name for name in table.columns if name.startswith("hyper."))
    first = [name for name in table.columns if name not in hyper]
    place = first.index("l1") + 1
    numbers = dict.fromkeys(("lr", "l1", "l2", "seconds", "flops", *_FINALS, "roc_auc", "sharpness"), "float64")
    return table[[*first[:place], *hyper, *first[place:]]].astype(numbers | dict.fromkeys(_WHOLE, "Int64"))


def _diagnoses(texts: Sequence[str | None], same: Sequence[int | None]) -> dict[str, Sequence[Any]]:
    """The columns of the diagnoses; a text that says nothing (`extras.NOTHING`) is none."""
    said = [None if text == extras.NOTHING else text for text in texts]
    with_same = [text and f'{text[:-1]},"same":{"true" if one else "false"}}}' for text, one in zip(said, same, strict=True)]
    return {**extras.diagnosis_numbers(said), "diagnosis": with_same}


def _settings(about: dict[str, Any], description: str) -> dict[str, Any]:
    settings, hyper = about["settings"], dict(about["settings"]["hyper"])
    hidden = settings["activation"]
    settings.setdefault("schedule_unit", "epoch")  # trials of before there was a choice
    return {
        "_problem": about["problem"],
        "_cell": hashlib.blake2b(description.encode(), digest_size=6).hexdigest(),
        "optimizer": settings["optimizer"],
        "lr": hyper.pop("lr", None),
        "l2": settings["l2"],
        "l1": settings["l1"],
        **{f"hyper.{name}": value for name, value in hyper.items()},
        **_hyper_of_parts(settings),
        "layers": "-".join(map(str, about["sizes"])),
        "activation": hidden[0] if len(set(hidden)) == 1 else "-".join(hidden) or "none",
        "output": settings["output"],
        "cost": settings["cost"],
        "epochs_asked": settings["epochs"],
        "batch_size": settings["batch_size"],
        **{name: settings[name] for name in _PROTOCOL},
    }


def _hyper_of_parts(settings: dict[str, Any]) -> dict[str, Any]:
    """Hyper-parameters of activations, cost, schedule and initializer, as ``hyper.<plugin>.<name>``."""
    parts = [*zip(settings["activation"], settings["activation_hyper"], strict=True)]
    parts += [(settings[role], settings[f"{role}_hyper"]) for role in ("output", "cost", "schedule", "initializer")]
    return {f"hyper.{plugin}.{name}": value for plugin, values in parts for name, value in values}


def long_curves(rows: Sequence[tuple[bytes, bytes]]) -> pd.DataFrame:
    """One row per trial and evaluated epoch."""
    import pandas as pd

    blocks = [(digest.hex(), curve_blocks.unpack(block)) for digest, block in dict(rows).items()]  # contenders may share a trial
    table = np.concatenate([block for _, block in blocks]) if blocks else np.empty((0, len(curve_blocks.COLUMNS)))
    found = pd.DataFrame(table, columns=list(curve_blocks.COLUMNS)).astype({"epoch": "int64", "step": "int64"})
    found.insert(0, "digest", np.repeat(np.array([name for name, _ in blocks], dtype=object), [len(block) for _, block in blocks]))
    return found
