"""Configurations as columns: the settings of trials, read from their descriptions once for all replicates that share them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_PROTOCOL = ("order", "schedule", "schedule_unit", "initializer", "dtype", "l1_mode", "l2_mode", "penalise_biases")


class Configurations:
    """Settings by column, one entry per configuration met; equal texts are one object: 33,000 configurations in 10 MB instead of 45."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._alike: dict[tuple[str, ...], tuple[list[int], list[list[Any]]]] = {}  # names of settings -> places, values at each
        self._texts: dict[str, str] = {}

    def places(self, keys: Sequence[int], describe: Callable[[Sequence[int]], Iterable[tuple[int, str]]]) -> list[int]:
        """The places of configurations, by their keys. describe: called with the new ones, each (key, description) of which it gives."""
        new = [key for key in dict.fromkeys(keys) if key not in self._places]
        for key, description in describe(new) if new else ():
            self._enter(key, _settings(json.loads(description), description))
        return [self._places[key] for key in keys]

    def _enter(self, key: int, settings: Mapping[str, Any]) -> None:
        place = self._places[key] = len(self._places)
        places, rows = self._alike.setdefault(tuple(settings), ([], []))
        places.append(place)
        rows.append([self._texts.setdefault(one, one) if one.__class__ is str else one for one in settings.values()])

    def table(self, places: npt.NDArray[np.int64]) -> dict[str, Any]:
        """The settings of the configurations at these places, by column; ``_problem`` and ``_cell`` are what they are called."""
        import pandas as pd

        columns: dict[str, npt.NDArray[np.object_]] = {}
        for names, (own, rows) in self._alike.items():
            for name, values in zip(names, zip(*rows, strict=True), strict=True):
                if name not in columns:
                    columns[name] = np.full(len(self._places), math.nan, dtype=object)  # not all rules have all hyper-parameters
                columns[name][own] = np.fromiter(values, dtype=object, count=len(own))
        # A list, of which pandas finds the kind of column.
        return {name: pd.Series(column.tolist()).take(places).array for name, column in columns.items()}


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
