"""Trustworthy evidence about an optimizer or an activation in the time of a coffee: checked, replicated, explained.

Public names only; each loads what it needs on first use, so that ``import optlab`` costs milliseconds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlab.conformance.functions import check_function
    from optlab.conformance.networks import check_gradient
    from optlab.conformance.orders import check_order
    from optlab.conformance.steps import check_step
    from optlab.diagnostics import diagnose
    from optlab.errors import OptlabError
    from optlab.formula.worked import autodiff
    from optlab.gradients import gradient
    from optlab.network import unpack
    from optlab.objectives.descent import Descent, minimise
    from optlab.objectives.quadratics import quadratic
    from optlab.outcome import Diagnosis, Outcome, load
    from optlab.registry import catalogue
    from optlab.study.axes import linear, log
    from optlab.study.spec import Study, variant
    from optlab.training import train
    from optlab.trajectories import trajectory

__version__ = "0.1.0"

__all__ = [
    "Descent",
    "Diagnosis",
    "OptlabError",
    "Outcome",
    "Study",
    "autodiff",
    "catalogue",
    "check_function",
    "check_gradient",
    "check_order",
    "check_step",
    "diagnose",
    "gradient",
    "linear",
    "load",
    "log",
    "minimise",
    "quadratic",
    "train",
    "trajectory",
    "unpack",
    "variant",
]

_HOME = {
    "Descent": "optlab.objectives.descent",
    "Diagnosis": "optlab.outcome",
    "OptlabError": "optlab.errors",
    "Outcome": "optlab.outcome",
    "Study": "optlab.study.spec",
    "autodiff": "optlab.formula.worked",
    "catalogue": "optlab.registry",
    "check_function": "optlab.conformance.functions",
    "check_gradient": "optlab.conformance.networks",
    "check_order": "optlab.conformance.orders",
    "check_step": "optlab.conformance.steps",
    "diagnose": "optlab.diagnostics",
    "gradient": "optlab.gradients",
    "linear": "optlab.study.axes",
    "load": "optlab.outcome",
    "log": "optlab.study.axes",
    "minimise": "optlab.objectives.descent",
    "quadratic": "optlab.objectives.quadratics",
    "train": "optlab.training",
    "trajectory": "optlab.trajectories",
    "unpack": "optlab.network",
    "variant": "optlab.study.spec",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'optlab' has no attribute {name!r}")
    from optlab.loading import uncollected

    with uncollected():
        return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
