"""Options of commands that run a study: on what it runs."""

from __future__ import annotations

from typing import Annotated

import typer

TrialLimit = Annotated[
    float | None,
    typer.Option("--trial-limit", metavar="SECONDS", help="End a trial that runs longer, together with its worker process."),
]
Processes = Annotated[bool, typer.Option("--processes", help="Run trials in worker processes: one that dies costs its trial alone.")]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Run trials on the workers of this Dask scheduler (tcp://host:8786), or `local`."),
]
