"""One line that says how a study is getting on: trials done, trials per second, time left, diverged, best so far, compile time apart.

In a terminal it is redrawn in place; in a file or a pipe a plain line appears now and then.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console

    from optlab.study.progress import Progress

PLAIN_INTERVAL = 10.0
"""Seconds between plain lines."""


class Display:
    """A context manager that shows reports of `optlab.study.progress`. Whether `console` is a terminal decides the form."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._console = console
        self._bar = Bar(BarColumn(bar_width=12), TextColumn("{task.description}", markup=False), console=console)
        self._task = self._bar.add_task("", total=None)
        self._plain: tuple[float, str, str] = (-PLAIN_INTERVAL, "", "")  # when, phase and message of the last plain line

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._console.is_terminal:  # stopping a bar that never began prints an empty line
            self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Show this report."""
        if self._console.is_terminal:
            self._bar.update(self._task, completed=progress.done, total=progress.total, description=line(progress))
            return
        when, phase, message = self._plain
        now, finished = time.monotonic(), progress.done == progress.total
        if finished or phase != progress.phase or message != progress.message or now - when >= PLAIN_INTERVAL:
            self._plain = now, progress.phase, progress.message
            self._console.print(line(progress), markup=False, soft_wrap=True)


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
