"""`optlab selftest`: published numbers, reproduced."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.check import MARKS
from optlab.cli.tables import Json, console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from optlab.selftest.record import Number


def selftest(
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PART]...", help="closed-forms, scikit-learn, course-digits, deepobs. All of them by default."),
    ] = None,
    json: Json = False,
) -> None:
    """Reproduce published numbers with this installation's own training; exit code 1 when one is missed.

    Each line has our number, the published one, what is asked of the two, and who published it. A line with a dot shows two numbers of
    different protocols, which need not agree. It takes about a minute of processor time, part of it on all cores.

    Example: `optlab selftest`, or `optlab selftest scikit-learn --json`
    """
    from optlab import selftest as oracles

    out, found, began = console(), dict[str, list["Number"]](), time.monotonic()
    for name in oracles.chosen(parts or ()):
        with console(stderr=True).status(f"selftest {name}") as spinner:  # a spinner in a terminal, nothing elsewhere

            def progress(words: str, name: str = name, spinner: Any = spinner) -> None:
                spinner.update(f"selftest {name}: {words}")

            found[name] = list(oracles.numbers(name, progress))
        if not json:
            _show(*oracles.about(name), found[name], out)
    missed = sum(one.ok is False for numbers in found.values() for one in numbers)
    if json:
        print_json([{"part": name, **one.record()} for name, numbers in found.items() for one in numbers])
    else:
        _sum_up([one for numbers in found.values() for one in numbers], time.monotonic() - began, out)
    if missed:
        raise typer.Exit(1)


def _show(title: str, remark: str, numbers: Sequence[Number], out: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    out.print(Text(f"\n  {title}", style="bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    table.add_column(width=3, justify="right", no_wrap=True)
    table.add_column("")
    for column in ("ours", "published"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("agreement")
    sources = list(dict.fromkeys(one.source for one in numbers))
    table.add_column("source", no_wrap=True)
    for one in numbers:
        mark, style = MARKS[one.ok]
        ours, published = one.text()
        colour = "red" if one.ok is False else ""
        table.add_row(
            Text(mark, style=style), Text(one.what), Text(ours, style=colour), Text(published), Text(one.agreement, style="dim"),
            Text(f"[{sources.index(one.source) + 1}]", style="dim"),
        )  # fmt: skip
    out.print(table)
    for k, source in enumerate(sources, start=1):
        out.print(Text(f"    [{k}] {source}", style="dim"), soft_wrap=True)
    if remark:
        out.print(Text(f"    {remark}"), soft_wrap=True)


def _sum_up(numbers: Sequence[Number], seconds: float, out: Console) -> None:
    from rich.text import Text

    asked = [one for one in numbers if one.ok is not None]
    missed = [one for one in asked if not one.ok]
    shown = f", {len(numbers) - len(asked)} shown beside another protocol's" if len(numbers) > len(asked) else ""
    verdict = f"{len(asked) - len(missed)} of {len(asked)} numbers reproduced{shown}, in {seconds:.0f} s"
    out.print(Text(f"\n  {verdict}", style="bold red" if missed else "bold green"))
    for one in missed:
        ours, published = one.text()
        out.print(Text(f"  missed: {one.what}: {ours}, published {published} ({one.agreement})", style="red"), soft_wrap=True)
