"""What the stored outcomes say: selection, profiles, ranks. Works on data frames alone.

``summary`` is imported on first use: pandas takes a while to load, and commands that read no frame should not wait for it. (Its module is
not called ``summary``: importing it would hide the function.)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlab.evidence.gather import Evidence, summary

__all__ = ["Evidence", "summary"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        import importlib

        return getattr(importlib.import_module("optlab.evidence.gather"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
