"""One BLAS thread: with two, what plugins compute with NumPy depends on it, and two threads in two workers are slower than one.

The kernel calls no BLAS (`optlab.kernel.linalg`): this is for initializers, problems and array code.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


def controller() -> Any:
    """The BLAS libraries of this process; scipy's is loaded first: Numba and problems import it when they need it."""
    import scipy.linalg.blas  # noqa: F401

    return _controller(scipy=True)


@functools.cache
def _controller(scipy: bool) -> Any:
    """The BLAS libraries with or without scipy's, whose import takes 0.2 s."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Pin:
    """How many blocks are open, and how what they limit is given back."""

    lock = threading.RLock()
    depth = 0
    limits = ExitStack()
    scipy: bool | None = None  # limited with or without scipy's library


def pin_loaded() -> None:
    """Pin what has been loaded since the block began; nothing outside of one."""
    scipy = "scipy.linalg" in sys.modules
    with _Pin.lock:
        if _Pin.depth and _Pin.scipy != scipy:
            _Pin.limits.enter_context(_controller(scipy).limit(limits=1, user_api="blas"))
            _Pin.scipy = scipy


@contextmanager
def single_threaded(scipy: bool = True) -> Iterator[None]:
    """Pin BLAS to one thread inside the block; blocks of several threads may overlap.

    scipy: load scipy's library first, as whatever runs inside may; without, who loads it inside calls `pin_loaded`.
    """
    if scipy:
        controller()
    with _Pin.lock:
        _Pin.depth += 1
        pin_loaded()
    try:
        yield
    finally:
        with _Pin.lock:
            _Pin.depth -= 1
            if not _Pin.depth:
                _Pin.limits.close()
                _Pin.scipy = None


def description() -> str:
    """Names and versions of the BLAS libraries, for the record."""
    libraries = controller().select(user_api="blas").info()
    return ", ".join(sorted(f"{one['internal_api']} {one['version']}" for one in libraries))
