"""The worked table of a formula at one point: values, local derivatives, tangents and adjoints, each computed from its row's neighbours.

This is the definition run with numbers, df/dx_i = sum over the children j of x_i of df/dx_j * dg_j/dx_i; `derive` writes the
same as formulas. A test holds them together.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from optlab.formula import explain
from optlab.formula.graph import Graph
from optlab.formula.table import TABLE, Over, zero


class Row(NamedTuple):
    """One variable x_i of the worked table.

    Attributes:
        name: ``x3``.
        formula: its elementary function of its parents, ``exp(x2)``; the variable's own name for an input.
        function: the elementary function's name in the table; ``input`` for an input, ``constant`` for a formula that is a number.
        parents: names of Pa(x_i), each once.
        value: a float, or a bool for a condition.
        local: d(x_i)/d(parent) by the parent's name.
        tangents: d(x_i)/d(variable) by the variable's name (forward accumulation).
        adjoint: d(f)/d(x_i) (reverse accumulation).
        note: what happened here: division by zero, a kink, the author's own name for it.
    """

    name: str
    formula: str
    function: str
    parents: tuple[str, ...]
    value: float | bool
    local: dict[str, float]
    tangents: dict[str, float]
    adjoint: float
    note: str


def rows(graph: Graph, point: dict[str, float]) -> list[Row]:
    """Work out a graph with one output; `point` gives all inputs and invariants."""
    values = graph.values(*(point[name] for name in graph.inputs), **{name: point[name] for name in graph.invariants})
    local = [_local(graph, k, values) for k in range(len(graph.nodes))]
    tangents = {name: _tangents(graph, k, local) for k, name in enumerate(graph.inputs)}
    adjoints = _adjoints(graph, local)
    names: dict[int, str] = {}
    for k, node in enumerate(graph.nodes):
        if node.op != "constant" or k in graph.outputs:
            names[k] = f"x{len(names) + 1}"
    found = []
    for k, name in names.items():
        node = graph.nodes[k]
        slopes: dict[str, float] = {}
        for parent, slope in zip(node.parents, local[k], strict=True):
            if parent in names and slope is not None:
                slopes[names[parent]] = slopes.get(names[parent], 0.0) + slope
        found.append(
            Row(
                name,
                _formula(graph, k, names),
                "input" if node.op in ("input", "invariant") else node.op,
                tuple(dict.fromkeys(names[p] for p in node.parents if p in names)),
                values[k],
                slopes,
                {variable: each[k] or 0.0 for variable, each in tangents.items()},
                adjoints[k] or 0.0,
                _note(graph, k, values, local[k]),
            )
        )
    return found


def _local(graph: Graph, k: int, values: list[Any]) -> list[float | None]:
    """Derivative of node k by each of its parents; None where the parent has no influence (the branch not taken, a step)."""
    node = graph.nodes[k]
    if node.op not in TABLE:
        return []
    rule, arguments = TABLE[node.op], [np.float64(values[p]) for p in node.parents]
    if node.op == "where":
        return [None, 1.0, None] if values[node.parents[0]] else [None, None, 1.0]
    if rule.chooses is not None:
        return [1.0, None] if rule.chooses(*arguments) else [None, 1.0]
    extra = (node.value,) if node.op == "integer_power" else ()
    found: list[float | None] = []
    with np.errstate(all="ignore"):
        for partial in rule.partials:
            if partial is zero:
                found.append(None)
                continue
            slope = partial(np.float64(values[k]), *arguments, *extra)
            found.append(float(np.float64(slope.numerator) / np.float64(slope.denominator) if isinstance(slope, Over) else slope))
    return found


def _tangents(graph: Graph, start: int, local: list[list[float | None]]) -> list[float | None]:
    found: list[float | None] = [None] * len(graph.nodes)
    found[start] = 1.0
    for k, node in enumerate(graph.nodes):
        for parent, slope in zip(node.parents, local[k], strict=False):
            before = found[parent]
            if slope is not None and before is not None:
                found[k] = (found[k] or 0.0) + slope * before
    return found


def _adjoints(graph: Graph, local: list[list[float | None]]) -> list[float | None]:
    found: list[float | None] = [None] * len(graph.nodes)
    found[graph.outputs[0]] = 1.0
    for k in range(len(graph.nodes) - 1, -1, -1):
        after = found[k]
        if after is not None:
            for parent, slope in zip(graph.nodes[k].parents, local[k], strict=False):
                if slope is not None:
                    found[parent] = (found[parent] or 0.0) + slope * after
    return found


def _formula(graph: Graph, k: int, names: dict[int, str]) -> str:
    node = graph.nodes[k]
    if node.op == "constant":
        return explain.number(node.value)
    if node.op not in TABLE:
        return str(node.value)
    parts = []
    for parent in node.parents:
        constant = graph.nodes[parent].value if parent not in names else None
        text = names[parent] if constant is None else explain.number(constant)
        parts.append(f"({text})" if text.startswith("-") and TABLE[node.op].binds < 9 else text)
    return TABLE[node.op].text.format(*parts, n=node.value)


def _note(graph: Graph, k: int, values: list[Any], local: list[float | None]) -> str:
    """One phrase where IEEE arithmetic or a convention decides, else the author's own name."""
    node, value = graph.nodes[k], values[k]
    own = node.name or ""
    if node.op not in TABLE:
        return own
    arguments = [float(values[p]) for p in node.parents]
    if not math.isfinite(value) and (all(map(math.isfinite, arguments)) or (node.op == "div" and arguments[-1] == 0.0)):
        return _trouble(node.op, value, arguments)
    if not all(map(math.isfinite, arguments)):
        return own
    if any(slope is not None and not math.isfinite(slope) for slope in local):
        return f"the slope of {node.op.replace('_', ' ')} is {next(s for s in local if s is not None and not math.isfinite(s)):g} here"
    first, last = arguments[0], arguments[-1]
    match node.op:
        case "abs" if first == 0.0:
            return "kink: the derivative of abs at 0 is taken as 0"
        case "sign" if first == 0.0:
            return "jump: the derivative of sign is 0"
        case "floor" if first.is_integer():
            return "jump: the derivative of floor is 0"
        case "hypot" if value == 0.0:
            return "kink: the derivative of hypot at (0, 0) is taken as 0"
        case "minimum" | "maximum" if first == last:
            return "tie: the derivative goes to the first argument"
    return own


def _trouble(op: str, value: float, arguments: list[float]) -> str:
    last = arguments[-1]
    if op in ("div", "mod") and last == 0.0:
        return f"division by zero: {value:g}"
    if op in ("log", "log2", "log10", "log1p"):
        edge = "-1" if op == "log1p" else "0"
        return f"{op} {'at' if value < 0 else 'below'} {edge}: {value:g}"
    if op in ("power", "integer_power") and arguments[0] == 0.0:
        return f"a negative power of zero: {value:g}"
    return f"outside the domain of {op}: nan" if math.isnan(value) else f"overflow: {value:g}"
