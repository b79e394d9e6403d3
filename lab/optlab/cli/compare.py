"""`optlab compare` and `optlab gate`: did quality change beyond noise? For the continuous integration of whoever maintains an optimizer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.ending import interrupted
from optlab.cli.progress import Form, ProgressForm, Quiet, display
from optlab.cli.tables import Json, Overrides, PluginFiles, StoreFile, Workers, print_json, print_table
from optlab.cli.workers import Dask, Processes, TrialLimit

if TYPE_CHECKING:
    from optlab.evidence.quality import Comparison
    from optlab.study.results import Results

OnlyWorse = Annotated[bool, typer.Option("--only-worse", help="Exit 0 where quality changed for the better alone.")]


def compare(
    store_a: Annotated[str, typer.Argument(metavar="STORE_A", help="The store with the earlier run, such as baseline.db.")],
    store_b: Annotated[str, typer.Argument(metavar="STORE_B", help="The store with the later run.")],
    study: Annotated[
        str | None, typer.Option("--study", metavar="NAME", help="Which study.  [default: the last one run in STORE_B]")
    ] = None,
    only_worse: OnlyWorse = False,
    as_json: Json = False,
) -> None:
    """Say whether quality changed beyond noise between two runs of a study: exit code 1 and one sentence if so, else 0.

    Each contender is compared with itself, replicate by replicate, at the cell that each run chose.

    Example: `optlab compare baseline.db reports/lab.db --study quickstart`
    """
    from optlab.study.results import Results

    now = Results(store_b, study)
    _answer(_compared(Results(store_a, now.name).frame(), now), only_worse, as_json)


def gate(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A built-in study or a TOML file: it is run first.")],
    against: Annotated[str, typer.Option("--against", metavar="STORE", help="The store with an earlier run of the same study.")],
    store: StoreFile = None,
    workers: Workers = None,
    trial_limit: TrialLimit = None,
    processes: Processes = False,
    dask: Dask = None,
    plugin: PluginFiles = None,
    set_: Overrides = None,
    quiet: Quiet = False,
    progress: ProgressForm = Form.auto,
    only_worse: OnlyWorse = False,
    as_json: Json = False,
) -> None:
    """Run a study and say whether quality changed beyond noise since an earlier run of it: exit code 1 and one sentence if so, else 0.

    Only what the store lacks is run: an optimizer whose code did not change costs nothing.

    Example: `optlab gate quickstart --against baseline.db --set optimizer=adam`
    """
    from optlab.study.results import Results
    from optlab.study.spec import Study
    from optlab.study.stop import Stop
    from optlab.study.store import DEFAULT_PATH

    chosen = Study.load(study, overrides=set_ or (), plugins=plugin or ())
    stop = Stop()
    former = Results(against, chosen.name).frame()  # before the run, which may be into the same store
    with display(progress, quiet) as shown:
        now = chosen.run(
            store or DEFAULT_PATH, workers=workers, trial_limit=trial_limit, processes=processes, dask=dask, progress=shown.show, stop=stop
        )
    if not now.complete:
        interrupted(stop.signal)
    _answer(_compared(former, now), only_worse, as_json)


def _compared(before: Any, now: Results) -> Comparison:
    from optlab.evidence import quality
    from optlab.evidence.compare import designs

    design, frame = now.design, now.frame()
    problems = [str(problem) for problem in frame["problem"].unique()]
    known = designs(problems, bool(design.get("resplit")), design.get("test_shares"), design.get("looks"))
    return quality.between(before, frame, design.get("smallest_difference"), known, design.get("select", "median"))


def _answer(found: Comparison, only_worse: bool, as_json: bool) -> None:
    from optlab.evidence.quality import WORSE

    if as_json:
        print_json(
            {"sentence": found.sentence, "changes": [asdict(one) for one in found.changes], "alone": [list(key) for key in found.alone]}
        )
    else:
        rows = [
            (one.problem, one.contender, one.n, f"{one.before:.4f}", f"{one.now:.4f}", f"{one.p:.2g}", one.outcome) for one in found.changes
        ]
        print_table(
            ("problem", "contender", "replicates", "before", "now", "p (corrected)", "outcome"),
            rows,
            right=("replicates", "before", "now", "p (corrected)"),
        )
        for problem, contender in found.alone:
            typer.echo(f"{contender} on {problem} is in one of the two runs alone and was not compared.")
        typer.echo(found.sentence)
    if any(one.outcome == WORSE or not only_worse for one in found.changed):
        raise typer.Exit(1)
