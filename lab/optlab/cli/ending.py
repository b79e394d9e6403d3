"""How a command ends that was asked to: by Ctrl-C or SIGTERM, with the code that a shell expects."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
"""Exit codes; the first is what Typer makes of Ctrl-C."""


def interrupted(number: int | None) -> NoReturn:
    """Leave as a command does that this signal ended; None: Ctrl-C."""
    raise SystemExit(128 + (number or signal.SIGINT))


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, and not the process as it stands."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: Any) -> None:
        interrupted(number)

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def leave(code: int) -> NoReturn:
    """End the process, even where a worker thread is in a plugin that never returns: it would end compiled code in the middle of things."""
    if code in (INTERRUPTED, TERMINATED) and any(one.name.startswith("optlab-") for one in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
