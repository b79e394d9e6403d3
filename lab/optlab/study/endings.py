"""How a worker process ended, in words: from its exit code, or from the log of the nanny that watched over a Dask worker."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client
    from distributed.scheduler import WorkerState

WRITTEN = 2.0
"""Seconds that a nanny has to write what it saw: the scheduler may hear of the end first."""

_ROWS, _PAUSE, _ANSWER = 1000, 0.1, 5.0


def ending(code: int) -> str:
    """In words. code: of the process, negative for the signal that ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return name + (", as the system does where memory runs out" if -code == signal.SIGKILL else "")


def ending_of(client: Client, worker: WorkerState) -> str:
    """How the process of a Dask worker ended; empty where nobody can say: it had no nanny, or that has ended with it."""
    if not worker.nanny:
        return ""
    # A nanny hands its exit code to nobody, but it keeps its log; that names the process.
    said = re.compile(rf"Worker process {worker.pid} (?:was killed by signal (\d+)|exited with status (\d+))")
    deadline = time.monotonic() + WRITTEN
    while True:
        try:
            log = client.sync(
                client.scheduler.broadcast, msg={"op": "get_logs", "n": _ROWS}, workers=[worker.nanny], callback_timeout=_ANSWER
            )[worker.nanny]
        except (OSError, TimeoutError):
            return ""
        found = next(filter(None, (said.search(row[-1]) for row in log)), None)
        if found is not None:
            by, status = found.groups()
            return ending(-int(by) if by else int(status))
        if time.monotonic() > deadline:
            return ""
        time.sleep(_PAUSE)
