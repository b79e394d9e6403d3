"""`optlab objectives`: every optimizer on functions whose minimum is known, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optlab.cli.tables import Json, PluginFiles, console, print_json, print_table
from optlab.errors import OptlabError

Out = Annotated[str, typer.Option("--out", metavar="DIR", help="Folder of the report.")]


def objectives(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Objectives (`optlab plugins`).  [default: all]")] = None,
    out: Out = "reports/objectives",
    optimizer: Annotated[
        list[str] | None, typer.Option("--optimizer", metavar="NAME", help="Compare these. May be repeated.  [default: all]")
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of each run.")] = 500,
    starts: Annotated[int, typer.Option("--starts", min=1, help="The usual start, and drawn ones.")] = 3,
    dimension: Annotated[int | None, typer.Option("--dimension", metavar="N", help="Of objectives that have any.  [default: 2]")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of drawn starts and of noise.")] = 0,
    plugin: PluginFiles = None,
    json: Json = False,
) -> None:
    """Paths and values of all optimizers on functions with a known minimum, each at a learning rate chosen by one rule.

    Example: `optlab objectives rosenbrock himmelblau --optimizer adam --optimizer momentum`
    """
    import platform

    import numpy as np

    from optlab import __version__, registry
    from optlab.kinds import Objective
    from optlab.objectives import compare
    from optlab.report import objectives as page

    catalogue = registry.load(plugin or ())
    chosen = compare.objectives_of(catalogue, names or ())
    rules = [catalogue.optimizer(name) for name in optimizer or catalogue["optimizers"]]
    folder = Path(out)
    if any(each.exists() and not each.is_dir() for each in (folder, *folder.parents)):
        raise OptlabError(f"the report folder {folder} cannot be made because there is a file in its way; give another one with --out")
    found = []
    with console(stderr=True).status("") as status:
        for one in chosen:
            options = {"dimension": dimension} if dimension is not None and isinstance(one, Objective) and one.any_dimension else {}
            show = lambda rule, name=one.name: status.update(f"{name}: {rule}")  # noqa: E731  # one line of a spinner
            found.append(compare.compare(one, rules, options=options, steps=steps, starts=starts, seed=seed, progress=show))
    record = {"seed": str(seed), "optlab": __version__, "numpy": np.__version__, "python": platform.python_version()}
    path = page.write(found, compare.RATES, record, folder)
    rows = [(each.name, row) for each in found for row in page.rows(each)]
    if json:
        keys = ("optimizer", "rate", "edge", "final", "reached", "evaluations")
        print_json([{"objective": name, **{key: row[key] for key in keys}} for name, row in rows])
        return
    columns = ("objective", "optimizer", "learning rate", "above the minimum", "reached", "evaluations")
    shown = [(name, *(row[key] for key in ("optimizer", "rate", "final", "reached", "evaluations"))) for name, row in rows]
    print_table(columns, shown, right=columns[2:])
    console().print(f"\nreport  {path}", soft_wrap=True)
