"""Figures, tables, the page, and the same first screen in the terminal and in a notebook.

``write``, ``terminal``, ``notebook`` and ``figure_file`` are imported on first use: matplotlib takes a while to load.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlab.report.console import terminal
    from optlab.report.export import figure_file
    from optlab.report.notebooks import notebook
    from optlab.report.page import write

__all__ = ["figure_file", "notebook", "terminal", "write"]

_HOMES = {
    "figure_file": "optlab.report.export",
    "notebook": "optlab.report.notebooks",
    "terminal": "optlab.report.console",
    "write": "optlab.report.page",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
