"""The parser: an expression is what Python's own operators make of it, anything else is one sentence with its place."""

import math
import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.formula import elementary
from optlab.formula.parse import ARITY, FUNCTIONS, MOST_OPERATIONS, parse

PLAIN = {**FUNCTIONS, "pi": math.pi, "e": math.e}


def evaluated(text, **at):
    graph = parse(text)
    return graph.evaluate(*(at[name] for name in graph.inputs))[0]


def python(text, **at):
    """What Python makes of the same text, on NumPy's numbers, whose division by zero is IEEE's."""
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}}, {**PLAIN, **{name: np.float64(value) for name, value in at.items()}})


@pytest.mark.parametrize(
    "text",
    [
        "-x**2", "2**-x", "2**-x**2", "-2**2", "x**y**2", "x - y - 2", "x / y / 2", "x / y * 2", "x // y % 3", "-x * -y", "+x", "--x",
        "2 * (x + y) ** 2", "x**0.5", "x**-1", "1 - -x", "1.5e-3 * x + .5 - 2.", "sin(x)**2 + cos(x)**2", "atan2(y, x)", "abs(-x)",
        "where(x > y, x, -y)", "(x > 0) & (y < 1) | (x == y)", "where(~(x > y), 1, 2)", "clip(x, -1, 1)", "minimum(x, max(y, 0))",
        "pi * e * x", "ln(x) + log(x)", "hypot(x, y) + logaddexp(x, y)", "x * (y)", "((((x))))", "x != y", "x <= y", "x + (x >= y)",
        "-(x + y)", "2**3**0", "x*-y", "exp(-x**2/2)/sqrt(2*pi)",
    ],
)  # fmt: skip
def test_an_expression_means_what_python_means(text):
    for x, y in ((0.7, 1.9), (2.5, 0.3), (1.0, 1.0)):
        assert evaluated(text, x=x, y=y) == pytest.approx(float(python(text, x=x, y=y)), rel=1e-14)


@st.composite
def expressions(draw, depth=4):
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(["x", "y", "2", "0.5", "3.25", "pi"]))
    kind = draw(st.sampled_from(["binary", "binary", "minus", "call", "group", "power"]))
    inner = expressions(depth=depth - 1)
    if kind == "binary":
        return f"{draw(inner)} {draw(st.sampled_from(['+', '-', '*', '/']))} {draw(inner)}"
    if kind == "minus":
        return f"-{draw(inner)}"
    if kind == "group":
        return f"({draw(inner)})"
    if kind == "power":
        return f"({draw(inner)})**{draw(st.sampled_from(['2', '3', '-1', '-2']))}"
    return f"{draw(st.sampled_from(['sin', 'tanh', 'exp', 'atan', 'abs', 'sigmoid']))}({draw(inner)})"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(expressions())
def test_random_expressions_have_pythons_precedence(text):
    graph = parse(text)
    found = float(graph.evaluate(*({"x": 0.7, "y": -1.3}[name] for name in graph.inputs))[0])
    with np.errstate(all="ignore"):
        expected = eval(text, {}, {**PLAIN, "x": np.float64(0.7), "y": np.float64(-1.3)})
    np.testing.assert_allclose(found, float(expected), rtol=1e-11, atol=1e-300)


def test_nothing_is_merged_or_folded():
    assert parse("sqrt(x**2 + exp(x**2))").flops == 5
    assert parse("1/3*x").flops == 2
    assert parse("-3*x").flops == 1  # a negative number is no operation
    assert parse("x + 0*y").inputs == ("x", "y")
    assert parse("y + x + y").inputs == ("y", "x")


def test_every_elementary_function_can_be_written():
    for name in elementary.__all__:
        arguments = ", ".join(("0.3", "0.2", "0.4")[: ARITY[name]])
        assert evaluated(f"{name}({arguments})") == pytest.approx(float(python(f"{name}({arguments})")), rel=1e-14)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("__import__('os').system('ls')", "an expression has no text"),
        ("__import__(os)", "'__import__' at character 1 is no function"),
        ("x.__class__", "'.' at character 2 .* no attributes"),
        ("().__class__.__bases__[0]", "no attributes"),
        ("[x for x in y]", "no indices"),
        ("lambda: x", "':' at character 7"),
        ("lambda", "write the expression alone"),
        ("_x + 1", "begins with a letter"),
        ("eval(x)", "'eval' at character 1 is no function"),
        ("sqr(x)", r"did you mean 'sqrt'\?"),
        ("Sin(x)", r"did you mean 'sin'\?"),
        ("sin", r"takes parentheses: sin\(x\)"),
        ("atan2", r"atan2\(x, y\)"),
        ("sin()", "has too few arguments: it takes 1"),
        ("sin(x, y)", "takes 1 argument, and 2 are given"),
        ("hypot(x)", "takes 2 arguments, and 1 is given"),
        ("atan2(x,)", "too few arguments"),
        ("(x", "parenthesis opened at character 1 is never closed"),
        ("1 + sin(x", "parenthesis opened at character 8 is never closed"),
        ("x)", r"no parenthesis is open for '\)' at character 2"),
        ("x, y", "no function's arguments are parted by ',' at character 2"),
        ("(x, y)", "no function's arguments"),
        ("2x", r"operator is missing before 'x' at character 2 \(a product is written with \*\)"),
        ("2(x)", "an operator is missing"),
        ("x y", "an operator is missing before 'y' at character 3"),
        ("x +", "a value is missing before its end"),
        ("", "a value is missing"),
        ("   ", "a value is missing"),
        ("* x", "a value is missing before '\\*' at character 1"),
        ("x ^ 2", r"a power is written \*\*"),
        ("x = 2", "equality is written =="),
        ("0 < x < 1", r"write \(a < x\) & \(x < b\)"),
        ("x > 0 & y > 0", "each in parentheses"),
        ("x and y", r"write \(a\) & \(b\)"),
        ("x if y else z", "where"),
        ("x²", "is no name"),
        ("x\u00b7y", "a product is written"),
        ("x; y", "has no meaning there"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_place(text, says):
    with pytest.raises(OptlabError) as caught:
        parse(text)
    assert re.search(says, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(alphabet="xy12.e+-*/()<>=&|~, sincoexp_'\"[]^%\n", max_size=25))
def test_any_text_is_a_graph_or_one_sentence(text):
    said = ""
    try:
        graph = parse(text)
        graph.evaluate(*(0.5 for _ in graph.inputs))
    except OptlabError as error:
        said = str(error)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+".join(["x"] * 10_000), 10_000.0),
        ("(" * 10_000 + "x" + ")" * 10_000, 1.0),
        ("abs(" * 10_000 + "x" + ")" * 10_000, 1.0),
        ("-" * 10_000 + "x", 1.0),
        ("x**" * 10_000 + "x", 1.0),
    ],
)
def test_ten_thousand_of_anything_need_no_recursion(text, value):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        graph = parse(text)
    finally:
        sys.setrecursionlimit(limit)
    assert graph.evaluate(1.0) == (value,)


def test_too_long_an_expression_is_refused_in_one_sentence():
    with pytest.raises(OptlabError, match=f"more than {MOST_OPERATIONS:,} operations") as caught:
        parse("+".join(["x"] * (MOST_OPERATIONS + 10)))
    assert len(str(caught.value)) < 300
