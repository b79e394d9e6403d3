"""The one door to Numba: its options and their reasons, the cache folder, the compile lock.

Nothing else in optlab calls ``numba.njit`` or ``numba.cfunc``.

- ``error_model="numpy"``: Python's zero-division checks block vectorisation (an Adam loop is 3.8x slower with them).
- ``fastmath={"contract"}``: lets a*b+c fuse, nothing else. ``fastmath=True`` makes isnan and isfinite lie
  (numba #2919, #8708) and ``reassoc`` gives other results on other machines.
- ``nogil=True``: threads over trials. Never ``parallel=True``: from several threads it aborts the process (numba #8563).
- ``cache=True`` into a folder named by a digest of every compiled source and of the versions: Numba's own key does not see
  an edited helper in another file (numba #1833).
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numba

from optlab.errors import OptlabError

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "cache": True}

_COMPILED_SOURCES = ("jit.py", "abi.py", "requests.py", "formula", "kernel")
_process_lock = threading.RLock()


def cache_base() -> Path:
    """Folder above all caches: ``$OPTLAB_CACHE``, else the user's cache folder."""
    import platformdirs

    return Path(os.environ.get("OPTLAB_CACHE") or platformdirs.user_cache_dir("optlab"))


@functools.cache
def cache_folder() -> Path:
    """Folder of compiled code for exactly these sources and versions; made when missing.

    Raises:
        OptlabError: the folder cannot be written.
    """
    import llvmlite
    import numpy

    digest = hashlib.blake2b(digest_size=8)
    # Numba's own key does not see NUMBA_BOUNDSCHECK: code compiled without checks would be loaded where they are asked for.
    checks = f"boundscheck {numba.config.BOUNDSCHECK}"
    for what in (sys.version, numba.__version__, llvmlite.__version__, numpy.__version__, checks):
        digest.update(what.encode())
    here = Path(__file__).parent
    for name in _COMPILED_SOURCES:
        for file in sorted([here / name] if name.endswith(".py") else (here / name).rglob("*.py")):
            digest.update(file.read_bytes())
    folder = cache_base() / digest.hexdigest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError("not writable")
    except OSError as error:
        raise OptlabError(f"the cache folder {folder} cannot be used ({error}); set OPTLAB_CACHE to a writable folder") from error
    return folder


@contextmanager
def _into_cache() -> Iterator[None]:
    # Numba reads CACHE_DIR when a function is decorated, so it is set only for that moment.
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def jit(function: F) -> F:
    """Compile on first call, cached. For everything that compiled code calls by name."""
    with _into_cache():
        return numba.njit(**OPTIONS)(function)  # type: ignore[no-any-return]


def linkable(function: F) -> F:
    """As `jit`, but Python cannot call it: for what other compiled code finds by its symbol."""
    with _into_cache():
        return numba.njit(**{**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True})(function)  # type: ignore[no-any-return]


def inlined(function: F) -> F:
    """As `jit`, for a few-line helper that only other compiled code calls: it is not cached on its own."""
    return numba.njit(**{**OPTIONS, "cache": False})(function)  # type: ignore[no-any-return]


def internal(function: F) -> F:
    """As `inlined`, but Python cannot call it: without its wrappers for Python and C the kernel compiles in 11 s instead of 13.5."""
    return numba.njit(**{**OPTIONS, "cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True})(function)  # type: ignore[no-any-return]


def merged(function: F) -> F:
    """As `inlined`, and LLVM must inline it whatever its size: a loop with a call in it does not vectorise."""
    with _into_cache():
        return numba.njit(**{**OPTIONS, "cache": False, "forceinline": True})(function)  # type: ignore[no-any-return]


def callback(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile now to a C function; ``.address`` is what the kernel calls, ``.ctypes`` what Python calls.

    An exception inside is printed and swallowed by Numba, and the caller goes on with garbage: callbacks must not raise.
    Keep the returned object referenced as long as its address is in use.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        # Numba reads CACHE_DIR while decorating; a cfunc compiles in the same breath.
        with _into_cache():
            return numba.cfunc(signature, **OPTIONS)(function)

    return decorate


class Compilation:
    """Seconds spent compiling in this process, kept apart from training, and who wants to hear about it."""

    seconds: float = 0.0
    listener: Callable[[str], None] | None = None


@contextmanager
def compiling(what: str) -> Iterator[None]:
    """Hold the compile lock (between threads and processes) and book the time.

    Several processes that fill one Numba cache at once can race (numba #4807, #10128).
    """
    from filelock import FileLock

    with _process_lock, FileLock(cache_folder() / "compile.lock"):
        if Compilation.listener is not None:
            Compilation.listener(what)
        begin = time.perf_counter()
        try:
            yield
        finally:
            Compilation.seconds += time.perf_counter() - begin
