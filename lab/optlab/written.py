"""How a plugin is written down for people: a formula as text and LaTeX, array code as its source."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping

from optlab.base import NO_OPTIONS, FormulaPlugin, Options, Plugin
from optlab.formula import explain
from optlab.formula.graph import Graph
from optlab.hyper import Value
from optlab.rules import Optimizer, Rule


def text(plugin: Plugin, options: Options = NO_OPTIONS) -> list[str]:
    """The lines of a formula in its author's names, or of array code; empty where the source cannot be had."""
    parts = _chained(plugin, options)
    if parts:
        return [line for part, own in parts for line in (f"# {part.name}", *text(part, own))]
    graph = _graph(plugin, options)
    return _source(plugin) if graph is None else explain.text(graph, _results(plugin))


def latex(plugin: Plugin, options: Options = NO_OPTIONS) -> list[str]:
    """The lines of a formula as LaTeX; empty where any part of it is array code."""
    parts = _chained(plugin, options) or [(plugin, options)]
    graphs = [(part, _graph(part, own)) for part, own in parts]
    if any(graph is None for _, graph in graphs):
        return []
    return [line for part, graph in graphs if graph is not None for line in explain.latex(graph, _results(part))]


def _chained(plugin: Plugin, options: Options) -> list[tuple[Plugin, Mapping[str, Value]]]:
    """The parts of a chain with their own options; empty for everything else."""
    if not isinstance(plugin, Rule) or len(plugin.parts) == 1:
        return []
    own = plugin.part_values(plugin.values(options))
    return [(part, part.options(values)) for part, values in zip(plugin.parts, own, strict=True)]


def _graph(plugin: Plugin, options: Options) -> Graph | None:
    return plugin.graph(options) if isinstance(plugin, FormulaPlugin) else None


def _results(plugin: Plugin) -> tuple[str, ...]:
    if not isinstance(plugin, Optimizer):
        return (plugin.name,)
    return ("w_new", *(["g_new"] if plugin.transforms else []), *(f"{slot}_new" for slot in plugin.slots))


def _source(plugin: Plugin) -> list[str]:
    """The author's function without decorators and docstring."""
    try:
        source = textwrap.dedent(inspect.getsource(plugin.function))
    except OSError:  # made by exec, or the file is gone
        return []
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = source.splitlines()[function.lineno - 1 :]
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        begin, end = first.lineno - function.lineno, (first.end_lineno or first.lineno) - function.lineno
        lines = lines[:begin] + lines[end + 1 :]
    return [re.sub(r"\s*# fmt: \w+$", "", line) for line in lines]
