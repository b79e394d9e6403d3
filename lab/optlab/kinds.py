"""What a decorated activation, cost or objective is: a formula, its compiled form, what it costs; and the data kinds' names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from optlab.base import NO_OPTIONS, FormulaPlugin, Options, Plugin
from optlab.landmarks import Known, Landmarks


@dataclass(frozen=True, eq=False)
class Activation(FormulaPlugin):
    """An elementwise activation a = f(z); its slope is derived."""

    kind: ClassVar[str] = "activation"

    def returns_its_input(self, options: Options = NO_OPTIONS) -> bool:
        """Whether the formula is the identity."""
        return self.graph(options).outputs == (0,)

    def flops(self, options: Options = NO_OPTIONS, *, slope: bool = False) -> int:
        """Operations per node, as emitted: of the value alone, or of value and slope in their one loop."""
        return self._operations(tuple(self.options(options).items()), slope)

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Any:
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

    def flops(self, options: Options = NO_OPTIONS, *, gradient: bool = False) -> int:
        """Operations per output, as emitted: of the value alone, or of value and slope in their one loop."""
        return self._operations(tuple(self.options(options).items()), gradient)

    def terms(self, n_outputs: int) -> int:
        """By how many terms per row the sum is divided."""
        return n_outputs

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Any:
        """Addresses ``.value`` and ``.value_gradient`` (abi.cost_*)."""
        from optlab.formula.compile import compile_cost

        return self._once(dtype, options, lambda: compile_cost(self.name, self.graph(options), dtype))


@dataclass(frozen=True, eq=False)
class RowCost(Plugin):
    """A cost of one row, array code: f(y, t, gradient, **hyper) fills `gradient` with df/dy and returns f; averaged over samples."""

    link: str = "identity"
    operations: tuple[int, int] = (0, 0)
    kind: ClassVar[str] = "cost"

    def flops(self, options: Options = NO_OPTIONS, *, gradient: bool = False) -> int:
        """Operations per output as the author counted them: array code is not traced."""
        return self.operations[gradient]

    def terms(self, n_outputs: int) -> int:
        return 1

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Any:
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

    def inputs(self, options: Options = NO_OPTIONS) -> tuple[str, ...]:
        if not self.any_dimension:
            return self.positional
        stem = self.positional[0][1:]
        return tuple(f"{stem}{k + 1}" for k in range(int(self.options(options)["dimension"])))

    def known(self, values: Options = NO_OPTIONS) -> Known:
        """Minimum, where it lies, start and box at these hyper-parameters."""
        values = self.values(values)
        return self.landmarks.resolve(len(self.inputs(values)), values)

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Any:
        """Addresses ``.model_gradient`` and ``.model_evaluate`` (abi.model_*)."""
        from optlab.formula.compile import compile_objective

        return self._once(dtype, options, lambda: compile_objective(self.name, self.graph(options), dtype))
