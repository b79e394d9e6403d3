"""The worked table: forward = reverse = the graphs = high precision, on random formulas; counts by hand; IEEE results with a note."""

import cmath
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlab
from optlab.errors import OptlabError
from optlab.formula import differences
from optlab.formula.elementary import exp, sqrt, where
from optlab.formula.worked import autodiff
from tests.formula.test_derive import high

NOTES = "sqrt(x**2 + exp(x**2))"
BY_HAND = "x*(1 + exp(x**2))/sqrt(x**2 + exp(x**2))"


def notes_slope(x):
    return x * (1 + math.exp(x * x)) / math.sqrt(x * x + math.exp(x * x))


def test_the_lecture_notes_example():
    f = optlab.autodiff(NOTES)
    assert (f.flops, f.flops_shared) == (5, 4)
    assert f.value(x=1.5) == pytest.approx(math.sqrt(1.5**2 + math.exp(1.5**2)), rel=1e-15)
    for way in (f.gradient, f.forward, f.reverse):
        assert way(x=1.5) == {"x": pytest.approx(notes_slope(1.5), rel=1e-15)}
    rows = f.table(x=1.5)
    assert [row.formula for row in rows] == ["x", "x1**2", "exp(x2)", "x2 + x3", "sqrt(x4)"]  # the notes' a, b, c, d
    assert [row.parents for row in rows] == [(), ("x1",), ("x2",), ("x2", "x3"), ("x4",)]
    a, b = 1.5**2, math.exp(1.5**2)
    values = [1.5, a, b, a + b, math.sqrt(a + b)]
    d = values[-1]
    assert [row.value for row in rows] == pytest.approx(values, rel=1e-15)
    assert rows[1].local == {"x1": pytest.approx(3.0)}
    assert rows[2].local == {"x2": pytest.approx(b)}
    assert rows[4].local == {"x4": pytest.approx(0.5 / d)}
    assert [row.tangents["x"] for row in rows] == pytest.approx([1, 3, 3 * b, 3 + 3 * b, (3 + 3 * b) / (2 * d)], rel=1e-14)
    assert [row.adjoint for row in rows] == pytest.approx([notes_slope(1.5), (1 + b) / (2 * d), 0.5 / d, 0.5 / d, 1], rel=1e-14)


def test_flops_of_each_way_are_counted_by_hand():
    f = autodiff(NOTES)
    found = {way.name: way for way in differences.ways(f, {"x": 1.5}, {"x": autodiff(BY_HAND)})}
    assert found["by hand"].flops == 10  # *, 1 +, exp, **, /, sqrt, **, +, exp, **
    # 4 of f, then 2 a, 1 / (2 d) as a product and a quotient, b times, +, and the last product
    assert found["forward accumulation"].flops_shared == found["reverse accumulation"].flops_shared == 9
    assert found["forward difference"].flops == 5 + 5 + 3
    assert found["central difference"].flops == 5 + 5 + 4
    assert found["by hand"].error["x"] < 1e-14
    assert found["forward difference"].error["x"] < 1e-6
    assert found["central difference"].error["x"] < 1e-8


def test_reverse_costs_one_pass_for_all_variables_and_forward_one_for_each():
    inner = " + ".join(f"x{k}*x{k}" for k in range(12))
    f = autodiff(f"exp(sin(sqrt(tanh({inner}))))")
    assert f.adjoints.flops_shared < 3 * f.flops_shared
    assert f.tangents.flops_shared > 1.7 * f.adjoints.flops_shared


def test_several_variables_and_second_derivatives():
    f = autodiff("(1 - x)**2 + 100*(y - x**2)**2")
    x, y = -1.2, 1.0
    assert f.gradient(x=x, y=y) == {
        "x": pytest.approx(-2 * (1 - x) - 400 * x * (y - x * x), rel=1e-14),
        "y": pytest.approx(200 * (y - x * x), rel=1e-14),
    }
    hessian = f.hessian(x=x, y=y)
    assert hessian["x"]["x"] == pytest.approx(2 - 400 * y + 1200 * x * x, rel=1e-14)
    assert hessian["x"]["y"] == hessian["y"]["x"] == pytest.approx(-400 * x, rel=1e-14)
    assert hessian["y"]["y"] == pytest.approx(200.0)


def test_arrays_are_evaluated_element_by_element():
    f, x = autodiff(NOTES), np.linspace(-2, 2, 7)
    np.testing.assert_allclose(f.value(x=x), np.sqrt(x**2 + np.exp(x**2)), rtol=1e-15)
    np.testing.assert_allclose(f.gradient(x=x)["x"], [notes_slope(each) for each in x], rtol=1e-14, atol=1e-16)
    assert autodiff("3*x").gradient(x=x)["x"].tolist() == [3.0] * 7
    assert autodiff("x*y").hessian(x=x, y=2.0)["x"]["y"].tolist() == [1.0] * 7


def test_functions_and_plugins():
    def bowl(x, y, *, scale=2.0, power=2):
        return scale * x**power + sqrt(y)

    f = optlab.autodiff(bowl)
    assert f.variables == ("x", "y")
    assert f.value(x=3.0, y=4.0) == 20.0
    assert f.gradient(x=3.0, y=4.0, scale=1.0) == {"x": 6.0, "y": 0.25}
    swish = optlab.autodiff(optlab.catalogue().activation("swish"))
    assert swish.value(z=1.0) == pytest.approx(1 / (1 + math.exp(-1)))
    assert optlab.autodiff(lambda x, *, c: c * x).gradient(x=1.0, c=7.0) == {"x": 7.0}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: autodiff(3), "an expression or a function, not int"),
        (lambda: autodiff(lambda *x: x), "name every argument"),
        (lambda: autodiff(lambda x: x if x > 0 else -x), "where"),
        (lambda: autodiff(lambda x: (x, x)), "returns 2 values"),
        (lambda: autodiff("x*y").value(x=1), "no value for y: give y="),
        (lambda: autodiff("x*y").value(x=1, y=2, z=3), "no variable 'z'.*x, y"),
        (lambda: autodiff("alpha*x").value(alpah=1, x=2), "did you mean 'alpha'"),
        (lambda: autodiff("e*x").value(x=1, e=2), "e is the number 2.71828"),
    ],
)
def test_mistakes_are_one_sentence(call, says):
    with pytest.raises(OptlabError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "at", "value", "note"),
    [
        ("1/x", {"x": 0.0}, math.inf, "division by zero: inf"),
        ("-1/x", {"x": 0.0}, -math.inf, "division by zero: -inf"),
        ("x/x", {"x": 0.0}, math.nan, "division by zero: nan"),
        ("x % 0", {"x": 1.0}, math.nan, "division by zero: nan"),
        ("log(x)", {"x": -1.0}, math.nan, "log below 0: nan"),
        ("log(x)", {"x": 0.0}, -math.inf, "log at 0: -inf"),
        ("log1p(x)", {"x": -1.0}, -math.inf, "log1p at -1: -inf"),
        ("sqrt(x)", {"x": -1.0}, math.nan, "outside the domain of sqrt"),
        ("asin(x)", {"x": 2.0}, math.nan, "outside the domain of asin"),
        ("exp(x)", {"x": 1000.0}, math.inf, "overflow"),
        ("x**-2", {"x": 0.0}, math.inf, "negative power of zero"),
        ("sqrt(x)", {"x": 0.0}, 0.0, "slope of sqrt is inf"),
        ("abs(x)", {"x": 0.0}, 0.0, "kink"),
        ("maximum(x, 0)", {"x": 0.0}, 0.0, "tie"),
        ("floor(x)", {"x": 2.0}, 2.0, "jump"),
        ("hypot(x, y)", {"x": 0.0, "y": 0.0}, 0.0, "kink"),
        ("1/0", {}, math.inf, "division by zero"),
    ],
)
def test_ieee_results_and_conventions_are_noted(text, at, value, note):
    f = autodiff(text)
    np.testing.assert_equal(f.value(**at), value)
    f.gradient(**at)
    f.hessian(**at)
    differences.ways(f, at)
    assert any(note in row.note for row in f.table(**at))


def test_the_branch_not_taken_has_no_part_in_the_table():
    f = autodiff("where(x > 0, sqrt(x), 0) + sqrt(maximum(x, 0))")
    for row in f.table(x=-1.0):
        if row.name != "x1":
            assert row.tangents["x"] == 0.0 or row.formula == "sqrt(x1)"
    assert f.table(x=-1.0)[0].adjoint == f.gradient(x=-1.0)["x"] == f.forward(x=-1.0)["x"] == 0.0


# -- random expressions --------------------------------------------------------------------------------------------------------------

SMOOTH = ["sin", "cos", "tanh", "sigmoid", "atan", "exp", "erf", "square", "expm1", "sinh"]
COMPLEX = {
    "sin": cmath.sin, "cos": cmath.cos, "tanh": cmath.tanh, "sigmoid": lambda z: 1 / (1 + cmath.exp(-z)), "atan": cmath.atan,
    "exp": cmath.exp,
    "erf": lambda z: precise(mpmath.erf, z), "square": lambda z: z * z, "expm1": lambda z: precise(mpmath.expm1, z), "sinh": cmath.sinh,
}  # fmt: skip


def precise(function, z):
    with mpmath.workdps(60):
        return complex(function(z))


@st.composite
def smooth(draw, depth=4):
    """Expressions that are analytic and of moderate size near the points used."""
    if depth == 0:
        return draw(st.sampled_from(["x", "y", "0.5", "2"]))
    inner = smooth(depth=depth - 1)
    kind = draw(st.sampled_from(["sum", "product", "quotient", "call", "power", "minus", "leaf"]))
    if kind == "leaf":
        return draw(st.sampled_from(["x", "y"]))
    if kind == "sum":
        return f"({draw(inner)} + {draw(inner)})"
    if kind == "product":
        return f"tanh({draw(inner)})*{draw(inner)}"
    if kind == "quotient":
        return f"({draw(inner)})/(2 + sin({draw(inner)}))"
    if kind == "call":
        return f"{draw(st.sampled_from(SMOOTH))}(atan({draw(inner)}))"
    return f"(1.5 + cos({draw(inner)}))**{draw(st.sampled_from(['2', '3', '-1']))}" if kind == "power" else f"-({draw(inner)})"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(smooth(), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_forward_reverse_table_complex_step_and_high_precision_agree(text, x, y):
    f = autodiff(text + " + 0*x + 0*y")
    at = {"x": x, "y": y}
    forward, reverse, rows = f.forward(**at), f.reverse(**at), f.table(**at)
    scale = max(1.0, *(abs(row.adjoint) for row in rows), *(abs(row.value) for row in rows))
    value = f.value(**at)
    names = {name: COMPLEX[name] for name in SMOOTH}
    for k, name in enumerate(f.variables):
        assert reverse[name] == pytest.approx(forward[name], rel=1e-12, abs=1e-13 * scale)
        assert rows[k].adjoint == pytest.approx(reverse[name], rel=1e-12, abs=1e-13 * scale)
        assert rows[-1].tangents[name] == pytest.approx(reverse[name], rel=1e-12, abs=1e-13 * scale)
        stepped = eval(text, {}, {**names, **at, name: complex(at[name], 1e-30)})
        assert value == pytest.approx(complex(stepped).real, rel=1e-12, abs=1e-13 * scale)
        assert reverse[name] == pytest.approx(complex(stepped).imag / 1e-30, rel=1e-11, abs=1e-12 * scale)
    with mpmath.workdps(40):
        exact = {name: high(name) for name in SMOOTH}
        point = (mpmath.mpf(x), mpmath.mpf(y))
        orders = {("x", "x"): (2, 0), ("x", "y"): (1, 1), ("y", "y"): (0, 2)}

        def plain(a, b):
            return mpmath.mpf(eval(text, {}, {**exact, "x": a, "y": b}))

        second = {pair: float(mpmath.diff(plain, point, order)) for pair, order in orders.items()}
    hessian = f.hessian(**at)
    size = max(scale**2, *(abs(each) for each in second.values()))
    for (one, other), expected in second.items():
        assert hessian[one][other] == pytest.approx(expected, rel=1e-9, abs=1e-10 * size)
        assert hessian[other][one] == pytest.approx(expected, rel=1e-9, abs=1e-10 * size)


def compare(gradient_of, functions):
    """Gradients by another package, to 1e-12."""
    for text, at in (
        (NOTES, {"x": 1.5}),
        ("(1 - x)**2 + 100*(y - x**2)**2", {"x": -1.2, "y": 1.0}),
        ("tanh(x*y) + exp(-x**2)*sin(y)/hypot(x, y)", {"x": 0.3, "y": 1.7}),
        ("log1p(x**2) + arctan(y)*sqrt(x) + x**y", {"x": 0.7, "y": 2.2}),
        ("where(x > 0, x**3, exp(x)) + logaddexp(x, y)", {"x": -0.4, "y": 0.9}),
    ):
        f = autodiff(text.replace("arctan", "atan"))
        order = f.variables
        code = compile(text, "formula", "eval")
        found = gradient_of(
            lambda *values, c=code, o=order: eval(c, {**functions, **dict(zip(o, values, strict=True))}), [at[k] for k in order]
        )
        np.testing.assert_allclose(list(f.gradient(**at).values()), [float(each) for each in found], rtol=1e-12)


def test_gradients_are_those_of_autograd():
    autograd = pytest.importorskip("autograd")
    numpy = pytest.importorskip("autograd.numpy")
    compare(lambda f, at: autograd.grad(lambda v: f(*v))(numpy.array(at)), {**vars(numpy), "hypot": lambda a, b: numpy.sqrt(a * a + b * b)})


def test_gradients_are_those_of_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    compare(lambda f, at: jax.grad(lambda v: f(*v))(jax.numpy.array(at)), vars(jax.numpy))


def test_gradients_are_those_of_torch():
    torch = pytest.importorskip("torch")

    def gradient(f, at):
        values = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in at]
        return torch.autograd.grad(f(*values), values)

    compare(gradient, vars(torch))


# -- finite differences ---------------------------------------------------------------------------------------------------------------


def test_the_best_steps_are_near_the_roots_of_the_precision():
    sweeps = {each.kind: each for each in differences.sweeps(autodiff("exp(sin(x))"), {"x": 1.0}, "x")}
    forward, central = sweeps[differences.FORWARD], sweeps[differences.CENTRAL]
    assert 1e-10 < forward.steps[forward.best] < 1e-6
    assert 1e-8 < central.steps[central.best] < 1e-3
    assert central.errors[central.best] < forward.errors[forward.best] < 1e-6
    for sweep, order in ((forward, 1), (central, 2)):  # truncation: first and second order in h
        slope = np.polyfit(np.log(sweep.steps[-25:-8]), np.log(sweep.errors[-25:-8]), 1)[0]
        assert slope == pytest.approx(order, abs=0.1)


def test_an_error_that_passes_through_zero_is_no_best_step():
    central = differences.sweeps(autodiff("1/(1+25*x**2)"), {"x": 0.3}, "x")[1]
    assert central.errors.argmin() > 100  # near h = x, where the truncation error changes its sign
    assert 1e-8 < central.steps[central.best] < 1e-4


def test_long_expressions_differentiate_without_recursion():
    f = autodiff(" + ".join(["exp(x)*0.5"] * 2000 + ["x"]))
    assert f.gradient(x=0.0)["x"] == f.forward(x=0.0)["x"] == 1001.0
    assert f.table(x=0.0)[0].adjoint == 1001.0


def test_the_module_needs_no_compiler():
    import subprocess
    import sys

    code = "import sys, optlab\noptlab.autodiff('x*x').table(x=1)\nprint(sorted({'numba', 'scipy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_authors_names_are_noted():
    def named(x):
        inner = exp(x)
        return where(x > 0, inner, 0.0)

    assert "inner" in {row.note for row in autodiff(named).table(x=1.0)}
