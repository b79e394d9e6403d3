"""Derivatives: forward = reverse = high-precision differences, on random formulas; no NaN from the branch not taken."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.formula import elementary as e
from optlab.formula.derive import forward, reverse
from optlab.formula.graph import trace
from optlab.formula.table import TABLE

HIGH_PRECISION = {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "square": lambda x: x * x,
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "logaddexp": lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
}
SMOOTH = [
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "square", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "sigmoid", "erf", "abs",
]  # fmt: skip


def high(name):
    return HIGH_PRECISION.get(name) or (abs if name == "abs" else getattr(mpmath, name))


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("x", [0.1, 0.37, 0.83])
def test_derivative_of_each_function_of_one_variable(name, x):
    function = abs if name == "abs" else getattr(e, name)
    graph = trace(lambda x: function(x), ("x",))
    with mpmath.workdps(40):
        expected = float(mpmath.diff(high(name), mpmath.mpf(x)))
    for mode in (forward, reverse):
        value, slope = mode(graph, "x").evaluate(x)
        assert value == pytest.approx(float(high(name)(mpmath.mpf(x))), rel=1e-14)
        assert slope == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", ["hypot", "logaddexp", "atan2"])
def test_derivative_of_each_function_of_two_variables(name):
    graph = trace(lambda a, b: getattr(e, name)(a, b), ("a", "b"))
    with mpmath.workdps(40):
        expected = [float(mpmath.diff(high(name), (0.7, 1.9), n)) for n in ((1, 0), (0, 1))]
    for mode in (forward, reverse):
        assert mode(graph, ("a", "b")).evaluate(0.7, 1.9)[1:] == pytest.approx(expected, rel=1e-13)


def test_every_entry_of_the_table_has_one_rule_per_argument():
    for entry in TABLE.values():
        assert len(entry.partials) == sum(f"{{{k}}}" in entry.text for k in range(3)), entry.name


def test_powers():
    for n in (-3, -1, 0, 1, 2, 5, 64):
        graph = trace(lambda x, n=n: x**n, ("x",))
        for mode in (forward, reverse):
            value, slope = mode(graph, "x").evaluate(-1.1)
            assert value == pytest.approx((-1.1) ** n, rel=1e-13)
            assert slope == pytest.approx(n * (-1.1) ** (n - 1), rel=1e-13)
    both = forward(trace(lambda x, y: x**y, ("x", "y")), ("x", "y"))
    assert both.evaluate(1.3, 2.7) == pytest.approx((1.3**2.7, 2.7 * 1.3**1.7, math.log(1.3) * 1.3**2.7), rel=1e-14)


def test_kinks_are_as_the_table_says():
    def slopes(function, x):
        graph = trace(function, ("x",))
        return {mode(graph, "x").evaluate(x)[1] for mode in (forward, reverse)}

    assert slopes(lambda x: abs(x), 0.0) == {0.0}
    assert slopes(lambda x: e.maximum(0.0, x), 0.0) == {0.0}
    assert slopes(lambda x: e.maximum(x, 0.0), 0.0) == {1.0}
    assert slopes(lambda x: e.minimum(0.0, x), 0.0) == {0.0}
    assert slopes(lambda x: e.floor(x), 1.5) == {0.0}
    assert slopes(lambda x: e.sign(x), 0.0) == {0.0}
    assert slopes(lambda x: e.hypot(x, 0.0), 0.0) == {0.0}
    assert slopes(lambda x: e.clip(x, -1.0, 1.0), 3.0) == {0.0}


GUARDED = [
    lambda x: e.where(x > 0, e.sqrt(x), 0.0),
    lambda x: 3 * e.where(x > 0, e.sqrt(x), 0.0) * 2,
    lambda x: e.sqrt(e.where(x > 0, x, 0.0)),
    lambda x: e.where(x > 0, e.where(x > 1, e.log(x - 1), e.sqrt(x)), 0.0),
    lambda x: e.where(x > 0, e.sqrt(x), 0.0) + e.where(x > 0, e.log(x), 0.0),
    lambda x: e.exp(e.where(x > 0, e.log(x) * e.sqrt(x), 0.0)) * 2,
    lambda x: e.sqrt(e.maximum(0.0, x)),
    lambda x: e.where((x > 0) & (x < 9), 1 / x, 0.0) ** 2,
    lambda x: e.where(x > 0, x**-0.5, 0.0) + e.where(x > 0, e.exp(-x), 0.0),
]


@pytest.mark.parametrize("function", GUARDED)
@pytest.mark.parametrize("x", [0.0, -1.0, -math.inf])
def test_no_nan_from_the_branch_not_taken(function, x):
    graph = trace(function, ("x",))
    for mode in (forward, reverse):
        for made in (mode(graph, "x"), mode(graph, "x").shared()):
            assert made.evaluate(x)[1] == 0.0


@pytest.mark.parametrize("function", GUARDED)
def test_guarded_formulas_have_the_derivative_of_the_branch_taken(function):
    graph = trace(function, ("x",))
    for x in (0.5, 2.5):
        difference = (graph.evaluate(x + 1e-6)[0] - graph.evaluate(x - 1e-6)[0]) / 2e-6
        for mode in (forward, reverse):
            assert mode(graph, "x").evaluate(x)[1] == pytest.approx(difference, rel=1e-6)


def test_nan_in_is_nan_out():
    for function in (lambda x: e.maximum(0.0, x), lambda x: e.maximum(x, 0.0), lambda x: e.clip(x, -1.0, 1.0), abs, e.sign, e.sigmoid):
        assert math.isnan(trace(lambda x, f=function: f(x), ("x",)).evaluate(math.nan)[0])


def test_a_chain_of_choices_does_not_explode():
    def chain(x):
        for _ in range(40):
            x = e.maximum(0.0, x) + 0.5 * x
        return x

    graph = trace(chain, ("x",))
    for mode in (forward, reverse):
        made = mode(graph, "x")
        assert len(made.nodes) < 20000
        assert made.evaluate(1.0)[1] == pytest.approx(1.5**40, rel=1e-12)
        assert made.evaluate(-1.0)[1] == pytest.approx(0.5**40, rel=1e-12)


def test_second_derivatives_reverse_over_forward():
    graph = forward(trace(lambda x: e.exp(x * x), ("x",)), "x")
    second = reverse(graph, "x", output=1)
    x = 0.7
    assert second.evaluate(x)[-1] == pytest.approx((2 + 4 * x * x) * math.exp(x * x), rel=1e-13)


def test_a_tangent_of_one_costs_nothing():
    assert forward(trace(lambda x: x + 3.0, ("x",)), "x").flops == 1
    assert forward(trace(lambda z: e.tanh(z), ("z",)), "z").flops == 3  # tanh, its square, 1 - : the stored output is read


def test_unknown_variable_is_named():
    with pytest.raises(OptlabError, match="no variable 'y'.* it has x"):
        forward(trace(lambda x: x * x, ("x",)), "y")


# -- random formulas ---------------------------------------------------------------------------------------------------------------

BOUNDED = ["sin", "cos", "atan", "tanh", "sigmoid", "erf"]


@st.composite
def formulas(draw):
    """A program on a stack of values: (operation, operands), values kept of order one so that differences are accurate."""
    steps = []
    for k in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["unary", "add", "sub", "mul", "div", "where", "max", "power"]))
        a, b = draw(st.integers(0, k + 1)), draw(st.integers(0, k + 1))
        steps.append((kind, a, b, draw(st.sampled_from(BOUNDED)), draw(st.sampled_from([2, 3, -1]))))
    return steps


def run(steps, x, y, functions, where, maximum):
    values = [x, y]
    for kind, a, b, name, n in steps:
        u, v = values[a], values[b]
        if kind == "unary":
            values.append(functions(name)(u))
        elif kind in ("add", "sub", "mul"):
            values.append({"add": u + v, "sub": u - v, "mul": functions("tanh")(u) * v}[kind])
        elif kind == "div":
            values.append(u / (2.0 + functions("sin")(v)))
        elif kind == "where":
            values.append(where(u > 0.1, functions("sin")(v), u * 0.5))
        elif kind == "max":
            values.append(maximum(u, v * 0.7))
        else:
            values.append((2.5 + functions("cos")(u)) ** n)
    return values[-1]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(formulas(), st.floats(-2, 2), st.floats(-2, 2))
def test_forward_is_reverse_is_high_precision_differences(steps, x, y):
    graph = trace(lambda x, y: run(steps, x, y, lambda name: getattr(e, name), e.where, e.maximum) + 0.0 * x, ("x", "y"))
    tangents = forward(graph, ("x", "y"))
    adjoints = reverse(graph, ("x", "y"))
    one, other = tangents.evaluate(x, y), adjoints.evaluate(x, y)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(tangents.shared().evaluate(x, y), one, rtol=1e-12, atol=1e-14)

    def plain(a, b):
        return run(steps, a, b, high, lambda c, p, q: p if c else q, max)

    with mpmath.workdps(50):
        h = mpmath.mpf(10) ** -20
        a, b = mpmath.mpf(x), mpmath.mpf(y)
        left = [(plain(a, b) - plain(a - h, b)) / h, (plain(a, b) - plain(a, b - h)) / h]
        right = [(plain(a + h, b) - plain(a, b)) / h, (plain(a, b + h) - plain(a, b)) / h]
        assert one[0] == pytest.approx(float(plain(a, b)), rel=1e-9, abs=1e-11)
        for k in range(2):
            if abs(left[k] - right[k]) < 1e-9:  # not at a kink
                assert one[1 + k] == pytest.approx(float(right[k]), rel=1e-6, abs=1e-8)
