"""Ending a run early without losing what runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class Stop:
    """A wish to end a run: asked once, running trials finish and are saved; asked twice, they are given up."""

    def __init__(self) -> None:
        self.requests = 0
        self.flag = np.zeros(1, dtype=np.int64)

    def ask(self) -> None:
        """Ask to stop; ask again to stop now."""
        self.requests += 1
        if self.requests > 1:
            self.flag[0] = 1


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """In the main thread Ctrl-C asks to stop, the second one urgently, the third one interrupts as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL

    def handle(number: int, frame: Any) -> None:
        stop.ask()
        if stop.requests > 1:
            signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
