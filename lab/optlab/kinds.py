"""What a decorated optimizer, activation, cost or objective is: a formula, its compiled form, what it costs; and the data kinds' names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from optlab.base import FormulaPlugin, Options, Plugin
from optlab.landmarks import Known, Landmarks


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
