"""The compiler's front door: graphs (and array code) in, addresses out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optlab.errors import OptlabError
from optlab.formula import modules, rows, stages
from optlab.formula.clean import lower
from optlab.formula.code import cache_key, compilable, keyword_only
from optlab.formula.derive import forward, reverse
from optlab.formula.graph import Graph
from optlab.formula.lanes import expanded
from optlab.formula.load import CompiledActivation, CompiledCost, CompiledObjective, check_dtype, load, path_of


def _check(graph: Graph, dtype: str, inputs: int, outputs: int, what: str) -> None:
    check_dtype(dtype)
    if len(graph.inputs) != inputs or len(graph.outputs) != outputs:
        raise OptlabError(
            f"{graph.name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs where {what} has {inputs} and {outputs}"
        )


def compile_activation(name: str, graph: Graph, dtype: str) -> CompiledActivation:
    """Compile f(z) and its slope, the slope by forward accumulation."""
    _check(graph, dtype, 1, 1, "an activation")
    module = load(f"{name}_activation_{dtype}", modules.activation_source(lower(forward(graph, graph.inputs[0])), dtype, graph))
    return CompiledActivation(module.value.address, module.value_slope.address, module, path_of(module))


def compile_cost(name: str, graph: Graph, dtype: str) -> CompiledCost:
    """Compile an elementwise cost(y, t) and its derivative by y."""
    _check(graph, dtype, 2, 1, "a cost")
    module = load(f"{name}_cost_{dtype}", modules.cost_source(lower(forward(graph, graph.inputs[0])), dtype, graph))
    return CompiledCost(module.value.address, module.value_gradient.address, module, path_of(module))


def compile_stage(name: str, graph: Graph, n_slots: int, dtype: str, transforms: bool = False) -> int:
    """Compile an update rule with inputs (w, g, *slots) and outputs (w, *slots); the address has the signature abi.stage.

    transforms: its outputs are (w, g, *slots).
    """
    _check(graph, dtype, 2 + n_slots, 1 + transforms + n_slots, f"an update rule with {n_slots} slots")
    module = load(f"{name}_stage_{dtype}", modules.stage_source(lower(graph), dtype, graph, transforms))
    return int(module.stage_loop.address)


def compile_evaluation(name: str, graph: Graph, n_slots: int, dtype: str) -> int:
    """Compile a formula of (w, *slots); the address has the signature abi.evaluation_weights."""
    _check(graph, dtype, 1 + n_slots, 1, "the weights to evaluate")
    module = load(f"{name}_evaluation_{dtype}", modules.evaluation_source(lower(graph), dtype, graph))
    return int(module.evaluation_loop.address)


def compile_objective(name: str, graph: Graph, dtype: str) -> CompiledObjective:
    """Compile a scalar formula of w[0], w[1], ... and its gradient by reverse accumulation.

    The context's first entry is the address of the float64 hyper-parameters. Rows are ignored; cost sum and metric sum
    are both the value.
    """
    _check(graph, dtype, len(graph.inputs), 1, "an objective")
    module = load(f"{name}_objective_{dtype}", modules.objective_source(lower(reverse(graph, graph.inputs)), dtype, graph))
    return CompiledObjective(module.gradient.address, module.evaluate.address, module, path_of(module))


def compile_row_cost(
    name: str,
    function: Callable[..., Any],
    dtype: str,
    *,
    value: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> CompiledCost:
    """Compile a cost of whole rows from array code; y, t and gradient are one-dimensional arrays of one row.

    Code of the form that `lanes` rewrites runs over many rows at once, any other row by row.

    Args:
        function: ``f(y, t, gradient, *, ...) -> cost`` writes the derivative by y into `gradient` and returns the cost.
        value: if given, ``value(y, t, *, ...) -> cost`` gives the cost, and what `function` returns is ignored.
        options: keyword-only parameters fixed now; the others are read from the hyper block in the order of the signature.
    """
    check_dtype(dtype)
    functions = [function] if value is None else [value, function]
    hyper = keyword_only(function)
    if value is not None and keyword_only(value) != hyper:
        raise OptlabError(f"{name}: value and gradient take different hyper-parameters ({keyword_only(value)} and {hyper})")
    if value is None and (expansion := expanded(function)) is not None:
        text = rows.lane_cost_source(name, dtype, expansion.lines, hyper, options or {})
        module = load(f"{name}_row_cost_{dtype}", text, expansion.given, cache_key(function))
        return CompiledCost(module.value.address, module.value_gradient.address, module, path_of(module))
    names = ["joint"] if value is None else ["cost", "gradient"]
    given = {key: compilable(each, f"{name}'s {key}") for key, each in zip(names, functions, strict=True)}
    text = rows.row_cost_source(name, dtype, value is None, hyper, options or {})
    module = load(f"{name}_row_cost_{dtype}", text, given, cache_key(*functions))
    return CompiledCost(module.value.address, module.value_gradient.address, module, path_of(module))


def compile_array_rule(
    name: str, function: Callable[..., Any], dtype: str, shapes: stages.Shapes, options: Mapping[str, Any], whole: bool, asks: bool
) -> int:
    """Compile ``function(w, g, *slots, *, ...)`` to the address of a stage (abi.stage).

    Args:
        shapes: slot -> words of its shape: rows, columns, n, or the name of an option; empty: a float64 scalar, given as an array (1,).
        options: keyword-only parameters fixed now; the others are read from the hyper block in the order of the signature.
        whole: once with vectors of all parameters; else once per tensor, matrices (n_in, n_out) of weights and (1, n_out) of biases.
        asks: it returns a request (requests.DONE, requests.EVALUATE, ...); otherwise what it returns is ignored.
    """
    check_dtype(dtype)
    arguments = ["w", "g", *shapes, *stages.keywords(keyword_only(function), options)]
    text = stages.array_rule_source(name, dtype, shapes, options, arguments, whole, asks)
    module = load(f"{name}_stage_{dtype}", text, {"rule": compilable(function, name)}, cache_key(function))
    return int(module.stage_loop.address)
