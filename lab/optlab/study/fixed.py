"""What all cells of a study share: the settings that one must know, beside the axes, to repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optlab.study import axes
from optlab.study.cells import Contender
from optlab.study.spec import Study

NAMES = {"lr": "learning rate", "l1": "L1", "l2": "L2", "batch_size": "batch size"}
"""How people call some keys; the others as they are."""

_SHOWN = ("layers", "activation", "output", "cost", "initializer", "batch_size", "schedule", "l1", "l2", "penalise_biases", "dtype")
_UNUSED = ("l1", "l2", "penalise_biases")
_WAYS = {"l1_mode": ("l1", 0.0), "l2_mode": ("l2", 0.0), "schedule_unit": ("schedule", "constant")}
"""Key -> (what it is a way of, the value at which that is not used)."""


def settings(study: Study) -> Iterator[str]:
    """``activation sigmoid``, ``batch size 64``: what is one value for all contenders and not just left at nothing."""
    for key in _SHOWN:
        value = shared(study, key)
        if value is not None and not (key in _UNUSED and not value):
            text = axes.words((value,))
            yield f"{NAMES.get(key, 'hidden layers' if key == 'layers' else key.replace('_', ' '))} {text}"
    for key, (of, unused) in _WAYS.items():
        used = any(isinstance(values, axes.Range) or set(values) != {unused} for values in (one.axes[of] for one in study.contenders))
        if used and (value := shared(study, key)) is not None:
            yield f"{key.replace('_', ' ')} {value}"


def shared(study: Study, key: str) -> Any:
    """The one value of a key in all cells of a study; None where there are several, or where the problem decides."""
    found = {one_value(contender, key) for contender in study.contenders}
    return next(iter(found)) if len(found) == 1 else None


def one_value(contender: Contender, key: str) -> Any:
    """The one value of a key in all cells of a contender; None where there are several, or where the problem decides."""
    values = contender.networks if key == "layers" else axes.listed(contender.axes[key])
    return values[0] if len(values) == 1 else None
