"""Figures, tables, the page, and the same first screen in the terminal.

``write`` and ``terminal`` are imported on first use: matplotlib takes a while to load.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlab.report.console import terminal
    from optlab.report.page import write

__all__ = ["terminal", "write"]

_HOMES = {"terminal": "optlab.report.console", "write": "optlab.report.page"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
