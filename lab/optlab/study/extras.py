"""What a trial leaves beside its curves, as short texts for the store: the confusion matrix, the diagnosis."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from optlab.outcome import Diagnosis

NOTHING = "{}"
"""The diagnosis of a run that has none because it diverged or broke: it was asked for, and is not missing."""

NUMBERS = ("sharpness", "dead_units", "zero_weights")
"""What a frame has of a diagnosis as columns of its own; counts are summed over layers."""


def confusion_text(counts: npt.NDArray[Any] | None, classes: Sequence[Any] | None) -> str | None:
    """``[[36,0],[1,35]]``, or ``{"labels": [...], "counts": [...]}`` where the classes are called otherwise than 0, 1, 2, ..."""
    if counts is None:
        return None
    lines = str(counts.tolist()).replace(" ", "")  # 3 us for ten classes; json.dumps takes 14
    if classes is None or list(classes) == list(range(len(counts))):
        return lines
    return f'{{"labels":{json.dumps([str(one) for one in classes])},"counts":{lines}}}'


def diagnosis_text(diagnosis: Diagnosis | None) -> str:
    """The fields of a `Diagnosis` as a JSON object, `NOTHING` where there is none."""
    if diagnosis is None:
        return NOTHING
    return json.dumps(dataclasses.asdict(diagnosis), separators=(",", ":"))


def diagnosis_numbers(texts: Sequence[str | None]) -> Mapping[str, list[float | None]]:
    """The columns `NUMBERS` of these diagnoses; None where there is none."""
    found: dict[str, list[float | None]] = {name: [] for name in NUMBERS}
    for text in texts:
        about: dict[str, Any] = json.loads(text) if text else {}
        for name in NUMBERS:
            value = about.get(name)
            found[name].append(sum(value) if isinstance(value, list) else value)
    return found


def number(value: float) -> float | None:
    """A number as the store takes it: NaN is nothing."""
    return None if np.isnan(value) else float(value)
