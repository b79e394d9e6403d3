"""`optlab new`: a project of one's own to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from optlab.cli.tables import console


def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="optimizer, activation or cost.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it will be called: lower-case letters, digits and _.")],
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Folder of the project, new or empty.  [default: NAME]")
    ] = None,
) -> None:
    """Write an installable plugin project: a formula that works, a test, a README. Replace the formula by your own.

    Its tests pass before you change anything: `pip install -e . && pytest && optlab check NAME`.

    Example: `optlab new optimizer mine`, or `optlab new activation bent --into projects/bent`
    """
    from rich.text import Text

    from optlab.scaffold import project

    folder = into if into is not None else Path(name)
    texts = project.files(kind, name)
    project.write(texts, folder)
    screen = console()
    for place in texts:
        screen.print(Text(f"  {folder / place}"), soft_wrap=True)
    formula = next(place for place in texts if place.startswith("src/"))
    command = f"cd {shlex.quote(str(folder))} && pip install -e . && pytest && optlab check {name}"
    screen.print(Text.assemble("\nyour formula  ", (str(folder / formula), "bold")), soft_wrap=True)
    screen.print(Text.assemble("go on         ", (command, "bold")), soft_wrap=True)
