"""What the lab knows of one elementary function, the table of them, and how one is applied.

The entries themselves are in `optlab.formula.elementary`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class Symbolic:
    """A value that is being traced; `optlab.formula.handles.Traced` is the only kind."""

    __slots__ = ()

    def record(self, op: str, arguments: tuple[Any, ...], static: int | None = None) -> Any:
        """Append the node ``op(arguments)`` to the trace and return its handle."""
        raise NotImplementedError


class Over(NamedTuple):
    """A partial derivative numerator/denominator: the tangent is divided, not multiplied by a reciprocal."""

    numerator: Any
    denominator: Any


@dataclass(frozen=True)
class Elementary:
    """One elementary function.

    Attributes:
        value: NumPy value of the arguments.
        partials: for each argument, ``partial(y, *arguments)`` with y the function's own value: a formula, a float or `Over`.
        code: the right side in the compiled loop; ``@name`` is a function of `optlab.formula.vector`, ``{real}`` the dtype.
        text: with {0}, {1} for the arguments.
        latex: likewise.
        binds: precedence in `text`; 9 never needs parentheses, as f(x).
        condition: the value is true or false.
        chooses: for minimum and maximum: the condition under which the first argument is the value.
    """

    name: str
    value: Callable[..., Any]
    partials: tuple[Callable[..., Any], ...]
    code: str
    text: str
    latex: str
    binds: int = 9
    flops: int = 1
    condition: bool = False
    chooses: Callable[[Any, Any], Any] | None = None


TABLE: dict[str, Elementary] = {}


def zero(*_: Any) -> float:
    """Partial derivative 0."""
    return 0.0


def one(*_: Any) -> float:
    """Partial derivative 1."""
    return 1.0


def infix(name: str, sign: str, value: Callable[..., Any], *partials: Callable[..., Any], binds: int, latex: str = "", **more: Any) -> None:
    """Enter an operator of two arguments."""
    spaced = f"{{0}} {sign} {{1}}"
    TABLE[name] = Elementary(name, value, partials, spaced, "{0}**{1}" if sign == "**" else spaced, latex or spaced, binds, **more)


def function(name: str, value: Callable[..., Any], *partials: Callable[..., Any], code: str, latex: str = "", **more: Any) -> None:
    """Enter a function; ``(*)`` in `code` stands for its arguments."""
    slots = ", ".join(f"{{{k}}}" for k in range(len(partials)))
    latex = latex or rf"\mathrm{{{{{name}}}}}\left({slots}\right)"
    TABLE[name] = Elementary(name, value, partials, code.replace("(*)", f"({slots})"), f"{name}({slots})", latex, **more)


def apply(name: str, *arguments: Any, static: int | None = None) -> Any:
    """Evaluate the elementary function `name` (IEEE results, no warnings), or record it if an argument is traced."""
    for argument in arguments:
        if isinstance(argument, Symbolic):
            return argument.record(name, arguments, static)
    extra = () if static is None else (static,)
    with np.errstate(all="ignore"):
        if any(isinstance(argument, (np.ndarray, np.generic)) for argument in arguments):
            return TABLE[name].value(*arguments, *extra)
        result = TABLE[name].value(*(np.float64(argument) for argument in arguments), *extra)
    return bool(result) if TABLE[name].condition else float(result)
