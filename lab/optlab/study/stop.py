"""Ending a run early without losing what runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class Stop:
    """A wish to end a run: asked once, running trials finish and are saved; asked twice, they are given up.

    Attributes:
        requests: how often it was asked. signal: the last signal that asked, None if none did. flag: int64 (1,), polled by what trains.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.signal: int | None = None
        self.flag = np.zeros(1, dtype=np.int64)

    def ask(self, number: int | None = None) -> None:
        """Ask to stop; ask again to stop now. number: of the signal that does."""
        self.requests += 1
        self.signal = number
        if self.requests > 1:
            self.flag[0] = 1


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """In the main thread Ctrl-C and SIGTERM ask to stop, the second of them urgently, the third one does what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: Any) -> None:
        stop.ask(number)
        if stop.requests > 1:
            restore()

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
