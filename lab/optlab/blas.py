"""One BLAS thread: with two, what plugins compute with NumPy depends on it, and two threads in two workers are slower than one.

The kernel calls no BLAS (`optlab.kernel.linalg`): this is for initializers, problems and array code.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@functools.cache
def controller() -> Any:
    """The BLAS libraries of this process; scipy's is loaded first: Numba imports it in any case."""
    import scipy.linalg.blas  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Pin BLAS to one thread inside the block."""
    with controller().limit(limits=1, user_api="blas"):
        yield


def description() -> str:
    """Names and versions of the BLAS libraries, for the record."""
    libraries = controller().select(user_api="blas").info()
    return ", ".join(sorted(f"{one['internal_api']} {one['version']}" for one in libraries))
