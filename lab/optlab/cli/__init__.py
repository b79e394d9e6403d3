"""The command line: one module per group of commands, errors in one place.

Bad input of any kind leaves one sentence on stderr and exit code 2. Nothing heavy is imported here: `optlab --help` must be quick.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from optlab.cli import autodiff, cache, check, compare, lists, new, objectives, plugins, selftest, store, study, verify
from optlab.cli.ending import INTERRUPTED, TERMINATED, leave, terminable
from optlab.errors import OptlabError

# Typer carries its own copy of click from 0.20 on, and uses the installed one before: the base class of its errors is asked of itself.
_UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="optlab",
    help="Trustworthy evidence about an optimizer or an activation in the time of a coffee.\n\nTo begin: `optlab run quickstart`.",
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(study.run)
app.command("report")(study.report)
app.command("compare")(compare.compare)
app.command("gate")(compare.gate)
app.command("verify")(verify.verify)

app.command("studies")(lists.studies)
app.command("problems")(lists.problems)
app.command("objectives")(objectives.objectives)
app.add_typer(plugins.app, name="plugins")
app.command("autodiff")(autodiff.autodiff)
app.command("check")(check.check)
app.command("new")(new.new)
app.command("selftest")(selftest.selftest)
app.add_typer(store.app, name="store")
app.command("cache")(cache.cache)


def _version(wanted: bool) -> None:
    if wanted:
        from optlab import __version__

        typer.echo(f"optlab {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _fail(sentence: str) -> int:
    typer.echo(f"optlab: {' '.join(sentence.split())}", err=True)
    return 2


def _usage(error: Any) -> str:
    """What click says of wrong words on the command line, and where to look."""
    command = error.ctx.command_path if getattr(error, "ctx", None) else "optlab"
    return f"{error.format_message()} (see `{command} --help`)"


def main() -> None:
    """Run the command line; never ends in a traceback for bad input."""
    code: Any
    try:
        with terminable():
            code = app(standalone_mode=False)
    except OptlabError as error:
        code = _fail(str(error))
    except _UsageError as error:
        code = _fail(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as error:
        code = error.code
    if code in (INTERRUPTED, TERMINATED):
        _fail("interrupted; what was finished is kept, and the same command goes on from there")
    leave(code if isinstance(code, int) else 0)
