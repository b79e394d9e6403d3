"""What a worker in another process needs to run a study's trials: plugin files as source text, the versions of what is installed.

Data travel apart, as the arrays they became here (`optlab.data.Dataset`), so that splits and noise are the coordinator's. Nothing else is
sent: no function is pickled. A worker that lacks something, or has another version of it, refuses by name.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optlab import jit, registry
from optlab.base import Plugin
from optlab.composition import Composed
from optlab.errors import OptlabError
from optlab.registry import Catalogue
from optlab.study.trial import Cell, PluginDigests

if TYPE_CHECKING:
    from optlab.study.spec import Study

OPTLAB = "optlab"
_UNTOLD = ("cli", "conformance", "evidence", "objectives", "report", "scaffold", "selftest", "study")
"""Folders of optlab that no number of a trial depends on."""


@dataclass(frozen=True)
class PluginFile:
    """A plugin file: where it lies on the coordinator's machine, its text."""

    path: str
    text: bytes

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.text, digest_size=16).hexdigest()

    def here(self) -> Path:
        """A file on this machine with this text: the original where it is in reach, else a copy in the cache folder.

        Raises:
            OptlabError: the cache folder cannot be written.
        """
        original = Path(self.path)
        try:
            if original.read_bytes() == self.text:
                return original  # compiled array code is found again by the path it came from
        except OSError:
            pass
        copy = jit.cache_base() / "shipped" / self.digest / original.name
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.read_bytes() != self.text:
                with tempfile.NamedTemporaryFile(dir=copy.parent, delete=False) as draft:
                    draft.write(self.text)
                Path(draft.name).replace(copy)  # workers of one machine write it at the same time
        except OSError as error:
            raise OptlabError(f"the plugin file {original.name} cannot be kept in {copy.parent} ({error}); set OPTLAB_CACHE") from error
        return copy


@dataclass(frozen=True)
class Shipment:
    """See the module. versions: distribution -> version, of those whose plugins the study uses. sources: `sources_digest()`."""

    files: tuple[PluginFile, ...]
    versions: Mapping[str, str]
    sources: str
    diagnostics: bool

    @classmethod
    def of(cls, study: Study) -> Shipment:
        """What the workers of a study need.

        Raises:
            OptlabError: it uses a plugin that was defined in a session and lies in no file.
        """
        known = registry.load(study.files) if study.files else registry.installed()
        versions = {OPTLAB: _version(OPTLAB)}
        for plugin in _used(study):
            kind = registry.kind_of(plugin)
            sendable = known[kind].get(plugin.name)
            if sendable is None or sendable.function is not plugin.function:
                raise OptlabError(
                    f"the {plugin.kind} {plugin.name!r} was defined in a session, and worker processes cannot be sent it; "
                    'put it into a file and name that: plugin=["mine.py"], or --plugin mine.py'
                )
            name = sendable.distribution.partition(" ")[0]
            if not sendable.distribution.startswith("file "):
                versions[name] = _version(name)
        try:
            files = tuple(PluginFile(str(file), file.read_bytes()) for file in study.files)
        except OSError as error:
            raise OptlabError(f"a plugin file cannot be read any more ({error}); put it back and run again") from error
        return cls(files, versions, sources_digest(), study.spec.diagnostics)

    def unpack(self) -> Catalogue:
        """The catalogue of plugins on this machine.

        Raises:
            OptlabError: something is missing here, of another version, or broken.
        """
        for name, version in self.versions.items():
            found = _version(name)
            if found != version:
                here = f"version {found}" if found else "none"
                raise OptlabError(f"the study uses {name} {version}, and this worker has {here}; install {name}=={version} there")
        if sources_digest() != self.sources:
            raise OptlabError(
                f"this worker's {OPTLAB} {_version(OPTLAB)} has other sources than the study's of the same version; install the same there"
            )
        return registry.load([file.here() for file in self.files]) if self.files else registry.installed()


class Inspector:
    """Compares the plugins of cells with those of this machine, by the digests of what they compute."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._digests = PluginDigests(catalogue)
        self._passed: set[tuple[tuple[str, str], ...]] = set()

    def check(self, cell: Cell) -> None:
        """Pass a cell whose plugins are the same here.

        Raises:
            OptlabError: one is missing here or computes something else.
        """
        if cell.plugins in self._passed:
            return
        for (role, there), (_, here) in zip(cell.plugins, self._digests.of(cell.settings), strict=True):
            if there != here:
                raise OptlabError(f"the {role} of {cell.contender} is another one on this worker; install there what the study uses")
        self._passed.add(cell.plugins)


def sources_digest() -> str:
    """Digest of the sources of optlab that a trial's numbers may depend on."""
    digest, folder = hashlib.blake2b(digest_size=16), Path(jit.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        inside = file.relative_to(folder)
        if inside.parts[0] not in _UNTOLD:
            digest.update(f"{inside.as_posix()} ".encode() + file.read_bytes())
    return digest.hexdigest()


def _version(distribution: str) -> str:
    """Its version here; empty where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _used(study: Study) -> Iterator[Plugin]:
    """Every plugin that a trial of the study may execute. Problems are none of them: data are made here and sent as arrays."""
    from optlab.study.axes import listed  # what plans a study takes a quarter of a second to load, which workers need not

    for contender in study.contenders:
        yield from contender.rule.parts
        for kind, name in contender.part_hyper:
            if kind == "costs" and name not in listed(contender.axes["cost"]):
                continue  # where a study names no cost, the one that fits the data is chosen: a built-in one
            plugin = study.catalogue.find(kind, name)
            yield from (part.schedule for part in plugin.parts) if isinstance(plugin, Composed) else (plugin,)
