"""Configurations as columns: the settings of trials, read from their descriptions once for all replicates that share them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

_PROTOCOL = ("order", "schedule", "schedule_unit", "initializer", "dtype", "l1_mode", "l2_mode", "penalise_biases")


class Configurations:
    """Settings by column, one entry per configuration met."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._columns: dict[str, list[Any]] = {}

    def place(self, key: int, describe: Callable[[int], str]) -> int:
        """The place of a configuration, by its key; described on first sight."""
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self._places)
            description = describe(key)
            for name, value in _settings(json.loads(description), description).items():
                column = self._columns.get(name)
                if column is None:
                    column = self._columns[name] = []
                if len(column) < found:  # those before have no such hyper-parameter
                    column.extend([math.nan] * (found - len(column)))
                column.append(value)
        return found

    def table(self, places: npt.NDArray[np.int64]) -> dict[str, Any]:
        """The settings of the configurations at these places, by column; ``_problem`` and ``_cell`` are what they are called."""
        import pandas as pd

        count = len(self._places)
        return {
            name: pd.Series(column + [math.nan] * (count - len(column))).take(places).array  # a kind of column as pandas finds it
            for name, column in self._columns.items()
        }


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
