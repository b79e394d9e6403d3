"""A Dask scheduler in this process and workers beside it, for `--dask local`."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = 5.0
"""Seconds that workers have to end by themselves."""


@contextmanager
def local(size: int) -> Iterator[str]:
    """Address of a scheduler with `size` workers of one thread each, which are still starting; all of it ends with the block."""
    import dask
    from distributed import LocalCluster

    # A trial whose worker dies is tried once more, not three times: here it is the trial's fault, not a machine's.
    own = {"distributed.scheduler.allowed-failures": 1, "distributed.worker.daemon": False}
    with (
        dask.config.set(own),
        tempfile.TemporaryDirectory(prefix="optlab-dask-", ignore_cleanup_errors=True) as scratch,
        # A port of its own: without an address the scheduler would take 8787, and complain where another cluster has it.
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL) as cluster,
    ):
        address = str(cluster.scheduler_address)
        # By the command that the documentation names, not by multiprocessing: that would import the caller's script again in each worker.
        words = [sys.executable, "-m", "dask", "worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", scratch]
        workers = [
            subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            for _ in range(size)
        ]
        try:
            yield address
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                try:
                    worker.wait(ENDING)
                except subprocess.TimeoutExpired:
                    os.killpg(worker.pid, signal.SIGKILL)
                    worker.wait()
