"""Emitted modules: published once under a name that holds a digest of their text, imported, compiled, kept.

`compile_activation` and its siblings are what the layers above call. Addresses stay valid for the life of the process,
because the modules stay in `sys.modules`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from optlab import jit
from optlab.errors import OptlabError

PREFIX = "optlab_emitted_"
_ready: dict[str, ModuleType] = {}  # in sys.modules a module stands before it has run, which another thread must not see


@dataclass(frozen=True)
class CompiledActivation:
    """Addresses with the signatures abi.activation_value and abi.activation_value_slope."""

    value: int
    value_slope: int
    module: ModuleType
    path: Path


@dataclass(frozen=True)
class CompiledCost:
    """Addresses with the signatures abi.cost_value and abi.cost_value_gradient."""

    value: int
    value_gradient: int
    module: ModuleType
    path: Path


@dataclass(frozen=True)
class CompiledObjective:
    """Addresses with the signatures abi.model_gradient and abi.model_evaluate."""

    model_gradient: int
    model_evaluate: int
    module: ModuleType
    path: Path


def check_dtype(dtype: str) -> None:
    if dtype not in ("float32", "float64"):
        raise OptlabError(f"dtype {dtype!r} is not one of 'float32', 'float64'")


def publish(name: str, text: str, digest: str = "") -> Path:
    """Write a module once: to a temporary name, then linked (Numba's cache key holds its modification time)."""
    salted = hashlib.blake2b((text + digest).encode(), digest_size=8).hexdigest()
    folder = jit.cache_folder() / "emitted"
    path = folder / f"{re.sub(r'[^0-9a-zA-Z]', '_', name)}_{salted}.py"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            with contextlib.suppress(FileExistsError):  # another process was first, with the same text
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    return path


def load(name: str, text: str, given: Mapping[str, Any] | None = None, digest: str = "") -> ModuleType:
    """Import an emitted module; compiling (or reading the cache) happens here.

    Args:
        given: names put into the module before it runs (the author's compiled functions).
        digest: of the code behind `given`, which the text does not show.
    """
    path = publish(name, text, digest)
    full = PREFIX + path.stem
    if full in _ready:
        return _ready[full]
    with jit.compiling(name):
        if full in _ready:  # another thread was first
            return _ready[full]
        spec = importlib.util.spec_from_file_location(full, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        module.__dict__.update(given or {})
        sys.modules[full] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[full]
            raise
        _ready[full] = module
    return module


def path_of(module: ModuleType) -> Path:
    assert module.__file__ is not None
    return Path(module.__file__)
