"""Why the same trial may give other numbers: what differs between where it ran and here, in words."""

from __future__ import annotations

from collections.abc import Mapping

CAUSES = ("architecture", "cpu", "optlab", "numba", "llvmlite", "numpy", "scipy", "scikit-learn", "blas", "python")
"""Parts of `optlab.study.environment` that numbers may depend on. Drawing and the system's own version are none."""

_NAMES = {"cpu": "CPU", "blas": "BLAS", "python": "Python"}


def between(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """``numba 0.61.0 there, 0.62.1 here`` for each cause that differs; what one of the two does not say is no difference."""
    different = (name for name in CAUSES if name in there and name in here and there[name] != here[name])
    return [f"{_NAMES.get(name, name)} {there[name]} there, {here[name]} here" for name in different]


def sentence(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """The same as the end of a sentence on a difference."""
    found = between(there, here)
    if found:
        return f"it ran under other conditions ({'; '.join(found)}), which may round differently"
    return "it ran on this CPU with these versions, so the store was changed, or the computer or the plugin errs"
