"""How commands show things: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
PluginFiles = Annotated[list[str] | None, typer.Option("--plugin", metavar="FILE", help="Also use this plugin file. May be repeated.")]
StoreFile = Annotated[str | None, typer.Option("--store", metavar="FILE", help="Where outcomes are kept.  [default: reports/lab.db]")]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", help="Threads, or worker processes.  [default: one per core]")]
DataFolder = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="Where the recorded study's own data files lie.  [default: where they were]"),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study; KEY+=VALUE adds to its list. May be repeated."),
]

PIPED_WIDTH = 220
"""Characters per line when nobody looks: wide enough that no cell of a table is cut."""


def console(stderr: bool = False, terminal: bool | None = None) -> Console:
    """A console as wide as the terminal, or `PIPED_WIDTH` when the output goes to a file or a program; terminal: take it for one anyway."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, force_terminal=terminal)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=PIPED_WIDTH)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    """Print rows under `columns`; those named in `right` hold numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


def hyper_words(hyper: Mapping[str, Any]) -> str:
    """``lr=0.001, beta1=0.9`` from a plugin's hyper-parameters."""
    return ", ".join(f"{name}={_short(one.default)}" for name, one in hyper.items())


def hyper_records(hyper: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same for programs: name, default, and what values are allowed, in words."""
    return [{"name": name, "default": one.default, "admits": one.admits} for name, one in hyper.items()]


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
