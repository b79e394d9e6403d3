"""`optlab plugins`: what is registered, and one plugin in full."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.tables import Json, PluginFiles, console, hyper_records, hyper_words, print_json, print_table
from optlab.errors import OptlabError, nearest

if TYPE_CHECKING:
    from optlab.base import Plugin

UNVERIFIED = "unverified: no independent implementation has been compared with it"

app = typer.Typer(
    invoke_without_command=True,
    help="What is registered: optimizers, activations, costs, problems, schedules, initializers.\n\n"
    "Example: `optlab plugins show adam`, or `optlab plugins list --plugin mine.py`.",
)


def _all(files: Sequence[str] | None) -> Iterator[Plugin]:
    from optlab import registry

    for plugins in registry.load(files or ()).values():
        yield from plugins.values()


def record(plugin: Plugin) -> dict[str, Any]:
    """One plugin as plain data. Keys that its kind has no use for are left out."""
    from optlab import written
    from optlab.base import FormulaPlugin
    from optlab.kinds import Objective, RowCost
    from optlab.rules import Rule
    from optlab.sources import Problem

    found: dict[str, Any] = {"kind": plugin.kind, "name": plugin.name, "hyper": hyper_records(plugin.hyper)}
    if isinstance(plugin, FormulaPlugin | Rule | RowCost):
        found["formula"] = written.text(plugin)
    if isinstance(plugin, FormulaPlugin):
        found["flops"] = plugin.graph().flops_shared
    if isinstance(plugin, Rule):
        found |= {"flops": plugin.flops(), "slots": list(plugin.slots), "verified": list(plugin.verified)}
    if isinstance(plugin, Objective):
        known = plugin.known()
        found |= {"minimum": known.minimum, "at": known.at, "start": known.start, "box": known.box}
    if isinstance(plugin, Problem):
        found |= {"task": plugin.task, "scale": plugin.scale, "source": plugin.source}
    return found | {"distribution": plugin.distribution, "module": plugin.module, "doc": plugin.doc}


@app.callback()
def plugins(context: typer.Context, json: Json = False, plugin: PluginFiles = None) -> None:
    if context.invoked_subcommand is None:
        _list(json, plugin)
    elif json or plugin:
        raise OptlabError(f"plugins: write the options after the word {context.invoked_subcommand!r}")


@app.command("list")
def list_command(json: Json = False, plugin: PluginFiles = None) -> None:
    """Kind, name, hyper-parameters, FLOPs per element, state slots, distribution; of rules whether another implementation agrees.

    Example: `optlab plugins list --json`
    """
    _list(json, plugin)


def _list(json: bool, files: list[str] | None) -> None:
    found = list(_all(files))
    if json:
        print_json([record(plugin) for plugin in found])
        return
    rows = []
    for plugin in found:
        about = record(plugin)
        slots = ", ".join(about.get("slots", ()))
        flops = f"{about['flops']:.4g}" if "flops" in about else ""
        verified = ("yes" if about["verified"] else "unverified") if "verified" in about else ""
        rows.append((plugin.kind, plugin.name, hyper_words(plugin.hyper), flops, slots, verified, plugin.distribution))
    print_table(("kind", "name", "hyper-parameters", "FLOPs", "state", "verified", "from"), rows, right=("FLOPs",))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `optlab plugins`; `warmup+cosine`, `clip_norm+adam`.")],
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw a schedule's factors, an activation or cost with its slope, an objective: .png, .svg or .pdf."
        ),
    ] = None,
    json: Json = False,
    plugin: PluginFiles = None,
) -> None:
    """One plugin in full: formula, hyper-parameters with their domains, cost, source; and its picture.

    Example: `optlab plugins show adam`, or `optlab plugins show "warmup then cosine" --plot schedule.png`
    """
    from optlab import registry
    from optlab.cli import pictures
    from optlab.composition import is_composed

    if plot is not None:
        pictures.check_suffix(plot)
    catalogue = registry.load(plugin or ())
    everything = [each for plugins in catalogue.values() for each in plugins.values()]
    wanted = {name} | {own for (_, alias), own in registry.ALIASES.items() if alias == name}
    found: list[Plugin] = [each for each in everything if each.name in wanted]
    if not found and is_composed(name):
        parts = set(re.split(r"\W+", name))
        rule = parts & {*catalogue["optimizers"], *catalogue["stages"]} and not parts & set(catalogue["schedules"])
        found = [catalogue.find("optimizers" if rule else "schedules", name)]
    if not found:
        known = [each.name for each in everything]
        raise OptlabError(f"there is no plugin called {name!r}{nearest(name, known)}; `optlab plugins` lists them all")
    if plot is not None:
        pictures.draw(found, plot)
    if json:
        print_json([record(each) for each in found])
        return
    for each in found:
        _show(each)
    if plot is not None:
        console().print(str(plot), soft_wrap=True)


def _landmarks(about: dict[str, Any]) -> list[str]:
    def points(found: Sequence[Sequence[float]]) -> str:
        return ", ".join(f"({', '.join(f'{x:g}' for x in point)})" for point in found)

    lowest = "minimum: unknown" if about["minimum"] is None else f"minimum: {about['minimum']:.10g} at {points(about['at'])}"
    return [lowest, f"start: {points([about['start']])}", f"box: {' x '.join(f'[{low:g}, {high:g}]' for low, high in about['box'])}"]


def _show(plugin: Plugin) -> None:
    from textwrap import indent

    from rich.text import Text

    about, out = record(plugin), console()
    out.print(Text.assemble((plugin.name, "bold"), f"  {plugin.kind}, from {plugin.distribution}\n"))
    out.print(Text(indent(plugin.doc, "  ")), "", sep="\n", soft_wrap=True)
    if about.get("formula"):
        out.print(Text(indent("\n".join(about["formula"]), "  "), style="cyan"), "", sep="\n", soft_wrap=True)
    per = {"optimizer": "parameter", "stage": "parameter", "objective": "evaluation"}.get(plugin.kind, "element")
    facts = [f"{about['flops']:.4g} FLOPs per {per}"] if "flops" in about else []
    facts += [f"state: {', '.join(about['slots']) or 'none'}"] if "slots" in about else []
    if "verified" in about:
        facts.append(f"verified against: {', '.join(about['verified'])}" if about["verified"] else UNVERIFIED)
    facts += [f"task: {about['task']}", f"scale: {about['scale']}", f"source: {about['source']}"] if "task" in about else []
    facts += _landmarks(about) if "box" in about else []
    for fact in facts:
        out.print(Text(f"  {fact}"), soft_wrap=True)
    if plugin.hyper:
        out.print()
        print_table(("hyper-parameter", "default", "allowed"), [(one["name"], one["default"], one["admits"]) for one in about["hyper"]])
    out.print()
