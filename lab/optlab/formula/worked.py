"""Automatic differentiation in the open: `optlab.autodiff` makes a `Formula` that can be evaluated, differentiated and shown.

    f = optlab.autodiff("sqrt(x**2 + exp(x**2))")
    f.value(x=1.5), f.gradient(x=1.5)        # 3.4260..., {"x": 4.5918...}
    f.table(x=1.5)                           # the worked table: one row per intermediate variable
    f.flops, f.flops_shared                  # 5 as written, 4 when x**2 is computed once

Values are floats or arrays. Division by zero, the logarithm of a negative number and overflow give IEEE results (inf, NaN)
without a warning; `Row.note` says where it happened.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from optlab.errors import OptlabError, nearest
from optlab.formula.clean import merged
from optlab.formula.derive import forward, reverse
from optlab.formula.graph import Graph, trace
from optlab.formula.parse import CONSTANTS, parse
from optlab.formula.rowwise import Row, rows


class Formula:
    """A scalar formula with its derivatives.

    Attributes:
        graph: every operation as written.
        merged: the same with equal intermediates computed once; the worked table shows this one.
        variables: what it is differentiated by; each is given by name.
        defaults: values of the constants that need not be given (keyword-only parameters of a function).
    """

    def __init__(self, graph: Graph, text: str = "", defaults: dict[str, float] | None = None) -> None:
        self.graph = graph
        self.merged = merged(graph)
        self.text = text or graph.name
        self.variables = graph.inputs
        self.defaults = dict(defaults or {})

    def __repr__(self) -> str:
        return f"optlab.autodiff({self.text!r})"

    def value(self, **at: Any) -> Any:
        """The value at a point: ``f.value(x=1.5)``."""
        return self._at(self.graph, at)[0]

    def gradient(self, **at: Any) -> dict[str, Any]:
        """The derivative by each variable, by reverse accumulation."""
        return self.reverse(**at)

    def forward(self, **at: Any) -> dict[str, Any]:
        """The derivative by each variable, by forward accumulation: tangents run with the values, once per variable."""
        return dict(zip(self.variables, self._at(self.tangents, at)[1:], strict=True))

    def reverse(self, **at: Any) -> dict[str, Any]:
        """The derivative by each variable, by reverse accumulation: adjoints run back, once for all variables."""
        return dict(zip(self.variables, self._at(self.adjoints, at)[1:], strict=True))

    def hessian(self, **at: Any) -> dict[str, dict[str, Any]]:
        """Second derivatives ``{"x": {"x": ..., "y": ...}, ...}``, by reverse over forward accumulation."""
        found, n = self._at(self.second, at), len(self.variables)
        lines = [found[1 + k * n : 1 + (k + 1) * n] for k in range(1, 1 + n)]
        return {name: dict(zip(self.variables, line, strict=True)) for name, line in zip(self.variables, lines, strict=True)}

    def table(self, **at: float) -> list[Row]:
        """The worked table at a point: variables, then one row per intermediate; ``pandas.DataFrame(f.table(x=1.5))`` shows it."""
        return rows(self.merged, self.point(at))

    @property
    def flops(self) -> int:
        """Operations of the formula as written; every elementary function counts 1."""
        return self.graph.flops

    @property
    def flops_shared(self) -> int:
        """Operations when equal intermediates are computed once (powers as products, constants folded)."""
        return self.graph.flops_shared

    @functools.cached_property
    def tangents(self) -> Graph:
        """The graph of value and derivatives by forward accumulation."""
        return forward(self.merged, self.variables)

    @functools.cached_property
    def adjoints(self) -> Graph:
        """The graph of value and derivatives by reverse accumulation."""
        return reverse(self.merged, self.variables)

    @functools.cached_property
    def second(self) -> Graph:
        """The graph of value, gradient and, row by row, second derivatives."""
        graph = self.tangents
        for k in range(len(self.variables)):
            graph = reverse(graph, self.variables, output=1 + k)
        return graph

    def point(self, at: dict[str, Any]) -> dict[str, Any]:
        """All values by name, the given ones checked.

        Raises:
            OptlabError: a variable without a value, or a name that the formula does not have.
        """
        known = (*self.variables, *self.graph.invariants)
        for name in at:
            if name not in known:
                if name in CONSTANTS:
                    raise OptlabError(f"{name} is the number {CONSTANTS[name]:.6g} in an expression and cannot be given another value")
                has = ", ".join(known) or "none"
                raise OptlabError(f"{self.text[:60]!r} has no variable {name!r}{nearest(name, known)}; its variables: {has}")
        found = {**self.defaults, **at}
        missing = [name for name in known if name not in found]
        if missing:
            wanted = ",".join(f"{name}=..." for name in missing)
            raise OptlabError(f"{self.text[:60]!r} has no value for {', '.join(missing)}: give {wanted}")
        return {name: found[name] if isinstance(found[name], np.ndarray) else float(found[name]) for name in known}

    def _at(self, graph: Graph, at: dict[str, Any]) -> tuple[Any, ...]:
        point = self.point(at)
        found = graph.evaluate(*(point[name] for name in graph.inputs), **{name: point[name] for name in graph.invariants})
        shape = np.broadcast_shapes(*(np.shape(value) for value in point.values()))
        return tuple(np.broadcast_to(value, shape).copy() if shape else float(value) for value in found)


def autodiff(formula: str | Callable[..., Any]) -> Formula:
    """Differentiate an expression or a function.

    Args:
        formula: an expression, ``"sqrt(x**2 + exp(x**2))"``; or a plain Python function of numbers written with the functions of
            `optlab.plugin` (also a decorated activation, cost or objective). Its positional parameters are the variables,
            keyword-only floats are constants with a default, other keyword-only parameters are fixed at their defaults.

    Raises:
        OptlabError: one sentence on what cannot be read, with its place.
    """
    if isinstance(formula, str):
        return Formula(parse(formula), " ".join(formula.split()))
    function = getattr(formula, "function", formula)  # a plugin keeps its author's function there
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise OptlabError(f"autodiff takes an expression or a function, not {type(formula).__name__} {formula!r:.40}") from None
    variables, constants, options, defaults = [], [], {}, {}
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise OptlabError(f"autodiff: *{name} of {function.__name__} is not allowed; name every argument")
        if parameter.kind is not parameter.KEYWORD_ONLY:
            variables.append(name)
        elif parameter.default is parameter.empty:
            constants.append(name)
        elif isinstance(parameter.default, float):
            constants.append(name)
            defaults[name] = parameter.default
        else:
            options[name] = parameter.default
    return Formula(trace(function, variables, constants, options, outputs=1), function.__name__, defaults)
