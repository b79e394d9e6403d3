"""From a graph to the source text of a module that a person can read and Numba vectorises.

Straight-line code, one statement per node, under the author's names. Loop-invariant nodes are computed once, before the
loop, in float64, and cast to the trial's dtype where they enter it; constants are bound to typed names before the loop, for
a bare literal would make float32 float64.
"""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass, field

from optlab.errors import OptlabError
from optlab.formula import explain
from optlab.formula.clean import invariant_nodes
from optlab.formula.graph import Graph
from optlab.formula.table import TABLE

CIRCULAR = ("sin", "cos", "tan")
MOST_NODES = 2000  # compiling takes about 2-3 ms per node and function: 1000 nodes with their derivative took 6.7 s

_RESERVED = {
    *keyword.kwlist, *dir(builtins), "i", "n", "m", "real", "hyper", "step", "scale", "scale_real", "rows", "columns", "count", "start",
    "size", "total", "math", "np", "float32", "float64", "layers", "n_layers", "scratch", "ask", "scalars", "slots", "context", "sums",
    "callback", "costs", "slopes", "far", "farthest", "FARTHEST",
}  # fmt: skip


@dataclass
class Statements:
    """The code of one graph: `before` the loop, `inside` it, the names of its `outputs`, what it imports from the vector module.

    sin, cos and tan have a form that vectorises and holds near 0 only: `near` is `inside` with these, and `look` counts in `far`
    the elements of the loop that need the other. Both are empty where no such function depends on the element.
    """

    before: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)


class Names:
    """Distinct identifiers, the author's where possible."""

    def __init__(self) -> None:
        self._taken = set(_RESERVED)

    def take(self, wanted: str) -> str:
        name, k = wanted, 2
        while name in self._taken or name.endswith("_at") or not name.isidentifier():
            name, k = (f"{wanted}_{k}" if wanted.isidentifier() else f"x_{k}"), k + 1
        self._taken.add(name)
        return name


def statements(graph: Graph, dtype: str, reads: dict[str, str], fixed: dict[str, str]) -> Statements:
    """Write the code of a lowered graph.

    Args:
        reads: for each input, the expression that reads it inside the loop (``w_at[i]``).
        fixed: for each invariant, the float64 expression that reads it before the loop (``hyper[0]``).
    """
    if len(graph.nodes) > MOST_NODES:
        raise OptlabError(
            f"{graph.name} has {len(graph.nodes)} nodes and at most {MOST_NODES} are compiled: write a formula this long as array code"
        )
    code, names = Statements(), Names()
    invariant = invariant_nodes(graph)
    outer: dict[int, str] = {}  # names of float64 values before the loop
    inner: dict[int, str] = {}  # names of values of the dtype, inside the loop
    line: dict[int, str] = {}  # inside the loop, by node
    used = {parent for node in graph.nodes for parent in node.parents} | set(graph.outputs)

    def enter(k: int) -> str:
        """Name inside the loop of any node; invariants are cast here, once."""
        if k not in inner:
            node = graph.nodes[k]
            if node.op in TABLE and TABLE[node.op].condition:
                inner[k] = outer[k]
            elif node.op == "constant":
                inner[k] = names.take(_constant_name(node.value))
                code.before.append(f"{inner[k]} = real({_literal(node.value)})")
            elif dtype == "float64":
                inner[k] = outer[k]
            else:
                inner[k] = names.take(f"{outer[k]}_real")
                code.before.append(f"{inner[k]} = real({outer[k]})")
        return inner[k]

    for name in graph.inputs:
        k = next(k for k, node in enumerate(graph.nodes) if node.op == "input" and node.value == name)
        if k in used:
            inner[k] = names.take(name)
            line[k] = f"{inner[k]} = {reads[name]}"
    for k, node in enumerate(graph.nodes):
        if node.op == "invariant" and k in used:
            outer[k] = names.take(node.value)
            code.before.append(f"{outer[k]} = {fixed[node.value]}")
        elif node.op in TABLE and invariant[k]:
            arguments = [_literal(graph.nodes[p].value) if graph.nodes[p].op == "constant" else outer[p] for p in node.parents]
            outer[k] = names.take(node.name or f"x{k + 1}")
            code.before.append(f"{outer[k]} = {_call(node.op, arguments, 'float64', code.imports)}")
        elif node.op in TABLE:
            arguments = [enter(p) for p in node.parents]
            inner[k] = names.take(_result_name(graph, k))
            line[k] = f"{inner[k]} = {_call(node.op, arguments, dtype, code.imports)}"
    code.inside = list(line.values())
    code.outputs = [enter(k) for k in graph.outputs]
    circular = [k for k in line if graph.nodes[k].op in CIRCULAR]
    if circular:
        near = dict(line)
        code.imports.add("FARTHEST")
        code.imports.update(f"{graph.nodes[k].op}_near_{dtype}" for k in circular)
        code.before.append("farthest = real(FARTHEST)")
        for k in circular:
            near[k] = line[k].replace(f" {graph.nodes[k].op}_", f" {graph.nodes[k].op}_near_")
        code.near = list(near.values())
        arguments_of = tuple(dict.fromkeys(graph.nodes[k].parents[0] for k in circular))
        needed = ancestors(graph, arguments_of)
        code.look = [near[k] for k in line if k in needed]
        code.look += [f"far += abs({inner[k]}) > farthest" for k in arguments_of]
    return code


def ancestors(graph: Graph, nodes: tuple[int, ...]) -> set[int]:
    """These nodes and all that they depend on."""
    found = set(nodes)
    for k in range(len(graph.nodes) - 1, -1, -1):
        if k in found:
            found.update(graph.nodes[k].parents)
    return found


def _result_name(graph: Graph, k: int) -> str:
    name = graph.nodes[k].name
    if name is None:
        return f"x{k + 1}"
    return f"{name}_new" if name in graph.inputs else name


def _constant_name(value: float) -> str:
    text = explain.number(value)
    known = {"0": "zero", "1": "one", "2": "two", "0.5": "half"}
    return known.get(text, "c_" + re.sub(r"\W", "_", text.replace("-", "minus_").replace("+", "")))


def _literal(value: float) -> str:
    return repr(value) if value - value == 0.0 else f"math.{'nan' if value != value else 'inf' if value > 0 else 'inf * -1.0'}"


def _call(op: str, arguments: list[str], dtype: str, imports: set[str]) -> str:
    code = TABLE[op].code.format(*arguments, real=dtype)
    imports.update(re.findall(r"@(\w+)", code))
    return code.replace("@", "")
