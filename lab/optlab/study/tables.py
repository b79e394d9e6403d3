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

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optlab.study import curves as curve_blocks
from optlab.study import extras, seals
from optlab.study.configurations import Configurations
from optlab.study.trial import CONFIRMATION, FIRST_CONFIRMATION, TUNING

if TYPE_CHECKING:
    import pandas as pd

EXTRAS = ("roc_auc", "confusion", "bad_epoch", "bad_step", "bad_layer")
"""What version 2 of the store added to a trial."""

_OUTCOME = ("replicate", "status", "sentence", "steps", "epochs", "seconds", "flops", "metric", "train_cost", "train_metric",
            "validation_cost", "validation_metric", "test_cost", "test_metric", *EXTRAS)  # fmt: skip
_FINALS = _OUTCOME[8:14]
IDENTITY = ("digest", "problem", "contender", "optimizer", "phase", "replicate", "cell")
OUTCOMES = (*_OUTCOME, *extras.NUMBERS, "diagnosis")
"""Columns of a frame that are no settings."""
_COLUMNS = ("problem", "contender", "phase", "cell", "numbers", "same", *_OUTCOME)
_TEXTS = ("problem", "contender", "phase", "cell", "numbers", "status", "sentence", "metric")
_COUNTS = ("replicate", "steps", "epochs")
_NUMBERS = {name: "int64" if name in _COUNTS else "float64" for name in _COLUMNS if name not in (*_TEXTS, "confusion")}
_WHOLE = ("bad_epoch", "bad_step", "bad_layer", "dead_units", "zero_weights")
_SELECTED = ", ".join(f"trial.{name}" for name in _OUTCOME)

_READ = f"""trial.id, trial.digest, trial.configuration, study_trial.problem, study_trial.contender, study_trial.phase, study_trial.cell,
           diagnosis.numbers, diagnosis.same, {_SELECTED}"""

STUDY_ROWS = f"""
    SELECT {seals.sound("study_trial", "trial", "diagnosis")}, {_READ}
    FROM study_trial LEFT JOIN trial ON trial.digest = study_trial.digest LEFT JOIN diagnosis ON diagnosis.trial = trial.id
    WHERE study_trial.study = ? ORDER BY study_trial.position"""
DIGEST_ROWS = f"""
    SELECT {seals.sound("trial", "diagnosis")}, {_READ.replace("study_trial.", "NULL AS ")}
    FROM trial LEFT JOIN diagnosis ON diagnosis.trial = trial.id WHERE trial.digest = ?"""
STUDY_CURVES = f"""
    SELECT {seals.sound("curve")}, trial.digest, curve.block FROM study_trial JOIN trial ON trial.digest = study_trial.digest
    JOIN curve ON curve.trial = trial.id WHERE study_trial.study = ? ORDER BY study_trial.position"""
DIGEST_CURVES = f"""
    SELECT {seals.sound("curve")}, trial.digest, curve.block FROM trial JOIN curve ON curve.trial = trial.id WHERE trial.digest = ?"""
STUDY_ENVIRONMENTS = f"""
    SELECT {seals.sound("environment")}, environment.description FROM study_trial JOIN trial ON trial.digest = study_trial.digest
    JOIN environment ON environment.id = trial.environment WHERE study_trial.study = ?
    GROUP BY environment.id ORDER BY count(*) DESC, environment.id"""
CONFIGURATIONS = f"""
    SELECT {seals.sound("configuration")}, id, plain(description) FROM configuration WHERE id IN (SELECT value FROM json_each(?))"""
EXACT = f"""
    SELECT {seals.sound("trial", "configuration", "curve")}, trial.digest, plain(configuration.description), trial.seed, trial.data,
           {_SELECTED.replace("trial.seconds, ", "")}, curve.digest
    FROM trial JOIN configuration ON configuration.id = trial.configuration JOIN curve ON curve.trial = trial.id"""


def frame(chunks: Iterable[Sequence[tuple[Any, ...]]], describe: Callable[[Sequence[int]], Iterable[tuple[int, str]]]) -> pd.DataFrame:
    """The frame described above, from rows of `STUDY_ROWS` or `DIGEST_ROWS`.

    describe: keys and descriptions of these configurations. Rows come in chunks and leave their numbers in buffers and the texts that
    hardly two of them share in arrays: all of them at once as Python objects would be 6 KB per trial.
    """
    import pandas as pd
    import pyarrow as pa

    configurations, which = Configurations(), bytearray()
    own_texts: dict[str, list[Any]] = {"digest": [], "confusion": []}
    texts: dict[str, list[str | None]] = {name: [] for name in _TEXTS}
    numbers = {name: bytearray() for name in _NUMBERS}  # grow in place: arrays to put together at the end leave a heap full of holes
    one: dict[str | None, str | None] = {}  # equal texts are one object
    for rows in chunks:
        found = [row for row in rows if row[1] is not None]  # planned, not run yet
        if not found:
            continue
        _, _, own, keys, *values = zip(*found, strict=True)
        own_texts["digest"].append(pa.array([digest.hex() for digest in own], pa.large_string()))
        which += np.array(configurations.places(keys, describe), dtype="int64").tobytes()
        for name, column in zip(_COLUMNS, values, strict=True):
            if name in numbers:
                numbers[name] += np.array(column, dtype=_NUMBERS[name]).tobytes()
            elif name in own_texts:
                own_texts[name].append(pa.array(column, pa.large_string()))
            else:
                texts[name] += [one.setdefault(text, text) for text in column]
    if not which:
        return _empty()
    settings = configurations.table(np.frombuffer(which, dtype="int64"))
    outcome: dict[str, Any] = {name: np.frombuffer(buffer, dtype=_NUMBERS[name]) for name, buffer in numbers.items()} | texts
    outcome["confusion"] = _together(own_texts.pop("confusion"))
    implied = np.where(outcome["replicate"] >= FIRST_CONFIRMATION, CONFIRMATION, TUNING)
    # One column after the other into one table: put together from parts it was there three times, 100 MB for 100,000 trials.
    columns: dict[str, Any] = {
        "digest": _together(own_texts.pop("digest")),
        "problem": _given_or(outcome["problem"], settings.pop("_problem")),
        "contender": _given_or(outcome["contender"], settings["optimizer"]),
        "optimizer": settings.pop("optimizer"),
        "phase": _given_or(outcome["phase"], implied),
        "replicate": outcome["replicate"],
        "cell": _given_or(outcome["cell"], settings.pop("_cell")),
    }
    hyper = sorted(name for name in settings if name.startswith("hyper."))
    rates = {name: np.asarray(settings.pop(name), dtype="float64") for name in ("lr", "l2", "l1")}
    columns |= rates | {name: settings.pop(name) for name in hyper} | settings
    columns |= {name: outcome[name] for name in _OUTCOME[1:]} | dict(_diagnoses(outcome["numbers"], outcome["same"]))
    columns |= {name: pd.array(np.asarray(columns[name], dtype="float64"), dtype="Int64") for name in _WHOLE}
    columns["sharpness"] = np.asarray(columns["sharpness"], dtype="float64")
    return pd.DataFrame(columns, copy=False)


def _together(parts: Sequence[Any]) -> Any:
    """The texts of Arrow arrays; where there is none at all, as many times None."""
    import pandas as pd
    import pyarrow as pa

    found = pa.concat_arrays(parts)  # in one piece: many would be put together whenever some rows are taken
    return [None] * len(found) if found.null_count == len(found) else pd.array(found, dtype="str")


def _empty() -> pd.DataFrame:
    import pandas as pd

    names = [*IDENTITY, "lr", "l2", "l1", "layers", *_OUTCOME[1:]]
    kinds = dict.fromkeys(("roc_auc", "sharpness", *_FINALS), "float64") | dict.fromkeys(_WHOLE, "Int64")
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "object")) for name in [*names, *extras.NUMBERS, "diagnosis"]})


def _given_or(given: Sequence[str | None], own: Iterable[str]) -> Sequence[str | None]:
    """What a study calls it; where none is asked, what the trial itself says."""
    return given if all(given) else [name or other for name, other in zip(given, own, strict=True)]


def _diagnoses(texts: Sequence[str | None], same: Iterable[float]) -> dict[str, Sequence[Any]]:
    """The columns of the diagnoses; a text that says nothing (`extras.NOTHING`) is none."""
    if not any(texts):
        return dict.fromkeys((*extras.NUMBERS, "diagnosis"), texts)
    said = [None if text == extras.NOTHING else text for text in texts]
    with_same = [text and f'{text[:-1]},"same":{"true" if one else "false"}}}' for text, one in zip(said, same, strict=True)]
    return {**extras.diagnosis_numbers(said), "diagnosis": with_same}


def long_curves(rows: Iterable[tuple[bytes, bytes]]) -> pd.DataFrame:
    """One row per trial and evaluated epoch, from digests and blocks."""
    import pandas as pd

    blocks = [(digest.hex(), curve_blocks.unpack(block)) for digest, block in dict(rows).items()]  # contenders may share a trial
    table = np.concatenate([block for _, block in blocks]) if blocks else np.empty((0, len(curve_blocks.COLUMNS)))
    found = pd.DataFrame(table, columns=list(curve_blocks.COLUMNS)).astype({"epoch": "int64", "step": "int64"})
    found.insert(0, "digest", np.repeat(np.array([name for name, _ in blocks], dtype=object), [len(block) for _, block in blocks]))
    return found
