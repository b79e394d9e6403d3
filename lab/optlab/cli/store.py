"""`optlab store`: what a store holds, putting stores together, other formats, throwing away what no study needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.tables import Json, print_json, print_table
from optlab.errors import OptlabError

if TYPE_CHECKING:
    from optlab.study.inventory import Inventory
    from optlab.study.merging import Merged

app = typer.Typer(help="Stores of outcomes: what they hold, merge, export, prune.", no_args_is_help=True, rich_markup_mode="markdown")

StorePath = Annotated[str, typer.Argument(metavar="STORE", help="A store, such as reports/lab.db.")]
MOST_SHOWN = 10
"""Conflicts that are printed; --json has all of them."""


@app.command()
def info(
    store: StorePath,
    check: Annotated[bool, typer.Option("--check", help="Also read every page and every row, and say what is damaged.")] = False,
    json: Json = False,
) -> None:
    """Print what a store holds: studies, trials by status, where they ran, size, who is writing it. Exit code 1 where it is damaged.

    Example: `optlab store info reports/lab.db --check`
    """
    from optlab.study import inventory
    from optlab.study.store import Store

    with Store(store, create=False) as opened:
        found = inventory.take(opened, check)
    if json:
        print_json(asdict(found) | {"trials": found.trials, "bytes_per_trial": _each(found)})
    else:
        _show(found)
    if found.faults:
        raise typer.Exit(1)


def _each(found: Inventory) -> int | None:
    return round(found.bytes / found.trials) if found.trials else None


def _show(found: Inventory) -> None:
    from optlab.study.estimate import size

    counts = ", ".join(f"{count:,} {status}" for status, count in found.statuses.items())
    each = f", {_each(found):,} bytes per trial" if found.trials else ""
    rows = [
        ("schema", str(found.schema)),
        ("trials", f"{found.trials:,}" + (f" ({counts})" if counts else "")),
        ("of no study", f"{found.alone:,}"),
        ("size", f"{size(found.bytes)}{each}; learning curves {size(found.curve_bytes)}"),
        ("written by", str(found.holder) if found.holder else "nobody now"),
    ]
    if found.faults is not None:
        rows.append(("checked", "; ".join(found.faults) or "every page and every row is as it was written"))
    for count, where in found.environments:
        rows.append((f"{count:,} trials on", _words(where)))
    print_table(("store", found.path), rows)
    typer.echo()
    studies = [(one.name, f"{one.finished:,} of {one.trials:,}", "yes" if one.complete else "no", one.changed) for one in found.studies]
    print_table(("study", "trials", "complete", "last run (UTC)"), studies, right=("trials",))


def _words(where: dict[str, str]) -> str:
    return ", ".join(
        [where.get("cpu", "an unknown processor"), *(f"{name} {where[name]}" for name in ("optlab", "numpy") if name in where)]
    )


@app.command()
def merge(
    into: Annotated[str, typer.Argument(metavar="INTO", help="The store that gets them; made where it is missing.")],
    sources: Annotated[list[str], typer.Argument(metavar="FROM...", help="Stores that are read.")],
    trials_only: Annotated[bool, typer.Option("--trials-only", help="Leave out the studies; a run on INTO finds the trials.")] = False,
    json: Json = False,
) -> None:
    """Bring the trials and studies of other stores into one. A trial that both have must have the same numbers: else exit code 1.

    Where numbers differ, INTO's are kept and both environments are printed. What an older optlab did not store is filled in.

    Example: `optlab store merge reports/lab.db laptop.db cluster.db`
    """
    from optlab.study import merging

    found = merging.merge(Path(into), [Path(source) for source in sources], studies=not trials_only)
    if json:
        print_json(asdict(found))
    else:
        _tell(found, into)
    if found.conflicts:
        raise typer.Exit(1)


def _tell(found: Merged, into: str) -> None:
    from optlab.evidence.words import plural

    parts = [f"{plural(found.trials, 'new trial')} in {into}", f"{found.known:,} known already"]
    parts += [f"{found.filled:,} filled with what was not stored before"] if found.filled else []
    parts += [f"{found.diagnoses:,} diagnosed"] if found.diagnoses else []
    parts += [f"{found.timed:,} differ, as runs that end by the clock may"] if found.timed else []
    parts += [f"studies: {', '.join(found.studies)}"] if found.studies else []
    typer.echo("; ".join(parts) + ".")
    for one in found.conflicts[:MOST_SHOWN]:
        numbers = ", ".join(f"{name} {kept} here, {other} there" for name, (kept, other) in one.values.items())
        ours, theirs = one.environments
        places = [
            f"{name} {ours.get(name)} here, {theirs.get(name)} there" for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)
        ]
        typer.echo(f"conflict: trial {one.digest} of {one.source}: {numbers} ({', '.join(places) or 'both ran in the same environment'})")
    if found.conflicts:
        more = f" ({len(found.conflicts) - MOST_SHOWN:,} more with --json)" if len(found.conflicts) > MOST_SHOWN else ""
        typer.echo(f"{plural(len(found.conflicts), 'trial')} with other numbers than here; those of {into} were kept{more}.")


@app.command()
def export(
    store: StorePath,
    to: Annotated[str, typer.Option("--to", metavar="PATH", help="A file (its ending names the format) or a folder.")],
    format_: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="parquet, csv, jsonl, mlflow, tensorboard.  [default: by the ending]")
    ] = None,
    study: Annotated[str | None, typer.Option("--study", metavar="NAME", help="Which study.  [default: the last one run]")] = None,
) -> None:
    """Write a study for other programs: a file with its trials, or a folder with trials and learning curves.

    parquet, csv, jsonl; mlflow (a run folder) and tensorboard (event files) through their own libraries: `pip install 'optlab[mlflow]'`.

    Example: `optlab store export reports/lab.db --to trials.parquet`

    A folder: `optlab store export reports/lab.db --study quickstart --to runs --format tensorboard`
    """
    from optlab.study.exports import chosen, export
    from optlab.study.store import Store

    form = chosen(Path(to), format_)
    with Store(store, create=False) as opened:
        names = opened.studies()
        if study is None and not names:
            raise OptlabError(f"the store {store} holds no study yet; run one first")
        name = names[0] if study is None else study
        count = export(opened, name, Path(to), form)
    typer.echo(f"{count:,} trials of {name} written to {to}")


@app.command()
def prune(
    store: StorePath,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be dropped.")] = False,
    json: Json = False,
) -> None:
    """Drop trials of no study and trials that ended with an error, and give the space back to the disk.

    Example: `optlab store prune reports/lab.db --yes`
    """
    from optlab.study import pruning
    from optlab.study.hold import held
    from optlab.study.store import Store

    if yes:
        Store(store, create=False).close()  # one that is missing is not made
        with Store(store) as opened, held(opened.path, "optlab store prune"):
            found = pruning.prune(opened)
    else:
        with Store(store, create=False) as opened:
            found = pruning.look(opened)
    if json:
        print_json(asdict(found) | {"dropped": yes})
        return
    _told_pruned(found, store, yes)


def _told_pruned(found: Any, store: str, yes: bool) -> None:
    from optlab.evidence.words import plural
    from optlab.study.estimate import size

    what = f"{plural(found.alone, 'trial')} of no study and {plural(found.failed, 'trial')} that ended with an error"
    freed = size(max(0, found.before - found.after))
    if yes:
        typer.echo(f"{store}: dropped {what}; freed {freed} of {size(found.before)}.")
    else:
        typer.echo(f"{store}: would drop {what}, and free about {freed} of {size(found.before)}; do it with --yes.")
