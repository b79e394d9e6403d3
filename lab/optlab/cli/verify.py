"""`optlab verify`: stored trials, run again and compared bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.progress import Form, ProgressForm, Quiet, display
from optlab.cli.tables import DataFolder, Json, PluginFiles, Workers, print_json, print_table

if TYPE_CHECKING:
    from optlab.study.verify import Checked, Verification


def verify(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A store, such as reports/lab.db.")],
    study: Annotated[str | None, typer.Option("--study", metavar="NAME", help="Of this study alone.  [default: of all in it]")] = None,
    sample: Annotated[int, typer.Option("--sample", metavar="N", min=1, help="How many trials are run again.")] = 24,
    seed: Annotated[int | None, typer.Option("--seed", metavar="K", help="Draw the sample of an earlier call again.")] = None,
    plugin: PluginFiles = None,
    data: DataFolder = None,
    workers: Workers = None,
    quiet: Quiet = False,
    progress: ProgressForm = Form.auto,
    as_json: Json = False,
) -> None:
    """Run a random sample of stored trials again and compare them bit for bit: exit code 1 if one differs.

    Of each contender as many as of any other. Each is rebuilt from the store alone; what cannot be run again is named with the reason, and
    where all of it cannot be, the exit code is 2.

    Example: `optlab verify reports/lab.db --sample 100`
    """
    from optlab.study.verify import verify

    with display(form=progress, quiet=quiet) as shown:
        found = verify(store, study, sample, seed, plugin or (), data, workers, shown.show)
    if as_json:
        print_json(_record(found))
    else:
        _show(found)
    if found.different:
        raise typer.Exit(1)


def _show(found: Verification) -> None:
    counts: dict[tuple[str, str, str], list[int]] = {}
    for one in found.checked:
        entry = counts.setdefault(one.place.stratum, [0, 0, 0])
        entry[1 if one.differences else 0] += 1
    for place, _ in found.unable:
        counts.setdefault(place.stratum, [0, 0, 0])[2] += 1
    columns = ("study", "problem", "contender", "same", "different", "not run again")
    print_table(columns, [(*key, *map(str, entry)) for key, entry in sorted(counts.items())], right=columns[3:])
    for one in found.different:
        typer.echo(f"\n{one.name}: {'; '.join(map(str, one.differences))}: {one.explanation}.")
    for reason, count in found.reasons.items():
        typer.echo(f"\n{count} not run again: {reason}.")
    typer.echo(f"\n{found.sentence} The same sample again: --seed {found.seed}")


def _record(found: Verification) -> dict[str, Any]:
    return {
        "sentence": found.sentence,
        "seed": found.seed,
        "stored": found.stored,
        "checked": [_checked(one) for one in found.checked],
        "not_run_again": [
            {"study": place.study, "problem": place.problem, "contender": place.contender, "reason": why} for place, why in found.unable
        ],
    }


def _checked(one: Checked) -> dict[str, Any]:
    about = {"study": one.place.study, "problem": one.place.problem, "contender": one.place.contender, "digest": one.trial.digest}
    differences = [{"what": each.what, "stored": each.stored, "now": each.now} for each in one.differences]
    return about | {"replicate": one.trial.replicate, "same": not differences, "differences": differences, "explanation": one.explanation}
