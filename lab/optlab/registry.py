"""Find plugins, check them, name the broken one: kind -> name -> plugin."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, cast

import pluggy

from optlab import hookspecs
from optlab.base import FormulaPlugin, Plugin
from optlab.chains import SEPARATOR, chain
from optlab.composition import composed, is_composed
from optlab.errors import OptlabError, nearest
from optlab.kinds import Activation, Cost, Objective, RowCost
from optlab.rules import Rule
from optlab.sources import Initializer, Problem, Schedule

KINDS = ("optimizers", "stages", "activations", "costs", "problems", "objectives", "schedules", "initializers")
ALIASES: Mapping[tuple[str, str], str] = MappingProxyType({("optimizers", "sgd"): "gd", ("activations", "silu"): "swish"})


class Catalogue(Mapping[str, Mapping[str, Plugin]]):
    """What is registered: ``catalogue["optimizers"]["adam"]``. Immutable; `including` returns a larger one."""

    def __init__(self, plugins: Mapping[str, Mapping[str, Plugin]]) -> None:
        self._plugins = {kind: MappingProxyType(dict(plugins.get(kind, {}))) for kind in KINDS}
        self._chains: dict[str, Rule] = {}  # every trial of a study asks for the same one

    def __getitem__(self, kind: str) -> Mapping[str, Plugin]:
        return self._plugins[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plugins)

    def __len__(self) -> int:
        return len(self._plugins)

    def find(self, kind: str, name: str) -> Plugin:
        """The plugin of this name (or alias).

        Raises:
            OptlabError: there is none; the sentence offers the nearest name.
        """
        known = self._plugins[kind]
        found = known.get(ALIASES.get((kind, name), name))
        if found is None and kind == "optimizers" and SEPARATOR in name:
            return self._chain(name)
        if found is None and kind == "schedules" and is_composed(name):
            return composed(name, self.schedule)
        if found is None:
            raise OptlabError(
                f"there is no {kind[:-1]} called {name!r}{nearest(name, list(known))}; `optlab plugins` lists them all, "
                "`--plugin FILE` adds your own"
            )
        return found

    def _chain(self, name: str) -> Rule:
        if name not in self._chains:
            stages = self._plugins["stages"]
            parts = [stages[part] if part in stages else self.find("optimizers", part) for part in name.split(SEPARATOR)]
            self._chains[name] = chain(*cast("list[Rule]", parts))
        return self._chains[name]

    def optimizer(self, name: str) -> Rule:
        """The update rule of this name; stages around one are written ``clip_norm+adam``."""
        return cast(Rule, self.find("optimizers", name))

    def activation(self, name: str) -> Activation:
        return cast(Activation, self.find("activations", name))

    def cost(self, name: str) -> Cost | RowCost:
        return cast("Cost | RowCost", self.find("costs", name))

    def problem(self, name: str) -> Problem:
        return cast(Problem, self.find("problems", name))

    def objective(self, name: str) -> Objective:
        return cast(Objective, self.find("objectives", name))

    def schedule(self, name: str) -> Schedule:
        return cast(Schedule, self.find("schedules", name))

    def initializer(self, name: str) -> Initializer:
        return cast(Initializer, self.find("initializers", name))

    def including(self, plugins: Iterable[Plugin]) -> Catalogue:
        """A catalogue with these plugins too, in place of any of the same name: for plugins defined in a notebook."""
        merged = {kind: dict(names) for kind, names in self._plugins.items()}
        for plugin in plugins:
            merged[kind_of(plugin)][plugin.name] = plugin
        return Catalogue(merged)


def kind_of(plugin: Plugin) -> str:
    """The plural kind a plugin object belongs to."""
    return f"{plugin.kind}s"


def _entry_points() -> Iterator[tuple[str, str, ModuleType]]:
    """(plugin name, distribution, module) of every entry point in the group."""
    distributions: dict[importlib.metadata.Distribution | None, str] = {None: "unknown distribution"}  # each name parses metadata anew
    for entry in sorted(importlib.metadata.entry_points(group="optlab"), key=lambda entry: entry.name):
        if entry.dist and entry.dist not in distributions:
            distributions[entry.dist] = f"{entry.dist.name} {entry.dist.version}"
        distribution = distributions[entry.dist]
        try:
            yield entry.name, distribution, entry.load()
        except Exception as error:  # whatever a stranger's module raises is that plugin's fault, and named
            raise OptlabError(_broken(entry.name, entry.module, distribution, error)) from error


def _broken(name: str, module: str, distribution: str, error: BaseException) -> str:
    cause = str(error) if isinstance(error, OptlabError) else f"{type(error).__name__}: {error}"
    return f"plugin {name!r} (module {module}, from {distribution}) cannot be used: {cause}"


def load_file(path: str | Path) -> tuple[str, str, ModuleType]:
    """(plugin name, distribution, module) of one plugin file; the file is imported.

    Raises:
        OptlabError: missing, not Python, or its import fails.
    """
    path = Path(path).expanduser()
    try:
        source = path.read_bytes()
    except OSError as error:
        raise OptlabError(f"the plugin file {path} cannot be read ({error.strerror}); give the path of a Python file") from error
    name = f"optlab_plugin_{path.stem}_{hashlib.blake2b(str(path.resolve()).encode() + source, digest_size=6).hexdigest()}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise OptlabError(f"the plugin file {path} is not a Python file; its name must end in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise OptlabError(_broken(path.stem, name, f"file {path}", error)) from error
    return path.stem, f"file {path.name}", sys.modules[name]


def _registrar(kind: str, plugin_name: str, module: str, distribution: str, found: dict[str, Plugin]) -> Callable[[Any], None]:
    def register(plugin: Any) -> None:
        where = f"plugin {plugin_name!r} (module {module}, from {distribution})"
        if not isinstance(plugin, Plugin) or plugin.kind != kind[:-1]:
            decorator = kind[:-1]
            what = getattr(plugin, "__name__", None) or getattr(plugin, "name", None) or repr(plugin)
            raise OptlabError(f"{where}: register_{kind} got {what!r}, which is no {decorator}; decorate it with @{decorator}")
        if plugin.name in found:
            other = found[plugin.name]
            raise OptlabError(f"{where}: the {plugin.kind} {plugin.name!r} is already registered by {other.distribution}; rename one")
        if (kind, plugin.name) in ALIASES:
            raise OptlabError(f"{where}: {plugin.name!r} is an alias of {ALIASES[kind, plugin.name]!r}; rename it")
        if isinstance(plugin, FormulaPlugin):
            try:
                plugin.graph()  # a formula that cannot be traced is refused here, not in the middle of a study
            except OptlabError as error:
                raise OptlabError(f"{where}: {error}") from error
        found[plugin.name] = replace(plugin, distribution=distribution)

    return register


def make_manager(files: Iterable[str | Path] = ()) -> tuple[pluggy.PluginManager, dict[str, tuple[str, str]]]:
    """(manager, plugin name -> (module, distribution)): a new manager with every entry point and these files registered.

    Raises:
        OptlabError: a plugin cannot be imported, implements a hook that does not exist, or is there twice.
    """
    manager = pluggy.PluginManager("optlab")
    manager.add_hookspecs(hookspecs)
    origin: dict[str, tuple[str, str]] = {}
    sources = [*_entry_points(), *(load_file(file) for file in dict.fromkeys(files))]
    for name, distribution, module in sources:
        where = module.__name__
        if name in origin:
            who = f"plugin {name!r} (module {where}, from {distribution})"
            raise OptlabError(f"{who} is already registered by {origin[name][1]}; rename one")
        try:
            manager.register(module, name=name)
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            cause = " ".join(str(error).split())
            raise OptlabError(f"plugin {name!r} (module {where}, from {distribution}) cannot be used: {cause}") from error
        origin[name] = (where, distribution)
    return manager, origin


def load(files: Iterable[str | Path] = ()) -> Catalogue:
    """Everything registered by installed distributions and by these files.

    Raises:
        OptlabError: a broken plugin, named with module, distribution and cause.
    """
    manager, origin = make_manager(files)
    plugins: dict[str, dict[str, Plugin]] = {kind: {} for kind in KINDS}
    for kind, found in plugins.items():
        for implementation in getattr(manager.hook, f"register_{kind}").get_hookimpls():
            name = implementation.plugin_name
            try:
                implementation.function(register=_registrar(kind, name, *origin[name], found))
            except OptlabError:
                raise
            except Exception as error:
                raise OptlabError(_broken(name, *origin[name], error)) from error
    return Catalogue({kind: dict(sorted(found.items())) for kind, found in plugins.items()})


def catalogue() -> Catalogue:
    """What is registered: a mapping kind -> name -> plugin."""
    return installed()


def name_of(plugin: str | Plugin) -> str:
    """The name a plugin goes by."""
    return plugin if isinstance(plugin, str) else plugin.name


def catalogue_with(*plugins: Any) -> Catalogue:
    """The installed plugins and the decorated functions among the arguments."""
    return installed().including([plugin for plugin in plugins if isinstance(plugin, Plugin)])


@functools.cache
def installed() -> Catalogue:
    """The installed plugins, looked up once per process."""
    return load()
