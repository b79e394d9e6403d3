"""The one door to Numba: its options and their reasons, the cache folder, the compile lock.

Nothing else in optlab calls ``numba.njit`` or ``numba.cfunc``.

- ``error_model="numpy"``: Python's zero-division checks block vectorisation (an Adam loop is 3.8x slower with them).
- ``fastmath={"contract"}``: lets a*b+c fuse, nothing else. ``fastmath=True`` makes isnan and isfinite lie
  (numba #2919, #8708) and ``reassoc`` gives other results on other machines.
- ``nogil=True``: threads over trials. Never ``parallel=True``: from several threads it aborts the process (numba #8563).
- Cached in a folder named by a digest of every compiled source and of the versions: Numba's own key does not see
  an edited helper in another file (numba #1833).
"""

from __future__ import annotations

import functools
import gc
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
from llvmlite import binding
from numba import _dynfunc
from numba.core import compiler, sigutils
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys

from optlab.errors import OptlabError

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}

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


class _Machine(CompileResultCacheImpl):  # type: ignore[misc]
    """Keeps machine code and its names, not the bitcode for merging into callers: what is cached is called by address or symbol."""

    def reduce(self, cres: Any) -> Any:
        (name, kind, (code, _)), *rest, environments = cres._reduce()
        for environment in environments:  # of merged functions too, as when it is loaded
            cres.library.codegen.set_env(environment.env_name, environment)
        names = (each.name for each in cres.library.get_defined_functions())
        stub = "\n".join(f'define void @"{each}"() {{ ret void }}' for each in names)
        return (name, kind, (code, binding.parse_assembly(stub).as_bitcode())), *rest, environments


class _Cache(FunctionCache):  # type: ignore[misc]
    """Numba's, without what only compiling needs: its registries of typed functions (0.2 s) and scipy's BLAS (0.2 s).

    A miss loads them: every compilation begins with it. Code that may refer to their symbols asks for them with `registries`.
    """

    _impl_class = _Machine

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def registries() -> None:
    """Load all that Numba can compile, once per process, before array code: what it calls may be found by symbol."""
    cpu_target.target_context.refresh()


def _cached(function: Any, **options: Any) -> Any:
    with _into_cache():
        dispatcher = numba.njit(**OPTIONS, **options)(function)
        dispatcher._cache = _Cache(function)
    return dispatcher


def jit(function: F) -> F:
    """Compile on first call, cached. For what Python calls."""
    return _cached(function)  # type: ignore[no-any-return]


def linkable(function: F) -> F:
    """As `jit`, but Python cannot call it: for what other compiled code finds by its symbol."""
    return _cached(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[no-any-return]


def inlined(function: F) -> F:
    """As `jit`, for a few-line helper that only other compiled code calls: it is not cached on its own."""
    return numba.njit(**OPTIONS)(function)  # type: ignore[no-any-return]


class _Merged(JITCodeLibrary):  # type: ignore[misc]
    """Code that is only ever linked into its callers: it gets no machine code of its own."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class _Internal(compiler.Compiler):  # type: ignore[misc]
    """Compiles into a `_Merged` library; what Python gets to hold is only its key among compiled functions."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, target, library or _Merged(target.codegen(), "internal"), *rest)
        self.state.targetctx.get_executable = self._key

    @staticmethod
    def _key(library: Any, function: Any, environment: Any) -> Any:
        return _dynfunc.make_function(function.lookup_module(), function.qualname, "", 0, environment, (library,))


def _merged(function: Any, **options: Any) -> Any:
    return numba.njit(**OPTIONS, **options, no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_Internal)(function)


def internal(function: F) -> F:
    """As `inlined`, but Python cannot call it: without wrappers and machine code of its own the kernel compiles in 3/5 of the time."""
    return _merged(function)  # type: ignore[no-any-return]


def merged(function: F) -> F:
    """As `internal`, and LLVM must inline it whatever its size: a loop with a call in it does not vectorise."""
    return _merged(function, forceinline=True)  # type: ignore[no-any-return]


def callback(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile now to a C function; ``.address`` is what the kernel calls, ``.ctypes`` what Python calls.

    An exception inside is printed and swallowed by Numba, and the caller goes on with garbage: callbacks must not raise.
    Keep the returned object referenced as long as its address is in use.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = CFunc(function, sigutils.normalize_signature(signature), locals={}, options=OPTIONS)
        with _into_cache():
            compiled._cache = _Cache(function)
        compiled.compile()
        return compiled

    return decorate


class Compilation:
    """Seconds spent compiling in this process, kept apart from training, and who wants to hear about it."""

    seconds: float = 0.0
    listener: Callable[[str], None] | None = None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which walks all that Numba holds again and again: compiling takes a tenth less time."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


@contextmanager
def compiling(what: str) -> Iterator[None]:
    """Hold the compile lock (between threads and processes) and book the time.

    Several processes that fill one Numba cache at once can race (numba #4807, #10128).
    """
    from filelock import FileLock

    with _process_lock, FileLock(cache_folder() / "compile.lock"), _uncollected():
        if Compilation.listener is not None:
            Compilation.listener(what)
        begin = time.perf_counter()
        try:
            yield
        finally:
            Compilation.seconds += time.perf_counter() - begin
