"""`optlab run` and `optlab report`: from a study to its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optlab.cli.ending import interrupted
from optlab.cli.progress import Display, Form, ProgressForm, Quiet, display
from optlab.cli.tables import DataFolder, Overrides, PluginFiles, StoreFile, Workers, console, print_table
from optlab.cli.workers import Dask, Processes, TrialLimit
from optlab.errors import OptlabError

if TYPE_CHECKING:
    from optlab.study.estimate import Estimate
    from optlab.study.replay import Recorded
    from optlab.study.results import Results
    from optlab.study.spec import Study

Out = Annotated[str | None, typer.Option("--out", metavar="DIR", help="Folder of the report.  [default: reports/NAME of the study]")]


def run(
    study: Annotated[str | None, typer.Argument(metavar="STUDY", help="A built-in study (`optlab studies`) or a TOML file.")] = None,
    out: Out = None,
    store: StoreFile = None,
    workers: Workers = None,
    trial_limit: TrialLimit = None,
    processes: Processes = False,
    dask: Dask = None,
    plugin: PluginFiles = None,
    set_: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the protocol and the expected cost; run and write nothing.")] = False,
    until_decided: Annotated[
        bool,
        typer.Option("--until-decided", help="Confirm with 10, 20, 40, 80 fresh replicates in turn; stop when the claims are decided."),
    ] = False,
    replay: Annotated[
        str | None,
        typer.Option("--replay", metavar="RECORD", help="Instead of STUDY: that of a report (its folder, page or record.json), again."),
    ] = None,
    data: DataFolder = None,
    quiet: Quiet = False,
    progress: ProgressForm = Form.auto,
) -> None:
    """Run a study and write its report. Only what the store lacks is run; Ctrl-C loses nothing.

    Example: `optlab run quickstart --plugin mine.py --set optimizer+=mine --set epochs=10`

    What it would do and cost: `optlab run quickstart --dry-run`

    Somebody's report, from its record alone: `optlab run --replay their-report`; exit code 1 if the numbers are not the recorded ones.
    """
    from optlab.study.environment import threads
    from optlab.study.estimate import estimate
    from optlab.study.spec import Study
    from optlab.study.stop import Stop
    from optlab.study.store import DEFAULT_PATH

    recorded = _recorded(study, replay, set_, data, until_decided)
    if recorded is not None:
        chosen, until_decided = recorded.study(plugin or (), data), recorded.until_decided
    else:
        chosen = Study.load(str(study), overrides=set_ or (), plugins=plugin or ())
    folder, path = _folder(out, chosen.name), store or DEFAULT_PATH
    shown = display(progress, quiet)
    cost = estimate(chosen, path, threads(workers), until_decided)
    if dry_run:
        _show_protocol(chosen, cost, until_decided)
        return
    shown.say("plan", cost.line())
    stop = Stop()
    with shown:
        results = chosen.run(
            path, workers=workers, trial_limit=trial_limit, processes=processes, dask=dask, progress=shown.show,
            until_decided=until_decided, stop=stop,
        )  # fmt: skip
    _show(results, folder, shown, again=False)
    if not results.complete:
        interrupted(stop.signal)
    if recorded is not None:
        agreement = recorded.agreement(results)
        typer.echo(agreement.sentence)
        if not agreement:
            raise typer.Exit(1)


def _recorded(study: str | None, replay: str | None, set_: list[str] | None, data: str | None, until_decided: bool) -> Recorded | None:
    """What is to be run again; None where a study is named.

    Raises:
        OptlabError: neither or both are given, or options that a replay has no use for.
    """
    if replay is None:
        if study is None:
            raise OptlabError("there is no study to run; give its name (`optlab studies`), a TOML file, or a record with --replay")
        if data is not None:
            raise OptlabError("--data belongs to --replay; a study file names its data itself")
        return None
    for given, what in ((study, f"STUDY ({study})"), (set_, "--set"), (until_decided, "--until-decided")):
        if given:
            raise OptlabError(f"--replay repeats the study of a record as it was, so {what} means nothing beside it; drop one of the two")
    from optlab.study.replay import load

    return load(replay)


def report(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A store, such as reports/lab.db.")],
    study: Annotated[str | None, typer.Option("--study", metavar="NAME", help="Which study in it.  [default: the last one run]")] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="DIR", help="Folder of the report, or file of the figure.  [default: reports/NAME of the study]"),
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option("--figure", metavar="FIGURE", help="Only this one, such as heatmap:adam, heatmap:adam:test or learning:flops."),
    ] = None,
    width: Annotated[str | None, typer.Option("--width", metavar="WIDTH", help="Of the figure as printed: 3.37in, 8.6cm, 246pt.")] = None,
    format_: Annotated[str | None, typer.Option("--format", metavar="FORMAT", help="Of the figure: png, svg, pdf, pgf.")] = None,
) -> None:
    """Write the report of a study again, from stored outcomes alone; or one figure of it, at the width it is printed in, in 8 pt.

    Example: `optlab report reports/lab.db --study quickstart --out somewhere`

    A figure for a paper: `optlab report reports/lab.db --figure heatmap:adam --width 3.37in --format pdf`
    """
    from optlab.study.results import Results

    results = Results(store, study)
    if figure is not None:
        from optlab.report import export

        inches = None if width is None else export.width(width)
        path = export.target(figure, out, format_)
        typer.echo(export.figure_file(results.evidence(), figure, inches, path, results.frame()))
        return
    if width is not None or format_ is not None:
        raise OptlabError(f"{'--width' if width is not None else '--format'} belongs to one figure; name it with --figure heatmap:adam")
    _show(results, _folder(out, results.name), display(), again=True)


def _show_protocol(study: Study, cost: Estimate, until_decided: bool) -> None:
    print_table(("protocol", study.name), study.protocol(until_decided).pairs())
    typer.echo()
    print_table(("cost", "of what the store lacks"), cost.pairs())


def _folder(out: str | None, name: str) -> Path:
    """Where the report goes.

    Raises:
        OptlabError: there is a file in the way; said before hours of training.
    """
    folder = Path(out) if out is not None else Path("reports") / name
    try:
        blocked = next((each for each in (folder, *folder.parents) if each.exists() and not each.is_dir()), None)
    except OSError as error:  # a name that is too long
        raise OptlabError(f"the report folder {folder} cannot be made ({error.strerror}); give another one with --out") from error
    if blocked is not None:
        raise OptlabError(f"the report folder {folder} cannot be made because {blocked} is a file; give another one with --out")
    return folder


def _show(results: Results, folder: Path, shown: Display, again: bool) -> None:
    from rich.text import Text

    from optlab.report import terminal

    shown.say("report", f"drawing the report into {folder}")
    try:
        page = results.report(folder, again=again)
    except OSError as error:
        raise OptlabError(f"the report cannot be written to {folder} ({error.strerror}); give another folder with --out") from error
    screen = console()
    screen.print()
    terminal(results.evidence(), screen)
    screen.print()
    if results.apart:
        screen.print(results.apart, markup=False, soft_wrap=True)
    screen.print(Text.assemble("report  ", (str(page), "bold")), soft_wrap=True)
    screen.print(Text.assemble("go on   ", (str(results.record["command"]), "bold")), soft_wrap=True)
