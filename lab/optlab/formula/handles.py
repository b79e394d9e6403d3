"""Handles of traced values: arithmetic on them appends nodes to a trace, and everything else is refused in one sentence."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from optlab.errors import OptlabError
from optlab.formula import elementary
from optlab.formula.table import TABLE, Symbolic

LARGEST_INTEGER_POWER = 64  # above this, x**n calls pow: the chain of products would lose more than pow does
_HERE = str(Path(__file__).parent)


class Node(NamedTuple):
    """One entry of the Wengert list.

    op is ``input``, ``invariant`` or ``constant`` (then `value` is the name or the float) or a key of `elementary.TABLE`
    (``integer_power`` keeps its exponent in `value`). `name` is the author's own name for it, if it had one.
    """

    op: str
    parents: tuple[int, ...] = ()
    value: Any = None
    name: str | None = None


class Trace:
    """The growing list of nodes of one formula; it owns them, handles only point into it."""

    def __init__(self, name: str, nodes: Sequence[Node] = ()) -> None:
        self.name = name
        self.nodes: list[Node] = list(nodes)
        self._constants = {node.value.hex(): k for k, node in enumerate(self.nodes) if node.op == "constant"}

    def append(self, node: Node) -> Traced:
        self.nodes.append(node)
        return Traced(self, len(self.nodes) - 1)

    def constant(self, value: float) -> int:
        """Index of the constant, keyed by its bits (0.0 and -0.0 differ)."""
        key = value.hex()
        if key not in self._constants:
            self._constants[key] = self.append(Node("constant", (), value)).index
        return self._constants[key]

    def is_condition(self, index: int) -> bool:
        op = self.nodes[index].op
        return op in TABLE and TABLE[op].condition

    def index(self, value: Any, condition: bool = False) -> int:
        """Node of an argument: a handle of this trace, or a number. Conditions and numbers are turned into each other."""
        if isinstance(value, Traced):
            if value.trace is not self:
                raise OptlabError(
                    f"{self.name} uses a traced value of {value.trace.name}: a formula may only use its own arguments; "
                    "do not keep traced values in global variables"
                )
            if self.is_condition(value.index) == condition:
                return value.index
            made = value != 0.0 if condition else elementary.where(value, 1.0, 0.0)
            return int(made.index)
        if isinstance(value, (numbers.Real, np.bool_)):
            try:
                return self.constant(float(value))
            except OverflowError:
                pass
        raise OptlabError(
            f"{self.name}{author_line()} combines a traced value with {type(value).__name__} {value!r:.40}: a formula works on one number "
            "at a time; arrays need array code"
        )


def author_line() -> str:
    """`` (file, line n)`` of the innermost caller outside this package, for error sentences."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return f" ({Path(frame.f_code.co_filename).name}, line {frame.f_lineno})"


class Traced(Symbolic):
    """Handle of one node. Arithmetic and comparisons append nodes; nothing else works, and each refusal says what to use."""

    __slots__ = ("index", "trace")
    __array_ufunc__ = None  # so that numpy_scalar * handle reaches __rmul__ and np.sin(handle) fails
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, trace: Trace, index: int) -> None:
        self.trace = trace
        self.index = index

    def __repr__(self) -> str:
        return f"<traced value x{self.index + 1} of {self.trace.name}>"

    def record(self, op: str, arguments: tuple[Any, ...], static: int | None = None) -> Traced:
        logical = op in ("both", "either", "opposite")
        parents = tuple(self.trace.index(a, condition=logical or (op == "where" and k == 0)) for k, a in enumerate(arguments))
        return self.trace.append(Node(op, parents, static))

    def __add__(self, other: Any) -> Traced:
        return self.record("add", (self, other))

    def __radd__(self, other: Any) -> Traced:
        if type(other) is int and other == 0:  # where Python's sum() begins; nobody wrote it
            return self
        return self.record("add", (other, self))

    def __sub__(self, other: Any) -> Traced:
        return self.record("sub", (self, other))

    def __rsub__(self, other: Any) -> Traced:
        return self.record("sub", (other, self))

    def __mul__(self, other: Any) -> Traced:
        return self.record("mul", (self, other))

    def __rmul__(self, other: Any) -> Traced:
        return self.record("mul", (other, self))

    def __truediv__(self, other: Any) -> Traced:
        return self.record("div", (self, other))

    def __rtruediv__(self, other: Any) -> Traced:
        return self.record("div", (other, self))

    def __mod__(self, other: Any) -> Traced:
        return self.record("mod", (self, other))

    def __rmod__(self, other: Any) -> Traced:
        return self.record("mod", (other, self))

    def __floordiv__(self, other: Any) -> Traced:
        return elementary.floor(self / other)  # type: ignore[no-any-return]

    def __pow__(self, other: Any) -> Traced:
        if isinstance(other, numbers.Real) and float(other).is_integer() and abs(float(other)) <= LARGEST_INTEGER_POWER:
            return self.record("integer_power", (self,), int(float(other)))
        return self.record("power", (self, other))

    def __rpow__(self, other: Any) -> Traced:
        return self.record("power", (other, self))

    def __neg__(self) -> Traced:
        return self.record("neg", (self,))

    def __pos__(self) -> Traced:
        return self

    def __abs__(self) -> Traced:
        return self.record("abs", (self,))

    def __lt__(self, other: Any) -> Traced:
        return self.record("less", (self, other))

    def __le__(self, other: Any) -> Traced:
        return self.record("less_equal", (self, other))

    def __gt__(self, other: Any) -> Traced:
        return self.record("greater", (self, other))

    def __ge__(self, other: Any) -> Traced:
        return self.record("greater_equal", (self, other))

    def __eq__(self, other: object) -> Traced:  # type: ignore[override]
        return self.record("equal", (self, other))

    def __ne__(self, other: object) -> Traced:  # type: ignore[override]
        return self.record("not_equal", (self, other))

    def __and__(self, other: Any) -> Traced:
        return self.record("both", (self, other))

    def __or__(self, other: Any) -> Traced:
        return self.record("either", (self, other))

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Traced:
        return self.record("opposite", (self,))

    def _refusal(self, what: str, remedy: str) -> OptlabError:
        return OptlabError(f"{self.trace.name}{author_line()} {what}, which a formula cannot do while it is traced: {remedy}")

    def __bool__(self) -> bool:
        raise self._refusal(
            "decides with Python's if, and, or, not or a chained comparison on a traced value",
            "write where(condition, a, b), and (a < x) & (x < b) for two conditions",
        )

    def _number(self, *_: Any, **__: Any) -> NoReturn:
        raise self._refusal(
            "turns a traced value into a number or array (float(), int(), or a function of math or NumPy)",
            "use the functions of optlab.plugin (sqrt, exp, log, where, ...)",
        )

    __float__ = __int__ = __index__ = __complex__ = __array__ = __round__ = __trunc__ = __floor__ = __ceil__ = _number
