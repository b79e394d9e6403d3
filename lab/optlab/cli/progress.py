"""How a command that takes long says how it is getting on, on stderr: a bar, plain lines, JSON lines, or nothing.

In a terminal one line is redrawn in place; in a file or a pipe a plain line appears now and then. A program asks for JSON.
"""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self

import typer

from optlab.errors import OptlabError

if TYPE_CHECKING:
    from rich.console import Console

    from optlab.study.progress import Progress

PLAIN_INTERVAL = 10.0
"""Seconds between plain lines."""

JSON_INTERVAL = 0.5
"""Seconds between JSON lines of one phase: a study of a day leaves 30 MB of them."""

FIELDS = ("phase", "done", "total", "found", "rate", "eta", "diverged", "stuck", "errors", "best", "compile_seconds", "message")
"""Keys of a JSON line, each of them in every line; eta is null while it is not known."""


class Form(StrEnum):
    """What ``--progress`` takes."""

    auto = "auto"
    bar = "bar"
    plain = "plain"
    json = "json"


ProgressForm = Annotated[
    Form, typer.Option("--progress", help="On stderr: a bar, plain lines, JSON lines for programs; auto: a bar in a terminal, else lines.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress: stderr has errors alone.")]


class Display(Protocol):
    """A context manager that shows reports of `optlab.study.progress`, and what else there is to say on the way."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def show(self, progress: Progress) -> None:
        """Show this report."""

    def say(self, phase: str, message: str) -> None:
        """Say something that is no report on trials: what will run, before it; that the report is drawn, after it."""


def display(form: Form = Form.auto, quiet: bool = False) -> Display:
    """The display that a command's options ask for.

    Raises:
        OptlabError: both nothing and a form of it.
    """
    from optlab.cli.tables import console

    if quiet and form != Form.auto:
        raise OptlabError(f"--quiet shows no progress, so --progress {form} means nothing beside it; drop one of the two")
    if quiet:
        return Silent()
    if form == Form.json:
        return Lines()
    screen = console(stderr=True, terminal=True if form == Form.bar else None)
    return Bar(screen) if screen.is_terminal and form != Form.plain else Plain(screen)


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def show(self, progress: Progress) -> None:
        pass

    def say(self, phase: str, message: str) -> None:
        pass


class Bar(Silent):
    """One line, redrawn in place."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Drawn

        self._console = console
        self._bar = Drawn(BarColumn(bar_width=12), TextColumn("{task.description}", markup=False), console=console)
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        self._bar.update(self._task, completed=progress.done, total=progress.total, description=line(progress))

    def say(self, phase: str, message: str) -> None:
        self._console.print(message, markup=False, soft_wrap=True)


class Plain(Silent):
    """A line for each phase and message, for its end, and every `PLAIN_INTERVAL` seconds."""

    def __init__(self, console: Console) -> None:
        self._console, self._due = console, _Due(PLAIN_INTERVAL)

    def show(self, progress: Progress) -> None:
        if self._due(progress):
            self._console.print(line(progress), markup=False, soft_wrap=True)

    def say(self, phase: str, message: str) -> None:
        self._console.print(message, markup=False, soft_wrap=True)


class Lines(Silent):
    """A JSON object a line, as often as `Plain` but every `JSON_INTERVAL` seconds, with the keys `FIELDS`."""

    def __init__(self) -> None:
        self._due = _Due(JSON_INTERVAL)

    def show(self, progress: Progress) -> None:
        if self._due(progress):
            self._write({name: getattr(progress, name) for name in FIELDS})

    def say(self, phase: str, message: str) -> None:
        nothing = {"done": 0, "total": 0, "found": 0, "rate": 0.0, "eta": None, "diverged": 0, "stuck": 0, "errors": 0, "best": ""}
        self._write({"phase": phase, **nothing, "compile_seconds": 0.0, "message": message})

    def _write(self, record: dict[str, Any]) -> None:
        sys.stderr.write(json.dumps(record) + "\n")
        sys.stderr.flush()


class _Due:
    """Whether a report deserves a line of its own."""

    def __init__(self, interval: float) -> None:
        self._interval, self._last = interval, (-interval, "", "")

    def __call__(self, progress: Progress) -> bool:
        when, phase, message = self._last
        now, finished = time.monotonic(), progress.done == progress.total
        if finished or phase != progress.phase or message != progress.message or now - when >= self._interval:
            self._last = now, progress.phase, progress.message
            return True
        return False


def duration(seconds: float) -> str:
    """``0:07``, ``2:45``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def line(progress: Progress) -> str:
    """The line itself."""
    parts = [f"{progress.phase} {progress.done:,}/{progress.total:,}"]
    ran = progress.done - progress.found
    if progress.found:
        parts.append(f"{progress.found:,} from the store" if ran or progress.found < progress.total else "all from the store")
    if progress.message:
        parts.append(progress.message)
    if ran:
        parts.append(f"{progress.rate:,.0f} trials/s" if progress.rate >= 10 else f"{progress.rate:.1f} trials/s")
    if progress.eta and progress.done < progress.total:
        parts.append(f"ETA {duration(progress.eta)}")
    parts += [f"{count:,} {word}" for count, word in ((progress.diverged, "diverged"), (progress.errors, "broken")) if count]
    if progress.best:
        parts.append(f"best {progress.best}")
    if progress.compile_seconds >= 0.05:
        parts.append(f"compile {progress.compile_seconds:.1f} s")
    return " · ".join(parts)
