"""What a decorated update rule is: a formula of one parameter, or array code over tensors or over the whole vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from optlab.base import NO_OPTIONS, FormulaPlugin, Options, Plugin
from optlab.formula.code import keyword_only
from optlab.hyper import Value

if TYPE_CHECKING:
    from optlab.formula.graph import Graph

# The state shape in which a slot is float64 whatever the trial's dtype: step sizes and distances that whole rules share.
SCALAR = "scalar"


@dataclass(frozen=True)
class Tensor:
    """One array of parameters in the flat vector: W of a layer (n_in, n_out), its b (1, n_out), or all of them (1, n)."""

    offset: int
    rows: int
    columns: int

    @property
    def size(self) -> int:
        return self.rows * self.columns

    @property
    def place(self) -> slice:
        """Where it lies in the flat vector."""
        return slice(self.offset, self.offset + self.size)


@dataclass(frozen=True)
class Compiled:
    """Addresses of a stage (abi.stage) and of its evaluation weights (abi.evaluation_weights), 0 where it has none of its own."""

    stage: int
    evaluation: int = 0


VERIFIED = "the same path to 1e-10 over 300 steps in float64, last compared in November 2026"
"""How a formula is verified; `tests/optimizers/test_peers.py` does it."""


@dataclass(frozen=True, eq=False)
class Rule(Plugin):
    """An update rule, or a stage of one.

    start: a slot's first value: a number, the name of a hyper-parameter, or "w" for the initial parameters; 0 otherwise.
    verified: the independent implementations that agree with it, by name and version; empty: unverified.
    """

    start: Mapping[str, float | str] = field(default_factory=dict)
    verified: tuple[str, ...] = ()
    kind: ClassVar[str] = "optimizer"

    @property
    def transforms(self) -> bool:
        """Whether it is a stage around an optimizer, and no optimizer on its own."""
        return self.kind == "stage"

    @property
    def parts(self) -> tuple[Rule, ...]:
        """The stages it runs, in order."""
        return (self,)

    def part_values(self, values: Mapping[str, Value]) -> tuple[Mapping[str, Value], ...]:
        """The hyper-parameters of each part, under the part's own names."""
        return (values,)

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of what it keeps between steps."""
        raise NotImplementedError

    def memory(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> Iterator[tuple[str, int, float | slice]]:
        """(slot, elements, first value or the part of the initial parameters) in the order of the stage's memory; scalars left out."""
        raise NotImplementedError

    def scalars(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> list[float]:
        """First values of its float64 scalars."""
        return []

    def flops(self, options: Options = NO_OPTIONS) -> float:
        """Operations per parameter and step."""
        raise NotImplementedError

    def step_flops(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> float:
        """Operations of one step over these tensors."""
        return self.flops(self.options(values)) * sum(tensor.size for tensor in tensors)

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Compiled:
        """Its code for this dtype."""
        raise NotImplementedError

    def first(self, slot: str, values: Mapping[str, Value], part: slice) -> float | slice:
        """First value of a slot: a number, or `part` of the initial parameters."""
        start = self.start.get(slot, 0.0)
        if start == "w":
            return part
        return float(values[start]) if isinstance(start, str) else float(start)


@dataclass(frozen=True, eq=False)
class Optimizer(FormulaPlugin, Rule):
    """An elementwise update rule: (w, g, *slots) -> (new w, *new slots), once per step t = 1, 2, ...; a stage returns a new g, too.

    evaluate: (w, *slots) -> the weights that the history evaluates, where they are not w.
    """

    evaluate: Callable[..., Any] | None = None
    kind: ClassVar[str] = "optimizer"

    @property
    def slots(self) -> tuple[str, ...]:
        return self.positional[2:]

    @property
    def returns(self) -> tuple[str, ...]:
        gradient = ("the new g",) if self.transforms else ()
        return ("the new w", *gradient, *(f"the new {slot}" for slot in self.slots))

    def slot_starts(self, values: Mapping[str, Any]) -> list[float | slice]:
        """First value of each slot; a slice stands for the initial parameters."""
        return [self.first(slot, values, slice(None)) for slot in self.slots]

    def memory(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> Iterator[tuple[str, int, float | slice]]:
        n = sum(tensor.size for tensor in tensors)
        for slot, first in zip(self.slots, self.slot_starts(values), strict=True):
            yield slot, n, first

    def flops(self, options: Options = NO_OPTIONS) -> float:
        """Operations per parameter and step, as emitted (shared subexpressions once, loop invariants not counted)."""
        return self._operations(tuple(self.options(options).items()), False)

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Compiled:
        from optlab.formula.compile import compile_evaluation, compile_stage

        def build() -> Compiled:
            slots, graph = len(self.slots), self.graph(options)
            stage = compile_stage(self.name, graph, slots, dtype, self.transforms)
            if self.evaluate is None:
                return Compiled(stage)
            return Compiled(stage, compile_evaluation(self.name, self._evaluation_graph(options), slots, dtype))

        made: Compiled = self._once(dtype, options, build)
        return made

    def _evaluation_graph(self, options: Options) -> Graph:
        from optlab.formula.graph import trace

        function = self.evaluate
        assert function is not None
        named = keyword_only(function)

        def evaluation(*inputs: Any, **hyper: Any) -> Any:
            return function(*inputs, **{name: hyper[name] for name in named})

        return trace(evaluation, ("w", *self.slots), ("t", *self.swept), self.options(options))

    def _digest_parts(self, options: Options) -> tuple[str, ...]:
        evaluation = () if self.evaluate is None else (self._evaluation_graph(options).canonical(),)
        return (str(len(self.slots)), repr([self.start.get(slot, 0.0) for slot in self.slots]), *evaluation)


@dataclass(frozen=True, eq=False)
class Stage(Optimizer):
    """An elementwise stage: (w, g, *slots) -> (new w, new g, *new slots)."""

    kind: ClassVar[str] = "stage"


Operations = float | Callable[..., float]


@dataclass(frozen=True, eq=False)
class ArrayRule(Rule):
    """An update rule in array code that changes its arguments in place: ``f(w, g, *slots, *, t, **hyper)``.

    whole: it is called once with vectors of all parameters, else once per tensor with matrices. state: shape of each slot in words.
    given: names of the keyword arguments that the lab fills in, hyper-parameters apart. operations: per call, or per parameter.
    """

    positional: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    state: Mapping[str, str] = field(default_factory=dict)
    operations: Operations = 0.0
    whole: bool = False
    kind: ClassVar[str] = "optimizer"

    @property
    def slots(self) -> tuple[str, ...]:
        return self.positional[2:]

    @property
    def asks(self) -> bool:
        """Whether it returns requests for further evaluations."""
        return "call" in self.given

    def shape(self, slot: str) -> tuple[str, ...]:
        """A slot's shape in words: rows, columns, n, names of whole-number options; empty for a scalar."""
        words = self.state.get(slot, "n" if self.whole else "rows columns")
        return () if words == SCALAR else tuple(words.split())

    def sizes(self, slot: str, tensor: Tensor, values: Mapping[str, Value]) -> tuple[int, ...]:
        """A slot's shape in numbers."""
        known: dict[str, Any] = {**values, "rows": tensor.rows, "columns": tensor.columns, "n": tensor.size}
        return tuple(int(known.get(word, word)) for word in self.shape(slot))

    def seen(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """What it is called with, one after another: the tensors, or all parameters as one."""
        return [Tensor(0, 1, sum(tensor.size for tensor in tensors))] if self.whole else tensors

    def memory(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> Iterator[tuple[str, int, float | slice]]:
        for tensor in self.seen(tensors):
            for slot in self.slots:
                if self.shape(slot):
                    yield slot, math.prod(self.sizes(slot, tensor, values)), self.first(slot, values, tensor.place)

    def scalars(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> list[float]:
        own = [slot for slot in self.slots if not self.shape(slot)]
        firsts = [self.first(slot, values, slice(0)) for slot in own]
        return [first for _ in self.seen(tensors) for first in firsts if isinstance(first, float)]

    def flops(self, options: Options = NO_OPTIONS) -> float:
        """Operations per parameter and step as the author counted them, where they depend on the shape those of a 64 x 64 layer."""
        return self.step_flops([Tensor(0, 64, 64)], self.values(options)) / 64**2

    def step_flops(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> float:
        fixed, operations = self.options(values), self.operations
        if not callable(operations):
            return operations * sum(tensor.size for tensor in tensors)
        return float(sum(operations(tensor.rows, tensor.columns, **fixed) for tensor in self.seen(tensors)))

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Compiled:
        from optlab.formula.compile import compile_array_rule

        def build() -> Compiled:
            shapes = {slot: self.shape(slot) for slot in self.slots}
            fixed = self.options(options)
            return Compiled(compile_array_rule(self.name, self.function, dtype, shapes, fixed, self.whole, self.asks))

        made: Compiled = self._once(dtype, options, build)
        return made

    def _digest_parts(self, options: Options) -> tuple[str, ...]:
        return (repr([(self.shape(slot), self.start.get(slot, 0.0)) for slot in self.slots]), str(self.whole))


@dataclass(frozen=True, eq=False)
class ArrayStage(ArrayRule):
    """A stage in array code."""

    kind: ClassVar[str] = "stage"
