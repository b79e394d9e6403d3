"""`optlab check`: the conformance report of one plugin, or of all in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from optlab.cli.tables import Json, PluginFiles, console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from optlab.conformance.record import Check, Report

MARKS = {True: ("\N{CHECK MARK}", "green"), False: ("\N{BALLOT X}", "bold red"), None: ("\N{MIDDLE DOT}", "dim")}


def check(
    name: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="An activation, cost, objective or optimizer; or a plugin file.")],
    json: Json = False,
    plugin: PluginFiles = None,
) -> None:
    """Check derivatives and compiled code; exit code 1 when something is wrong.

    The derivative is held against the complex step and central differences at random points, at kinks and at extremes, in both
    dtypes, through the compiled code that training uses.

    Example: `optlab check gelu`, or `optlab check mine.py`
    """
    from optlab.conformance import gates

    plugins = gates.chosen(name, plugin or ())
    reports = []
    for one in plugins:
        report = gates.check(one)
        reports.append(report)
        if not json:
            _show(report, console())
    if json:
        print_json([report.record() for report in reports])
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


def _show(report: Report, out: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    out.print(Text.assemble((report.name, "bold"), f"  {report.kind}, from {report.distribution}"))
    sections: dict[str, list[Check]] = {}
    for one in report.checks:
        sections.setdefault(one.section, []).append(one)
    for section, checks in sections.items():
        out.print(Text(f"\n  {section}", style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        table.add_column(width=3, justify="right", no_wrap=True)
        table.add_column(min_width=36)
        table.add_column(overflow="fold")
        for one in checks:
            mark, style = MARKS[one.passed]
            table.add_row(Text(mark, style=style), Text(one.what), Text(one.sentence, style="red" if one.passed is False else ""))
        out.print(table)
    judged = [one for one in report.checks if one.passed is not None]
    failed = len(report.failures)
    words = f"{failed} of {len(judged)} checks failed" if failed else f"all {len(judged)} checks passed"
    out.print(Text(f"\n  {report.name}: {words}\n", style="bold red" if failed else "bold green"))
