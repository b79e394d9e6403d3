"""Derivatives of a graph by forward and by reverse accumulation; the result is again a graph.

df/dx_i = sum over the children j of x_i of df/dx_j * dg_j/dx_i, with the local derivatives from the table of elementary
functions. Both modes carry tangents and adjoints as *branches*: values under the conditions of the choices (where, minimum,
maximum) that they passed. A product with a local derivative is formed inside the branch, ``where(c, adjoint * g, 0)``, never
``where(c, adjoint, 0) * g``, so that a NaN or infinity of the branch not taken cannot leak: 0 * inf never happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from optlab.errors import OptlabError
from optlab.formula.elementary import where
from optlab.formula.graph import Graph
from optlab.formula.handles import Trace, Traced
from optlab.formula.table import TABLE, Over

MOST_BRANCHES = 16  # above it branches are added up and guarded by one condition; chains of k choices would reach 2**k

Mask = tuple[tuple[int, bool], ...]  # conditions (node, wanted truth), sorted by node: all must hold


class Branches:
    """A tangent or an adjoint: the sum of values, each valid where its mask holds and zero elsewhere."""

    def __init__(self, tape: Trace, values: dict[Mask, Any] | None = None) -> None:
        self.tape = tape
        self.values: dict[Mask, Any] = values or {}

    def add(self, mask: Mask, value: Any) -> None:
        """Add a value under a mask. Two branches that differ in the truth of one condition become one choice."""
        if _number(value) == 0.0:
            return
        if mask in self.values:
            value = _sum(self.values.pop(mask), value)
        for k, (condition, truth) in enumerate(mask):
            twin = (*mask[:k], (condition, not truth), *mask[k + 1 :])
            if twin in self.values:
                other = self.values.pop(twin)
                test = Traced(self.tape, condition)
                self.add(mask[:k] + mask[k + 1 :], where(test, value, other) if truth else where(test, other, value))
                return
        self.values[mask] = value
        if len(self.values) > MOST_BRANCHES:
            total = self.total()
            self.values = {((int((total != 0.0).index), True),): total}

    def add_all(self, other: Branches, factor: Any = 1.0, under: tuple[int, bool] | None = None) -> None:
        """Add ``factor * other``, all of it under one more condition."""
        for mask, value in other.values.items():
            if under is not None:
                if (under[0], not under[1]) in mask:
                    continue
                mask = tuple(sorted({*mask, under}))
            self.add(mask, _product(value, factor))

    def total(self) -> Any:
        """The sum as one traced value (or the float 0.0)."""
        result: Any = 0.0
        for mask, value in self.values.items():
            for condition, truth in mask:
                test = Traced(self.tape, condition)
                value = where(test, value, 0.0) if truth else where(test, 0.0, value)
            result = value if _number(result) == 0.0 else _sum(result, value)
        return result


def forward(graph: Graph, wrt: str | Sequence[str]) -> Graph:
    """Append the tangents: outputs are the graph's own, then for each variable of `wrt` the derivative of every output."""
    tape, handles = _reopen(graph)
    tests: dict[int, int] = {}
    made = list(graph.outputs)
    for variable in [wrt] if isinstance(wrt, str) else wrt:
        tangents: dict[int, Branches] = {_variable(graph, variable): Branches(tape, {(): 1.0})}
        for k, node in enumerate(graph.nodes):
            active = [p for p in node.parents if p in tangents]
            if not active:
                continue
            tangent = Branches(tape)
            for position, parent in enumerate(node.parents):
                if parent in tangents:
                    under, factor = _local(handles, k, graph, position, tests)
                    tangent.add_all(tangents[parent], factor, under)
            if tangent.values:
                tangents[k] = tangent
        made += [tape.index(tangents[k].total() if k in tangents else 0.0) for k in graph.outputs]
    return replace(graph, nodes=tuple(tape.nodes), outputs=tuple(made))


def reverse(graph: Graph, wrt: str | Sequence[str], output: int = 0) -> Graph:
    """Append the adjoints of one output: outputs are the graph's own, then d(output)/d(variable) for each variable of `wrt`."""
    tape, handles = _reopen(graph)
    tests: dict[int, int] = {}
    variables = [_variable(graph, name) for name in ([wrt] if isinstance(wrt, str) else wrt)]
    active = set(variables)
    for k, node in enumerate(graph.nodes):
        if active.intersection(node.parents):
            active.add(k)
    adjoints: dict[int, Branches] = {graph.outputs[output]: Branches(tape, {(): 1.0})}
    for k in range(graph.outputs[output], -1, -1):
        node = graph.nodes[k]
        if k not in adjoints or k not in active:
            continue
        for position, parent in enumerate(node.parents):
            if parent in active:
                under, factor = _local(handles, k, graph, position, tests)
                adjoints.setdefault(parent, Branches(tape)).add_all(adjoints[k], factor, under)
    made = [tape.index(adjoints[k].total() if k in adjoints else 0.0) for k in variables]
    return replace(graph, nodes=tuple(tape.nodes), outputs=(*graph.outputs, *made))


def _reopen(graph: Graph) -> tuple[Trace, list[Traced]]:
    tape = Trace(graph.name, graph.nodes)
    return tape, [Traced(tape, k) for k in range(len(graph.nodes))]


def _variable(graph: Graph, name: str) -> int:
    for k, node in enumerate(graph.nodes):
        if node.op in ("input", "invariant") and node.value == name:
            return k
    known = ", ".join((*graph.inputs, *graph.invariants))
    raise OptlabError(f"{graph.name} has no variable {name!r} to differentiate by; it has {known}")


def _local(handles: list[Traced], k: int, graph: Graph, position: int, tests: dict[int, int]) -> tuple[tuple[int, bool] | None, Any]:
    """(condition, local derivative) of node k by its parent at `position`; `tests` keeps one condition per minimum or maximum."""
    node = graph.nodes[k]
    rule = TABLE[node.op]
    arguments: list[Any] = [handles[p] for p in node.parents]
    if node.op == "where":
        return (node.parents[0], position == 1), 0.0 if position == 0 else 1.0
    if rule.chooses is not None:
        if k not in tests:
            tests[k] = rule.chooses(*arguments).index
        return (tests[k], position == 0), 1.0
    if node.op == "integer_power":
        arguments.append(node.value)
    return None, rule.partials[position](handles[k], *arguments)


def _number(value: Any) -> float | None:
    """The value as a float if it is a number or a constant node."""
    if isinstance(value, Traced):
        node = value.trace.nodes[value.index]
        return float(node.value) if node.op == "constant" else None
    return value if isinstance(value, float) else None


def _sum(a: Any, b: Any) -> Any:
    if isinstance(b, Traced) and b.trace.nodes[b.index].op == "neg":
        return a - Traced(b.trace, b.trace.nodes[b.index].parents[0])
    return a + b


def _product(value: Any, factor: Any) -> Any:
    """value * factor without products by 1 and -1."""
    if isinstance(factor, Over):
        return _product(value, factor.numerator) / factor.denominator
    known, other = _number(factor), _number(value)
    if known == 0.0 or other == 0.0:
        return 0.0
    if known is not None and other is not None:
        return known * other
    if known is not None and abs(known) == 1.0:
        return value if known > 0 else -value
    if other is not None and abs(other) == 1.0:
        return factor if other > 0 else -factor
    return value * factor
