"""Where and with what a trial ran: recorded beside its numbers, never part of its digest. Nothing here names a machine or a person."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

from optlab.errors import OptlabError

PACKAGES = ("optlab", "numpy", "numba", "llvmlite", "scipy", "scikit-learn", "pandas", "matplotlib")


@functools.cache
def describe() -> dict[str, str]:
    """CPU model and architecture, operating system, Python, library versions, BLAS."""
    from optlab import blas

    found = {
        "cpu": cpu_model(),
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "blas": blas.description(),
    }
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def apart(several: Iterable[Mapping[str, str]]) -> str:
    """A sentence on what differs between the environments of one study's trials beside the operating system; empty where nothing does."""
    several, differing = list(several), []
    for name in dict.fromkeys(name for one in several for name in one):
        values = dict.fromkeys(one[name] for one in several if name in one)
        if name != "system" and len(values) > 1:
            differing.append(f"{name} ({'; '.join(values)})")
    if not differing:
        return ""
    return f"Trials of this study ran with different {', '.join(differing)}: between these, numbers may differ in their last bits."


def threads(workers: int | None) -> int:
    """Threads to run on: as many as asked for, else one per core.

    Raises:
        OptlabError: fewer than one.
    """
    if workers is not None and workers < 1:
        raise OptlabError(f"workers = {workers} is not allowed; it must be a whole number >= 1")
    return workers or cores()


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
