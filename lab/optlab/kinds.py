"""What a plugin is, once decorated: a name, a function, its hyper-parameters, a digest of its meaning, and its compiled form."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from optlab.errors import OptlabError
from optlab.formula.derive import forward
from optlab.formula.graph import Graph, trace
from optlab.hyper import HyperParameter, Value, complete
from optlab.landmarks import Known, Landmarks

if TYPE_CHECKING:
    import numpy as np

Options = Mapping[str, Value]
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
        return {name: one.check(values.get(name, one.default), self.name) for name, one in self.hyper.items() if not one.swept}

    @property
    def swept(self) -> tuple[str, ...]:
        """Names of the float hyper-parameters, in the order of the compiled code's hyper block."""
        return tuple(name for name, one in self.hyper.items() if one.swept)

    def block(self, values: Mapping[str, Any]) -> list[float]:
        """The swept values in the order of the compiled code's hyper block."""
        return [float(values.get(name, self.hyper[name].default)) for name in self.swept]

    def digest(self, options: Options = MappingProxyType({})) -> str:
        """A digest of what the plugin computes: its name and its wording do not enter, the code and its helpers do."""
        return self._digest(tuple(self.options(options).items()))

    @functools.cache  # noqa: B019  # plugins live as long as the process
    def _digest(self, options: tuple[tuple[str, Value], ...]) -> str:
        from optlab.formula.code import code_digest

        return _hash(self.kind, code_digest(self.function), repr(sorted(options)))

    def _once(self, dtype: str, options: Options, build: Callable[[], Any]) -> Any:
        key = (self.digest(options), dtype)
        if key not in _compiled:
            _compiled[key] = build()
        return _compiled[key]


@dataclass(frozen=True, eq=False)
class FormulaPlugin(Plugin):
    """A plugin whose function is a plain scalar formula, traced into a graph."""

    positional: tuple[str, ...] = ()
    timed: bool = False

    def graph(self, options: Options = MappingProxyType({})) -> Graph:
        """The formula's graph. Inputs are the positional names, invariants ``t`` (where used) and the swept hyper-parameters."""
        return self._graph(tuple(self.options(options).items()))

    def inputs(self, options: Options = MappingProxyType({})) -> tuple[str, ...]:
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
        return _hash(self.kind, self._graph(options).canonical(), *self._digest_parts())

    def _digest_parts(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, eq=False)
class Optimizer(FormulaPlugin):
    """An elementwise update rule: (w, g, *slots) -> (new w, *new slots), once per step t = 1, 2, ...

    `start` gives a slot's first value: a number, or the name of a hyper-parameter. Slots start at 0 otherwise.
    """

    start: Mapping[str, float | str] = field(default_factory=dict)
    kind: ClassVar[str] = "optimizer"

    @property
    def slots(self) -> tuple[str, ...]:
        return self.positional[2:]

    @property
    def returns(self) -> tuple[str, ...]:
        return ("the new w", *(f"the new {slot}" for slot in self.slots))

    def slot_starts(self, values: Mapping[str, Any]) -> list[float]:
        starts = [self.start.get(slot, 0.0) for slot in self.slots]
        return [float(values[start]) if isinstance(start, str) else float(start) for start in starts]

    def flops(self, options: Options = MappingProxyType({})) -> int:
        """Operations per parameter and step, as emitted (shared subexpressions once, loop invariants not counted)."""
        return self._operations(tuple(self.options(options).items()), False)

    def compiled(self, dtype: str, options: Options = MappingProxyType({})) -> int:
        """Address of the stage (abi.stage) for this dtype."""
        from optlab.formula.compile import compile_stage

        return int(self._once(dtype, options, lambda: compile_stage(self.name, self.graph(options), len(self.slots), dtype)))

    def _digest_parts(self) -> tuple[str, ...]:
        return (str(len(self.slots)), repr([self.start.get(slot, 0.0) for slot in self.slots]))


@dataclass(frozen=True, eq=False)
class Activation(FormulaPlugin):
    """An elementwise activation a = f(z); its slope is derived."""

    kind: ClassVar[str] = "activation"

    def returns_its_input(self, options: Options = MappingProxyType({})) -> bool:
        """Whether the formula is the identity."""
        return self.graph(options).outputs == (0,)

    def flops(self, options: Options = MappingProxyType({}), *, slope: bool = False) -> int:
        """Operations per node, as emitted: of the value alone, or of value and slope in their one loop."""
        return self._operations(tuple(self.options(options).items()), slope)

    def compiled(self, dtype: str, options: Options = MappingProxyType({})) -> Any:
        """Addresses ``.value`` and ``.value_slope`` (abi.activation_*)."""
        from optlab.formula.compile import compile_activation

        return self._once(dtype, options, lambda: compile_activation(self.name, self.graph(options), dtype))


@dataclass(frozen=True, eq=False)
class Cost(FormulaPlugin):
    """An elementwise cost of an output y and a target t, averaged over samples and outputs; its gradient is derived.

    `link` turns the network's outputs into predictions: "identity"; "sigmoid" or "softmax" for costs that take logits; "exp" for
    logarithms of a rate; "step" for scores whose sign is the class.
    """

    link: str = "identity"
    kind: ClassVar[str] = "cost"

    def flops(self, options: Options = MappingProxyType({}), *, gradient: bool = False) -> int:
        """Operations per output, as emitted: of the value alone, or of value and slope in their one loop."""
        return self._operations(tuple(self.options(options).items()), gradient)

    def terms(self, n_outputs: int) -> int:
        """By how many terms per row the sum is divided."""
        return n_outputs

    def compiled(self, dtype: str, options: Options = MappingProxyType({})) -> Any:
        """Addresses ``.value`` and ``.value_gradient`` (abi.cost_*)."""
        from optlab.formula.compile import compile_cost

        return self._once(dtype, options, lambda: compile_cost(self.name, self.graph(options), dtype))


@dataclass(frozen=True, eq=False)
class RowCost(Plugin):
    """A cost of one row, array code: f(y, t, gradient, **hyper) fills `gradient` with df/dy and returns f; averaged over samples."""

    link: str = "identity"
    operations: tuple[int, int] = (0, 0)
    kind: ClassVar[str] = "cost"

    def flops(self, options: Options = MappingProxyType({}), *, gradient: bool = False) -> int:
        """Operations per output as the author counted them: array code is not traced."""
        return self.operations[gradient]

    def terms(self, n_outputs: int) -> int:
        return 1

    def compiled(self, dtype: str, options: Options = MappingProxyType({})) -> Any:
        from optlab.formula.compile import compile_row_cost

        fixed = self.options(options)
        return self._once(dtype, options, lambda: compile_row_cost(self.name, self.function, dtype, options=fixed))


@dataclass(frozen=True, eq=False)
class Objective(FormulaPlugin):
    """A scalar formula of a few variables, minimised directly; its gradient is derived by reverse accumulation.

    A formula ``f(*x, dimension=2)`` has as many variables as its option says: x1, x2, ...
    """

    landmarks: Landmarks = field(default_factory=Landmarks)
    kind: ClassVar[str] = "objective"

    @property
    def any_dimension(self) -> bool:
        return self.positional[0].startswith("*")

    def inputs(self, options: Options = MappingProxyType({})) -> tuple[str, ...]:
        if not self.any_dimension:
            return self.positional
        stem = self.positional[0][1:]
        return tuple(f"{stem}{k + 1}" for k in range(int(self.options(options)["dimension"])))

    def known(self, values: Options = MappingProxyType({})) -> Known:
        """Minimum, where it lies, start and box at these hyper-parameters."""
        values = self.values(values)
        return self.landmarks.resolve(len(self.inputs(values)), values)

    def compiled(self, dtype: str, options: Options = MappingProxyType({})) -> Any:
        """Addresses ``.model_gradient`` and ``.model_evaluate`` (abi.model_*)."""
        from optlab.formula.compile import compile_objective

        return self._once(dtype, options, lambda: compile_objective(self.name, self.graph(options), dtype))


@dataclass(frozen=True, eq=False)
class Problem(Plugin):
    """Data to learn from: a function that returns X (n, d) and y (n,) or (n, k); noisy ones take `rng` first.

    `task` is "classification" or "regression"; `scale` says how features are scaled, fitted on the training part alone:
    "standard", "minmax", "none", or a number to divide by. `source` is the citation.
    """

    task: str = "regression"
    scale: str | float = "standard"
    source: str = ""
    noisy: bool = False
    kind: ClassVar[str] = "problem"

    def load(self, rng: np.random.Generator, given: Mapping[str, Any] = MappingProxyType({})) -> tuple[np.ndarray, np.ndarray]:
        """(X, y) at these hyper-parameters."""
        values = self.values(given)
        X, y = self.function(rng, **values) if self.noisy else self.function(**values)
        return X, y


@dataclass(frozen=True, eq=False)
class Schedule(Plugin):
    """Factors on the learning rate: f(t, total) for t = 0 .. total-1 epochs."""

    kind: ClassVar[str] = "schedule"

    def factors(self, total: int, given: Mapping[str, Any] = MappingProxyType({})) -> np.ndarray:
        """float64 array of `total` factors.

        Raises:
            OptlabError: the function returned another shape, or a negative or non-finite factor.
        """
        import numpy as np

        returned = self.function(np.arange(total, dtype=float), total, **self.values(given))
        found = np.broadcast_to(np.asarray(returned, dtype=float), (total,))
        if not (np.isfinite(found).all() and (found >= 0).all()):
            raise OptlabError(f"schedule {self.name} returned a negative or non-finite factor; factors must be finite and >= 0")
        return np.array(found)


@dataclass(frozen=True, eq=False)
class Initializer(Plugin):
    """First weights of one layer: f(rng, n_in, n_out) -> W (n_in, n_out), or (W, b). Biases start at 0 otherwise."""

    kind: ClassVar[str] = "initializer"
