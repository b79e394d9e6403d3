"""A graph as text and as LaTeX: one assignment per named or shared intermediate, one per output."""

from __future__ import annotations

from collections import Counter

from optlab.formula.graph import Graph
from optlab.formula.table import TABLE

_ATOM = 9
_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "eps", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho", "sigma",
    "tau", "phi", "chi", "psi", "omega",
}  # fmt: skip
LONGEST = 160  # characters of one right side, after which an intermediate gets a name of its own


def text(graph: Graph, results: tuple[str, ...] = ()) -> list[str]:
    """Lines ``name = formula`` in the author's own names; `results` names the outputs (default: the author's names, else y).

    An output ``m_new`` that is the input ``m`` as it came has no line.
    """
    return _lines(graph, results, latex=False)


def latex(graph: Graph, results: tuple[str, ...] = ()) -> list[str]:
    """The same lines as LaTeX mathematics, without delimiters; `results` are plain names (w_new becomes w', m_hat a hat)."""
    return _lines(graph, results, latex=True)


def latex_name(name: str) -> str:
    r"""``beta1`` -> ``\beta_{1}``, ``m_hat`` -> ``\hat{m}``, ``lr`` -> ``\mathrm{lr}``, ``w_new`` -> ``w'``."""
    for ending, form in (("_hat", r"\hat{{{}}}"), ("_bar", r"\bar{{{}}}"), ("_new", "{}'")):
        if name.endswith(ending) and len(name) > len(ending):
            return form.format(latex_name(name[: -len(ending)]))
    stem = name.rstrip("0123456789")
    digits, tail = name[len(stem) :], ""
    if "_" in stem and not digits:
        stem, tail = stem.split("_", 1)
    if stem in _GREEK:
        stem = r"\varepsilon" if stem in ("eps", "epsilon") else "\\" + stem
    elif len(stem) > 1:
        stem = rf"\mathrm{{{stem}}}".replace("_", r"\_")
    below = digits or (rf"\mathrm{{{tail}}}".replace("_", r"\_") if tail else "")
    return f"{stem}_{{{below}}}" if below else stem


def number(value: float, latex: bool = False) -> str:
    """Shortest text of a number: 2 for 2.0."""
    plain = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if latex and "e" in plain:
        digits, power = plain.split("e")
        return rf"{digits} \cdot 10^{{{int(power)}}}"
    return plain


def _lines(graph: Graph, results: tuple[str, ...], latex: bool) -> list[str]:
    taken = {*graph.inputs, *graph.invariants}
    names = [_free(name, taken) for name in results or tuple(graph.nodes[k].name or "y" for k in graph.outputs)]
    uses = Counter(parent for node in graph.nodes for parent in node.parents)
    written: list[tuple[str, int]] = []  # text and precedence of each node
    lines: list[str] = []
    for k, node in enumerate(graph.nodes):
        if node.op == "constant":
            shown = number(node.value, latex)
            written.append((shown, _ATOM if node.value >= 0 and r"\cdot" not in shown else 3))
        elif node.op not in TABLE:
            written.append((latex_name(node.value) if latex else node.value, _ATOM))
        else:
            right, binds = _right(graph, k, written, latex)
            if k in graph.outputs:
                name = names[graph.outputs.index(k)]
            elif uses[k] and (node.name or uses[k] > 1 or len(right) > LONGEST):
                name = _free(node.name or f"x{k + 1}", taken)
            else:
                written.append((right, binds))
                continue
            left = latex_name(name) if latex else name
            lines.append(f"{left} = {right}")
            written.append((left, _ATOM))
    for position, k in enumerate(graph.outputs):  # an output that is an input, a constant, or another output
        if results and results[position] == f"{graph.nodes[k].value}_new":
            continue  # a state that this setting leaves alone
        if graph.nodes[k].op not in TABLE or graph.outputs.index(k) != position:
            lines.append(f"{latex_name(names[position]) if latex else names[position]} = {written[k][0]}")
    return lines


def _free(name: str, taken: set[str]) -> str:
    """The name, with ``_new`` or a number where it is taken; it is taken then."""
    found, k = name, 1
    while found in taken:
        found, k = (f"{name}_new" if k == 1 else f"{name}_{k}"), k + 1
    taken.add(found)
    return found


def _right(graph: Graph, k: int, written: list[tuple[str, int]], latex: bool) -> tuple[str, int]:
    """Text and precedence of one node; the right operand of an equal precedence keeps its parentheses (rounding depends on them)."""
    node = graph.nodes[k]
    rule = TABLE[node.op]
    binds = _ATOM if latex and node.op == "div" else rule.binds
    parts = []
    for position, parent in enumerate(node.parents):
        shown, inner = written[parent]
        raised = node.op in ("power", "integer_power")
        loose = inner < binds or (inner == binds != _ATOM and (position == 0) == raised and not (latex and node.op in ("add", "mul")))
        if latex and raised and position == 1:
            loose = False  # an exponent is set apart already
        if loose and binds != _ATOM:
            shown = rf"\left({shown}\right)" if latex else f"({shown})"
        parts.append(shown)
    return (rule.latex if latex else rule.text).format(*parts, n=node.value), binds
