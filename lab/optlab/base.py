"""Common to every plugin: a name, a function, its hyper-parameters, a digest of its meaning; and the graph of those that are formulas."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from optlab.blas import pin_loaded
from optlab.errors import OptlabError
from optlab.formula.derive import forward
from optlab.formula.graph import Graph, trace
from optlab.hyper import HyperParameter, Value, complete

Options = Mapping[str, Value]
NO_OPTIONS: Options = MappingProxyType({})
_compiled: dict[tuple[str, str], Any] = {}


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, eq=False)
class Plugin:
    """Common to every kind. `distribution` is filled in by the catalogue."""

    name: str
    function: Callable[..., Any]
    hyper: Mapping[str, HyperParameter]
    distribution: str = field(default="", kw_only=True)

    kind: ClassVar[str] = "plugin"

    def __post_init__(self) -> None:
        object.__setattr__(self, "hyper", MappingProxyType(dict(self.hyper)))

    def __call__(self, *arguments: Any, **hyper: Any) -> Any:
        """The author's function, on plain numbers or arrays."""
        return self.function(*arguments, **hyper)

    @property
    def module(self) -> str:
        return self.function.__module__

    @property
    def doc(self) -> str:
        """The function's docstring, else its module's."""
        own = inspect.getdoc(self.function)
        return own or inspect.getdoc(inspect.getmodule(self.function)) or ""

    def values(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """All hyper-parameters: given ones checked, the others at their defaults."""
        return complete(self.hyper, given, f"{self.kind} {self.name}")

    def options(self, values: Mapping[str, Any]) -> dict[str, Value]:
        """The part of `values` that is fixed when the formula is traced."""
        return {name: one.check(values.get(name, one.default), self.name) for name, one in self._fixed}

    @functools.cached_property
    def _fixed(self) -> tuple[tuple[str, HyperParameter], ...]:
        return tuple((name, one) for name, one in self.hyper.items() if not one.swept)

    @functools.cached_property
    def swept(self) -> tuple[str, ...]:
        """Names of the float hyper-parameters, in the order of the compiled code's hyper block."""
        return tuple(name for name, one in self.hyper.items() if one.swept)

    def block(self, values: Mapping[str, Any]) -> list[float]:
        """The swept values in the order of the compiled code's hyper block."""
        return [float(values.get(name, self.hyper[name].default)) for name in self.swept]

    def digest(self, options: Options = NO_OPTIONS) -> str:
        """A digest of what the plugin computes: its name and its wording do not enter, the code and its helpers do."""
        return self._digest(tuple(self.options(options).items()))

    @functools.cache  # noqa: B019  # plugins live as long as the process
    def _digest(self, options: tuple[tuple[str, Value], ...]) -> str:
        from optlab.formula.code import code_digest

        return _hash(self.kind, code_digest(self.function), repr(sorted(options)), *self._digest_parts(dict(options)))

    def _digest_parts(self, options: Options) -> tuple[str, ...]:
        """What else its meaning depends on."""
        return ()

    def _once(self, dtype: str, options: Options, build: Callable[[], Any]) -> Any:
        key = (self.digest(options), dtype)
        if key not in _compiled:
            _compiled[key] = build()
            pin_loaded()  # compiling, and array code that is loaded, load scipy's BLAS
        return _compiled[key]


@dataclass(frozen=True, eq=False)
class FormulaPlugin(Plugin):
    """A plugin whose function is a plain scalar formula, traced into a graph."""

    positional: tuple[str, ...] = ()
    timed: bool = False

    def graph(self, options: Options = NO_OPTIONS) -> Graph:
        """The formula's graph. Inputs are the positional names, invariants ``t`` (where used) and the swept hyper-parameters."""
        return self._graph(tuple(self.options(options).items()))

    def inputs(self, options: Options = NO_OPTIONS) -> tuple[str, ...]:
        """Names of the formula's variables."""
        return self.positional

    @functools.cache  # noqa: B019
    def _graph(self, options: tuple[tuple[str, Value], ...]) -> Graph:
        invariants = (("t",) if self.timed else ()) + self.swept
        graph = trace(self.function, self.inputs(dict(options)), invariants, dict(options))
        if len(graph.outputs) != len(self.returns):
            wanted = ", ".join(self.returns)
            raise OptlabError(f"{self.kind} {self.name} returns {len(graph.outputs)} values, but must return {len(self.returns)}: {wanted}")
        return graph

    @functools.cache  # noqa: B019
    def _operations(self, options: tuple[tuple[str, Value], ...], slope: bool) -> int:
        """Operations per element, as emitted, of the value or of the value and its slope by the first input."""
        graph = self._graph(options)
        return forward(graph, self.positional[0]).flops_shared if slope else graph.flops_shared

    @property
    def returns(self) -> tuple[str, ...]:
        """What the formula returns, in words."""
        return ("its value",)

    @functools.cache  # noqa: B019
    def _digest(self, options: tuple[tuple[str, Value], ...]) -> str:
        return _hash(self.kind, self._graph(options).canonical(), *self._digest_parts(dict(options)))
