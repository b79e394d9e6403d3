"""Tracing a formula into a computational graph (a Wengert list).

`trace` calls the author's function once with handles instead of numbers. Each operation appends one node to the trace and
returns a handle to it; nothing is merged, so the graph is the formula as written. Nodes stand in the order of evaluation:
every parent comes before its child, and no code here or elsewhere recurses over a graph.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optlab.errors import OptlabError
from optlab.formula.handles import Node, Trace, Traced
from optlab.formula.table import TABLE, apply


@dataclass(frozen=True)
class Graph:
    """A formula: nodes 0.. are the inputs, then the invariants, then the rest in order of evaluation.

    Attributes:
        name: the author's function.
        inputs: names of the per-element variables (w, g, m, ...).
        invariants: names of what is the same for all elements (t and the hyper-parameters); float64 in every dtype.
        outputs: indices of the output nodes.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    invariants: tuple[str, ...]
    outputs: tuple[int, ...]

    @property
    def flops(self) -> int:
        """FLOPs of the formula as written: every elementary function counts 1."""
        return sum(TABLE[node.op].flops for node in self.nodes if node.op in TABLE)

    @functools.cached_property
    def flops_shared(self) -> int:
        """FLOPs per element of the emitted loop: shared subexpressions once, loop-invariant nodes not at all."""
        from optlab.formula.clean import invariant_nodes, lower

        graph = lower(self)
        fixed = invariant_nodes(graph)
        return sum(TABLE[node.op].flops for k, node in enumerate(graph.nodes) if node.op in TABLE and not fixed[k])

    def canonical(self) -> str:
        """Text that is equal for equal formulas in every process and version of Python: what digests are made of."""
        lines = [" ".join(("inputs", *self.inputs)), " ".join(("invariants", *self.invariants))]
        for k, node in enumerate(self.nodes):
            value = "" if node.value is None else node.value.hex() if isinstance(node.value, float) else str(node.value)
            lines.append(" ".join((str(k), node.op, *map(str, node.parents), value)).rstrip())
        lines.append(" ".join(("outputs", *map(str, self.outputs))))
        return "\n".join(lines)

    def shared(self) -> Graph:
        """Constants folded, common subexpressions shared, powers written as products, dead nodes dropped; values unchanged."""
        from optlab.formula.clean import shared

        return shared(self)

    def evaluate(self, *inputs: Any, **invariants: Any) -> tuple[Any, ...]:
        """Interpret the graph node by node in NumPy (the plain twin of the emitted code).

        Args:
            inputs: floats or arrays in the order of `.inputs`.
            invariants: by name.
        """
        found = self.values(*inputs, **invariants)
        return tuple(found[k] for k in self.outputs)

    def values(self, *inputs: Any, **invariants: Any) -> list[Any]:
        """The values of all nodes, as `evaluate`."""
        if len(inputs) != len(self.inputs) or set(invariants) != set(self.invariants):
            wanted = ", ".join((*self.inputs, *(f"{name}=" for name in self.invariants)))
            given = f"{len(inputs)} positional values and {sorted(invariants)}"
            raise OptlabError(f"{self.name} is evaluated at ({wanted}); {given} were given")
        known = {**dict(zip(self.inputs, inputs, strict=True)), **invariants}
        found: list[Any] = []
        for node in self.nodes:
            if node.op == "constant":
                found.append(node.value)
            elif node.op in TABLE:
                static = node.value if node.op == "integer_power" else None
                found.append(apply(node.op, *(found[k] for k in node.parents), static=static))
            else:
                found.append(known[node.value])
        return found


def trace(
    function: Callable[..., Any],
    inputs: Sequence[str],
    invariants: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    outputs: int | None = None,
) -> Graph:
    """Trace ``function(*inputs, **invariants, **options)`` into its graph.

    Args:
        function: a plain scalar formula returning one value or a tuple.
        inputs: names of the per-element variables, passed by position.
        invariants: names of hyper-parameters and t, passed by keyword (t only if the function takes it).
        options: Python values fixed at trace time; they may steer a Python ``if``.
        outputs: how many values it must return; None accepts any number.

    Raises:
        OptlabError: one sentence naming the function and, where known, the line.
    """
    name = getattr(function, "__name__", "the formula")
    tape = Trace(name)
    positional = [tape.append(Node("input", (), each)) for each in inputs]
    keywords = {each: tape.append(Node("invariant", (), each)) for each in invariants}
    taken = inspect.signature(function).parameters
    if "t" in keywords and "t" not in taken and not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
        del keywords["t"]
    result, local = _call(function, positional, {**keywords, **(options or {})}, name)
    values = result if isinstance(result, tuple) else (result,)
    if outputs is not None and len(values) != outputs:
        raise OptlabError(f"{name} returns {len(values)} values where {outputs} must be returned")
    for value in values:
        if not isinstance(value, (Traced, numbers.Real)):
            raise OptlabError(f"{name} returns {type(value).__name__} {value!r:.40} where a number is expected")
    indices = tuple(tape.index(value) for value in values)
    for each, handle in local.items():
        if isinstance(handle, Traced) and handle.trace is tape and tape.nodes[handle.index].op in TABLE:
            tape.nodes[handle.index] = replace_name(tape.nodes[handle.index], each)
    return Graph(name, tuple(tape.nodes), tuple(inputs), tuple(invariants), indices)


def replace_name(node: Node, name: str) -> Node:
    """The node under the author's name for it."""
    return node._replace(name=node.name or name)


def _call(function: Callable[..., Any], positional: list[Traced], keywords: dict[str, Any], name: str) -> tuple[Any, dict[str, Any]]:
    """Call the author's function; return its result and its local variables at return (they name the nodes)."""
    local: dict[str, Any] = {}
    code = getattr(inspect.unwrap(function), "__code__", None)

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            local.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        result = function(*positional, **keywords)
    except OptlabError:
        raise
    except Exception as error:
        if "__array_ufunc__" in str(error) or "ufunc" in str(error):
            raise OptlabError(
                f"{name} calls a NumPy function on a traced value ({error}): use those of optlab.plugin (sqrt, exp, log, where, ...)"
            ) from error
        raise OptlabError(f"{name} cannot be traced as a formula: {type(error).__name__}: {error}") from error
    finally:
        _profile_again(before)
    return result, local


def _profile_again(profiler: Any) -> None:
    """Undo `sys.setprofile`; cProfile is what `sys.getprofile` returns but no function that could be set."""
    if profiler is None or callable(profiler):
        sys.setprofile(profiler)
    else:
        profiler.enable()
