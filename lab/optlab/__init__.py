"""Trustworthy evidence about an optimizer or an activation in the time of a coffee: checked, replicated, explained.

Public names only; each loads what it needs on first use, so that ``import optlab`` costs milliseconds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlab.errors import OptlabError
    from optlab.gradients import gradient
    from optlab.outcome import Outcome, load, unpack
    from optlab.registry import catalogue
    from optlab.study.axes import linear, log
    from optlab.study.spec import Study, variant
    from optlab.training import train
    from optlab.trajectories import trajectory

__version__ = "0.1.0"

__all__ = [
    "OptlabError",
    "Outcome",
    "Study",
    "catalogue",
    "gradient",
    "linear",
    "load",
    "log",
    "train",
    "trajectory",
    "unpack",
    "variant",
]

_HOME = {
    "OptlabError": "optlab.errors",
    "Outcome": "optlab.outcome",
    "Study": "optlab.study.spec",
    "catalogue": "optlab.registry",
    "gradient": "optlab.gradients",
    "linear": "optlab.study.axes",
    "load": "optlab.outcome",
    "log": "optlab.study.axes",
    "train": "optlab.training",
    "trajectory": "optlab.trajectories",
    "unpack": "optlab.outcome",
    "variant": "optlab.study.spec",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'optlab' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
