"""The text of whole emitted modules: one per activation, update rule, elementwise cost and objective."""

from __future__ import annotations

import re

from optlab.formula import explain
from optlab.formula.clean import pruned
from optlab.formula.emit import Statements, statements
from optlab.formula.graph import Graph

BLOCK = 64  # elements whose costs are kept on the stack between the vectorised loop and the plain sum


def activation_source(graph: Graph, dtype: str, written: Graph | None = None) -> str:
    """Module with `value` and `value_slope` from one lowered graph of outputs (f, f'); the header shows the formula as `written`."""
    fixed = hyper(graph)
    value = statements(pruned(graph, graph.outputs[:1]), dtype, {graph.inputs[0]: "z_at[i]"}, fixed)
    both = statements(graph, dtype, {graph.inputs[0]: "z_at[i]"}, fixed)
    return _module(
        graph, written, "activation", dtype, ("a", "slope"), [value, both], ("activation_value", "activation_value_slope"),
        _function("activation_value", "value", "z_at, a_at, n, hyper", value, [f"a_at[i] = {value.outputs[0]}"]),
        _function("activation_value_slope", "value_slope", "z_at, a_at, n, hyper", both,
                  [f"a_at[i] = {both.outputs[0]}", f"z_at[i] = {both.outputs[1]}"]),
    )  # fmt: skip


def stage_source(graph: Graph, dtype: str, written: Graph | None = None, transforms: bool = False) -> str:
    """Module with `stage_loop`: one loop that reads w, g and the slots, computes, then writes w, the slots, and g if it `transforms`."""
    slots = graph.inputs[2:]
    pointers = _pointers(slots)
    reads = {graph.inputs[0]: "w_at[i]", graph.inputs[1]: "g_at[i]", **{name: f"{at}[i]" for name, at in zip(slots, pointers, strict=True)}}
    code = statements(graph, dtype, reads, hyper(graph, {"t": "float64(step)"}))
    code.before[:0] = _slots(pointers)
    targets = ["w_at", *(["g_at"] if transforms else []), *pointers]
    writes = [f"{at}[i] = {out}" for at, out in zip(targets, code.outputs, strict=True) if reads_differ(out, at, code)]
    arguments = "w_at, g_at, slots, hyper, step, n, scalars, layers, n_layers, scratch, ask"
    results = graph.inputs[: 1 + transforms] + slots
    return _module(
        graph, written, "stage", dtype, results, [code], ("advance", "stage") if len(slots) > 1 else ("stage",),
        _function("stage", "stage_loop", arguments, code, writes),
    )  # fmt: skip


def evaluation_source(graph: Graph, dtype: str, written: Graph | None = None) -> str:
    """Module with `evaluation_loop`, which writes a formula of w and the slots."""
    slots = graph.inputs[1:]
    pointers = _pointers(slots)
    reads = {graph.inputs[0]: "w_at[i]", **{name: f"{at}[i]" for name, at in zip(slots, pointers, strict=True)}}
    code = statements(graph, dtype, reads, hyper(graph, {"t": "float64(step)"}))
    code.before[:0] = _slots(pointers)
    return _module(
        graph, written, "evaluation", dtype, ("w_evaluated",), [code],
        ("advance", "evaluation_weights") if len(slots) > 1 else ("evaluation_weights",),
        _function("evaluation_weights", "evaluation_loop", "w_at, slots, hyper, step, n, out_at", code, [f"out_at[i] = {code.outputs[0]}"]),
    )  # fmt: skip


def _pointers(slots: tuple[str, ...]) -> list[str]:
    return [f"slot{k}_at" for k in range(len(slots))]


def _slots(pointers: list[str]) -> list[str]:
    """Lines that find each slot in the stage's memory: slot k begins at element k * n."""
    return [f"{at} = slots" if k == 0 else f"{at} = advance(slots, n * {k})" for k, at in enumerate(pointers)]


def reads_differ(output: str, pointer: str, code: Statements) -> bool:
    """False when the output is what was read from the same place: nothing to write."""
    return f"{output} = {pointer}[i]" not in code.inside


def cost_source(graph: Graph, dtype: str, written: Graph | None = None) -> str:
    """Module with `value` and `value_gradient` of an elementwise cost, from one lowered graph of outputs (c, dc/dy).

    A block of costs (and slopes) goes to the stack, so that the loop vectorises whether or not the gradient overwrites y;
    the float64 sum then runs over the block in plain order.
    """
    fixed = hyper(graph)
    reads = {graph.inputs[0]: "y_at[start + i]", graph.inputs[1]: "t_at[start + i]"}
    value = statements(pruned(graph, graph.outputs[:1]), dtype, reads, fixed)
    both = statements(graph, dtype, reads, fixed)

    def function(signature: str, name: str, arguments: str, code: Statements, gradient: bool) -> list[str]:
        keep = [f"costs[i] = {code.outputs[0]}"] + ([f"slopes[i] = {code.outputs[1]} * scale_real"] if gradient else [])
        give = ["for i in range(size):", "    d_at[start + i] = slopes[i]"] if gradient else []
        return [
            f"@callback({signature}(real))", f"def {name}({arguments}):",
            *_indent(1, code.before), *(["    scale_real = real(scale)"] if gradient else []),
            f"    costs = stack_buffer(y_at, {BLOCK})", *([f"    slopes = stack_buffer(y_at, {BLOCK})"] if gradient else []),
            "    total = 0.0", "    count = rows * columns", f"    for start in range(0, count, {BLOCK}):",
            f"        size = min({BLOCK}, count - start)", *_indent(2, _loop("for i in range(size):", code, keep)), *_indent(2, give),
            "        for i in range(size):", "            total += float64(costs[i])", "    return total",
        ]  # fmt: skip

    value.imports.add("stack_buffer")
    return _module(
        graph, written, "cost", dtype, ("c", "slope"), [value, both], ("cost_value", "cost_value_gradient"),
        function("cost_value", "value", "y_at, t_at, rows, columns, hyper", value, False),
        function("cost_value_gradient", "value_gradient", "y_at, t_at, d_at, rows, columns, hyper, scale", both, True),
    )  # fmt: skip


def objective_source(graph: Graph, dtype: str, written: Graph | None = None) -> str:
    """Module with `model_gradient` and `model_evaluate` of a scalar formula, from one lowered graph of outputs (f, df/dw...)."""
    fixed = hyper(graph)
    reads = {name: f"w_at[{k}]" for k, name in enumerate(graph.inputs)}
    value = statements(pruned(graph, graph.outputs[:1]), dtype, reads, fixed)
    both = statements(graph, dtype, reads, fixed)
    slopes = [f"g_at[{k}] = {name} * scale_real" for k, name in enumerate(both.outputs[1:])]
    for code in (value, both):
        if any("hyper[" in line for line in code.before):
            code.before.insert(0, "hyper = float64_at(context[0])")
    abi = ("model_evaluate", "model_gradient", *(("float64_at",) if graph.invariants else ()))
    return _module(
        graph, written, "objective", dtype, ("f", *(f"d_{name}" for name in graph.inputs)), [value, both], abi,
        ["@callback(model_gradient(real))", "def gradient(context, w_at, rows, m, g_at, scale):",
         *_indent(1, [*both.before, "scale_real = real(scale)", *both.inside, *slopes]),
         f"    return float64({both.outputs[0]})"],
        ["@callback(model_evaluate(real))", "def evaluate(context, w_at, sums):", *_indent(1, [*value.before, *value.inside]),
         f"    sums[0] = float64({value.outputs[0]})", f"    sums[1] = float64({value.outputs[0]})", "    return 0"],
    )  # fmt: skip


def hyper(graph: Graph, known: dict[str, str] | None = None) -> dict[str, str]:
    """Where each invariant is read: t from the stage's own argument, the others from the hyper block in order."""
    fixed = dict(known or {})
    for name in graph.invariants:
        if name not in fixed:
            fixed[name] = f"hyper[{len(fixed) - len(known or {})}]"
    return fixed


def _function(signature: str, name: str, arguments: str, code: Statements, writes: list[str]) -> list[str]:
    return [
        f"@callback({signature}(real))", f"def {name}({arguments}):", *_indent(1, code.before),
        *_indent(1, _loop("for i in range(n):", code, writes or ["pass"])), "    return 0",
    ]  # fmt: skip


def _loop(header: str, code: Statements, writes: list[str]) -> list[str]:
    """The loop over elements; with sin, cos or tan in it a look at their arguments chooses the one that vectorises."""
    if not code.near:
        return [header, *_indent(1, code.inside), *_indent(1, writes)]
    return [
        "far = 0", header, *_indent(1, code.look),
        "if far == 0:", f"    {header}", *_indent(2, code.near), *_indent(2, writes),
        "else:", f"    {header}", *_indent(2, code.inside), *_indent(2, writes),
    ]  # fmt: skip


def _indent(levels: int, lines: list[str]) -> list[str]:
    return ["    " * levels + line for line in lines]


def _module(
    graph: Graph,
    written: Graph | None,
    kind: str,
    dtype: str,
    results: tuple[str, ...],
    codes: list[Statements],
    abi: tuple[str, ...],
    *functions: list[str],
) -> str:
    """Docstring, the imports that are needed, the functions."""
    body = "\n\n\n".join("\n".join(function) for function in functions)
    vector = sorted({name for code in codes for name in code.imports if re.search(rf"\b{name}\b", body)})
    what = {"stage": "update rule", "evaluation": "weights to evaluate"}.get(kind, kind)
    lines = [f'"""{graph.name}, {what} in {dtype}: emitted by optlab from the formula', ""]
    if written is not None:
        plain = results[: len(written.outputs)] if kind == "stage" else (graph.name if graph.name.isidentifier() else results[0],)
        lines += [*(f"    {line}" for line in explain.text(written, plain)), "", "and worked out as", ""]
    lines += [*(f"    {line}" for line in explain.text(graph, results)), '"""', ""]
    lines += [f"import {name}" for name in ("math",) if "math." in body] + (["import numpy as np"] if "np." in body else [])
    others = ["float64"] if "float64(" in body and dtype == "float32" else []
    lines.append(f"from numba import {', '.join([*others, dtype + ' as real'])}" if dtype == "float32" else "from numba import float64")
    lines += ["", f"from optlab.abi import {', '.join(sorted(abi))}"]
    lines += [f"from optlab.formula.vector import {', '.join(vector)}"] if vector else []
    lines += ["from optlab.jit import callback"] + (["", "real = float64"] if dtype == "float64" else [])
    return "\n".join(lines) + "\n\n\n" + body + "\n"
