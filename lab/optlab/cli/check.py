"""`optlab check`: the conformance report of one plugin, or of all in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.tables import Json, PluginFiles, console, hyper_words, print_json
from optlab.errors import OptlabError

if TYPE_CHECKING:
    from rich.console import Console

    from optlab.base import Plugin
    from optlab.conformance.record import Report

MARKS = {True: ("\N{CHECK MARK}", "green"), False: ("\N{BALLOT X}", "bold red"), None: ("\N{MIDDLE DOT}", "dim")}
_WIDEST = 56  # characters of what was checked; longer ones are folded, so that findings begin at one place and have room
_PER = {"optimizer": "parameter", "objective": "evaluation"}


def check(
    name: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="An activation, cost, objective or optimizer; or a plugin file.")],
    json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a page of its own too.")] = None,
    plugin: PluginFiles = None,
) -> None:
    """Is it what it says it is? Exit code 1 when something is wrong.

    A derivative is held against the complex step and central differences at random points, at kinks and at extremes, in both dtypes,
    through the compiled code that training uses. An update rule is held against its own formula step by step.

    Example: `optlab check gelu`, or `optlab check mine.py --html mine.html`
    """
    from optlab.conformance import gates

    if html is not None:
        _writable(html)
    plugins = gates.chosen(name, plugin or ())
    reports = []
    for one in plugins:
        with console(stderr=True).status(f"checking {one.name}"):  # a spinner in a terminal, nothing elsewhere
            reports.append(gates.check(one))
        if not json:
            _show(reports[-1], console())
    if html is not None:
        _write(reports, plugins, html)
    if json:
        print_json([report.record() for report in reports])
    elif html is not None:
        console().print(f"report  {html}", soft_wrap=True, markup=False)
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


def _writable(file: Path) -> None:
    """Say so before the checks run.

    Raises:
        OptlabError: the file cannot be written there.
    """
    if file.is_dir():
        raise OptlabError(f"--html {file} is a folder; give the name of a file, such as {file / 'check.html'}")
    if not file.parent.is_dir():
        raise OptlabError(f"--html {file} cannot be written: there is no folder {file.parent}; make it first, or name another file")
    if not os.access(file.parent, os.W_OK):
        raise OptlabError(f"--html {file} cannot be written: the folder {file.parent} is read-only; name a file elsewhere")


def _write(reports: Sequence[Report], plugins: Sequence[Plugin], file: Path) -> None:
    from optlab.report import conformance
    from optlab.study import environment

    about = environment.describe()
    facts = {"versions": ", ".join(f"{name} {about[name]}" for name in ("optlab", "python", "numpy", "numba", "llvmlite"))}
    facts |= {"CPU": about["cpu"], "system": f"{about['system']} {about['architecture']}"}
    try:
        conformance.write(reports, [_about(one) for one in plugins], facts, file)
    except OSError as error:
        raise OptlabError(f"--html {file} cannot be written ({error.strerror}); name another file") from error


def _about(plugin: Plugin) -> dict[str, Any]:
    """What the page says of a plugin beside its checks: docstring, formula or array code, hyper-parameters, what it costs."""
    from optlab import written
    from optlab.cli.plugins import record

    known = record(plugin)
    facts = {"hyper-parameters": hyper_words(plugin.hyper) or "none"}
    facts |= {"state": ", ".join(known["slots"]) or "none"} if "slots" in known else {}
    facts |= {"FLOPs": f"{known['flops']:g} per {_PER.get(plugin.kind, 'element')}"} if "flops" in known else {}
    facts |= {"verified against": ", ".join(known["verified"]) or "unverified"} if "verified" in known else {}
    return {"doc": plugin.doc, "text": "\n".join(written.text(plugin)), "latex": written.latex(plugin), "facts": facts}


def _show(report: Report, out: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    out.print(Text.assemble((report.name, "bold"), f"  {report.kind}, from {report.distribution}"))
    widest = max((len(one.what) for one in report.checks), default=0)
    for section, checks in report.sections().items():
        out.print(Text(f"\n  {section}", style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        table.add_column(width=3, justify="right", no_wrap=True)
        table.add_column(min_width=min(widest, _WIDEST))
        table.add_column(overflow="fold")
        for one in checks:
            mark, style = MARKS[one.passed]
            table.add_row(Text(mark, style=style), Text(one.what), Text(one.sentence, style="red" if one.passed is False else ""))
        out.print(table)
    out.print(Text(f"\n  {report.name}: {report.verdict}\n", style="bold green" if report.ok else "bold red"))
