"""`optlab run` and `optlab report`: from a study to its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optlab.cli.tables import PluginFiles, console
from optlab.errors import OptlabError

if TYPE_CHECKING:
    from optlab.study.results import Results

Out = Annotated[str | None, typer.Option("--out", metavar="DIR", help="Folder of the report.  [default: reports/NAME of the study]")]


def run(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A built-in study (`optlab studies`) or a TOML file.")],
    out: Out = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="FILE", help="Where outcomes are kept.  [default: reports/lab.db]")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", metavar="N", help="Threads.  [default: one per core]")] = None,
    plugin: PluginFiles = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study; KEY+=VALUE adds to its list. May be repeated."),
    ] = None,
) -> None:
    """Run a study and write its report. Only what the store lacks is run; Ctrl-C loses nothing.

    Example: `optlab run quickstart --plugin mine.py --set optimizer+=mine --set epochs=10`
    """
    from optlab.cli.progress import Display
    from optlab.study.spec import Study
    from optlab.study.store import DEFAULT_PATH

    chosen = Study.load(study, overrides=set_ or (), plugins=plugin or ())
    folder = _folder(out, chosen.name)
    with Display(console(stderr=True)) as display:
        results = chosen.run(store or DEFAULT_PATH, workers=workers, progress=display.show)
    _show(results, folder, again=False)
    if not results.complete:
        raise KeyboardInterrupt


def report(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A store, such as reports/lab.db.")],
    study: Annotated[str | None, typer.Option("--study", metavar="NAME", help="Which study in it.  [default: the last one run]")] = None,
    out: Out = None,
) -> None:
    """Write the report of a study again, from stored outcomes alone.

    Example: `optlab report reports/lab.db --study quickstart --out somewhere`
    """
    from optlab.study.results import Results

    results = Results(store, study)
    _show(results, _folder(out, results.name), again=True)


def _folder(out: str | None, name: str) -> Path:
    """Where the report goes.

    Raises:
        OptlabError: there is a file in the way; said before hours of training.
    """
    folder = Path(out) if out is not None else Path("reports") / name
    blocked = next((each for each in (folder, *folder.parents) if each.exists() and not each.is_dir()), None)
    if blocked is not None:
        raise OptlabError(f"the report folder {folder} cannot be made because {blocked} is a file; give another one with --out")
    return folder


def _show(results: Results, folder: Path, again: bool) -> None:
    from rich.text import Text

    from optlab.report import terminal

    try:
        page = results.report(folder, again=again)
    except OSError as error:
        raise OptlabError(f"the report cannot be written to {folder} ({error.strerror}); give another folder with --out") from error
    screen = console()
    screen.print()
    terminal(results.evidence(), screen)
    screen.print()
    screen.print(Text.assemble("report  ", (str(page), "bold")), soft_wrap=True)
    screen.print(Text.assemble("go on   ", (str(results.record["command"]), "bold")), soft_wrap=True)
