"""Emitted code is the graph's interpretation in NumPy, in both dtypes, and is text that a person can read."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.errors import OptlabError
from optlab.formula import elementary as e
from optlab.formula import modules
from optlab.formula.clean import invariant_nodes, lower, merged
from optlab.formula.compile import compile_activation, compile_cost, compile_objective, compile_stage
from optlab.formula.derive import forward, reverse
from optlab.formula.graph import trace
from optlab.formula.table import TABLE
from tests.formula.calling import ADAM, NOTES, SWISH, TANH, adam, block, call, elu, emitted, logits, relu, softplus, step
from tests.formula.test_derive import formulas, run

DTYPES = ["float32", "float64"]
ACTIVATIONS = {
    "swish": (SWISH, {"beta": 1.3}),
    "tanh": (TANH, {}),
    "relu": (trace(relu, ("z",)), {}),
    "elu": (trace(elu, ("z",), ("alpha",)), {"alpha": 0.7}),
    "softplus": (trace(softplus, ("z",)), {}),
    "gelu": (trace(lambda z: 0.5 * z * (1 + e.erf(z / 2**0.5)), ("z",)), {}),
    "identity": (trace(lambda z: z, ("z",)), {}),
    "constant": (trace(lambda z: 3.0, ("z",)), {}),
    "trigonometric": (trace(lambda z: e.sin(z) * e.cos(z) + e.tan(z * 0.1) + e.atan(z), ("z",)), {}),
    "rare": (trace(lambda z: e.cbrt(z) + e.exp2(z) + e.sinh(z * 0.1) * e.cosh(z * 0.1) + e.hypot(z, 1.0) + e.atan2(z, 2.0), ("z",)), {}),
    "logarithms": (trace(lambda z: e.log2(1 + z * z) + e.log10(2 + z * z) + e.asin(z / 9) * e.acos(z / 9), ("z",)), {}),
    "remainder": (trace(lambda z: z % 2 + e.floor(z) + e.sign(z) + abs(z) + (z * z + 1) ** 1.5 + e.expm1(z) + e.square(z), ("z",)), {}),
    "conditions": (trace(lambda z: e.where((z > -1) & ~(z > 1) | (z == 2), z**3, -z), ("z",)), {}),
}


def close(found, expected, dtype, ulps=16):
    scale = np.maximum(np.abs(expected), 1.0)
    np.testing.assert_array_less(np.abs(np.asarray(found, float) - expected) / scale, ulps * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_and_slope_equal_the_interpreted_graph(name, dtype):
    graph, invariants = ACTIVATIONS[name]
    made = compile_activation(name, graph, dtype)
    z = np.linspace(-6.03, 6.01, 101).astype(dtype)
    value, slope = (np.broadcast_to(each, z.shape) for each in forward(graph, "z").evaluate(z.astype(float), **invariants))
    alone, a, d = np.empty_like(z), np.empty_like(z), z.copy()
    call(made.module.value, z, alone, len(z), block(*invariants.values()))
    call(made.module.value_slope, d, a, len(z), block(*invariants.values()))
    close(alone, value, dtype)
    close(a, value, dtype)
    close(d, slope, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_update_rule_equals_the_formula_run_in_numpy(dtype):
    address = compile_stage("adam", ADAM, 2, dtype)
    rng = np.random.default_rng(1)
    n, hyper = 37, {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    w, slots = rng.normal(size=n).astype(dtype), np.zeros(2 * n, dtype)
    plain, m, v = w.astype(float), np.zeros(n), np.zeros(n)
    for t in range(1, 21):
        g = rng.normal(size=n).astype(dtype)
        assert step(address, w, g, slots, block(*hyper.values()), t) == 0
        with np.errstate(all="ignore"):
            for k in range(n):
                plain[k], m[k], v[k] = adam(plain[k], float(g[k]), m[k], v[k], t=t, **hyper)
    np.testing.assert_allclose(w, plain, rtol=1e-12 if dtype == "float64" else 3e-5, atol=1e-14 if dtype == "float64" else 1e-6)
    np.testing.assert_allclose(slots, np.concatenate([m, v]), rtol=1e-12 if dtype == "float64" else 1e-5, atol=1e-7)


def test_invariants_are_float64_in_float32_rules():
    """1 - 0.999**t in float32 is off by 2e-5 at t = 1; hoisted in float64 it is not."""
    graph = trace(lambda w, g, *, t, beta: w + g / (1 - beta**t), ("w", "g"), ("t", "beta"))
    w, g = np.zeros(4, np.float32), np.ones(4, np.float32)
    step(compile_stage("hoisted", graph, 0, "float32"), w, g, np.zeros(0, np.float32), block(0.999), 1)
    np.testing.assert_array_max_ulp(w, np.float32(1 / (1 - 0.999)) * np.ones(4, np.float32), maxulp=1)


def test_a_rule_may_act_every_k_steps_and_leave_slots_alone():
    graph = trace(lambda w, g, s, q, *, t, k: (e.where(t % k == 0, w - g, w), s, q + g), ("w", "g", "s", "q"), ("t", "k"))
    address = compile_stage("every", graph, 2, "float64")
    w, slots = np.zeros(3), np.array([5.0] * 3 + [0.0] * 3)
    seen = []
    for t in range(1, 5):
        step(address, w, np.ones(3), slots, block(2.0), t)
        seen.append(w[0])
    assert seen == [0.0, -1.0, -1.0, -2.0]
    assert slots.tolist() == [5.0] * 3 + [4.0] * 3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("rows", [1, 7, 130])
def test_cost_and_gradient(dtype, in_place, rows):
    graph = trace(logits, ("y", "t"))
    made = compile_cost("logits", graph, dtype)
    rng = np.random.default_rng(rows)
    y, t = rng.normal(0, 4, (rows, 3)).astype(dtype), rng.integers(0, 2, (rows, 3)).astype(dtype)
    value, slope = forward(graph, "y").evaluate(y.astype(float), t.astype(float))
    assert call(made.module.value, y, t, rows, 3, block()) == pytest.approx(value.sum(), rel=1e-6 if dtype == "float32" else 1e-14)
    d = y if in_place else np.empty_like(y)
    total = call(made.module.value_gradient, y, t, d, rows, 3, block(), 0.25)
    assert total == pytest.approx(value.sum(), rel=1e-6 if dtype == "float32" else 1e-14)
    close(d, 0.25 * slope, dtype)


def test_cost_is_summed_in_plain_order_in_float64():
    graph = trace(lambda y, t: y - t, ("y", "t"))
    made = compile_cost("difference", graph, "float32")
    y = np.random.default_rng(3).normal(size=1000).astype(np.float32)
    expected = 0.0
    for each in y:
        expected += float(each)
    assert call(made.module.value, y, np.zeros_like(y), 1000, 1, block()) == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_objective_value_and_gradient(dtype):
    graph = trace(lambda x, y, *, a, b: (a - x) ** 2 + b * (y - x**2) ** 2, ("x", "y"), ("a", "b"))
    made = compile_objective("rosenbrock", graph, dtype)
    hyper = np.array([1.0, 100.0])
    context = np.array([hyper.ctypes.data], np.int64)
    w, g, sums = np.array([-1.5, 2.0], dtype), np.empty(2, dtype), np.empty(2)
    value, *slopes = reverse(graph, ("x", "y")).evaluate(-1.5, 2.0, a=1.0, b=100.0)
    assert call(emitted("gradient", made.model_gradient), context, w, np.zeros(1, np.int64), 1, g, 0.5) == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(g, 0.5 * np.array(slopes), rtol=1e-5 if dtype == "float32" else 1e-14)
    call(emitted("evaluate", made.model_evaluate), context, w, sums)
    assert sums[0] == sums[1] == pytest.approx(value, rel=1e-5 if dtype == "float32" else 1e-14)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(formulas(), st.lists(st.floats(-2, 2), min_size=2, max_size=2), st.sampled_from(DTYPES))
def test_emitted_statements_run_as_python_equal_the_interpreted_graph(steps, at, dtype):
    """The statements without Numba: fast enough for many random formulas."""
    from optlab.formula.emit import statements

    graph = trace(lambda x, y: run(steps, x, y, lambda name: getattr(e, name), e.where, e.maximum) * 1.0, ("x", "y"))
    made = lower(forward(graph, ("x", "y")))
    code = statements(made, dtype, {"x": "x_at", "y": "y_at"}, {})
    names = {f"{name}_{dtype}": entry.value for name, entry in TABLE.items()}
    names |= {f"{name}_near_{dtype}": TABLE[name].value for name in ("sin", "cos", "tan")} | {"FARTHEST": 1e6, "far": 0}
    names |= {"select": np.where, "maximum": np.maximum, "minimum": np.minimum, "floor": np.floor, "math": np, "np": np}
    real = np.dtype(dtype).type
    names |= {"real": real, "x_at": real(at[0]), "y_at": real(at[1])}
    with np.errstate(all="ignore"):
        exec("\n".join([*code.before, *code.inside]), names)
    found = [float(names[each]) for each in code.outputs]
    expected = made.evaluate(*(float(real(each)) for each in at))
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == "float64" else 2e-3, atol=1e-12 if dtype == "float64" else 2e-3)
    assert all(np.asarray(names[each]).dtype == real for each in code.outputs)  # nothing was promoted
    with np.errstate(all="ignore"):
        exec("\n".join([*code.look, *code.near]), names)
    assert names["far"] == 0
    assert [float(names[each]) for each in code.outputs] == found or np.isnan(found).any()


@settings(max_examples=80, deadline=None, derandomize=True)
@given(formulas(), st.lists(st.floats(-2, 2), min_size=2, max_size=2))
def test_merging_and_sharing_change_no_bit(steps, at):
    graph = trace(lambda x, y: run(steps, x, y, lambda name: getattr(e, name), e.where, e.maximum) * 1.0, ("x", "y"))
    for each in (graph, forward(graph, ("x", "y")), reverse(graph, ("x", "y"))):
        np.testing.assert_array_equal(merged(each).evaluate(*at), each.evaluate(*at))
        np.testing.assert_array_equal(each.shared().evaluate(*at), each.evaluate(*at))
        assert len(each.shared().nodes) <= len(each.nodes) + 64  # the products of integer powers


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("*/"), st.sampled_from(["x", "y", "a", "b", "3.0", "0.7"])), min_size=1, max_size=9))
def test_hoisting_changes_a_product_by_half_an_ulp_per_operation_at_most(steps):
    def chain(x, y, *, a, b):
        known = {"x": x, "y": y, "a": a, "b": b, "3.0": 3.0, "0.7": 0.7}
        value = x * 1.1
        for operation, name in steps:
            value = value * known[name] if operation == "*" else value / known[name]
        return value

    graph = trace(chain, ("x", "y"), ("a", "b"))
    at = {"a": 1.3, "b": 0.37}
    (one,), (other,) = graph.evaluate(0.71, -1.9, **at), lower(graph).evaluate(0.71, -1.9, **at)
    rewritten = 2 + 2 * len(steps)  # each operation of either chain, and each reciprocal, rounds once
    assert abs(other - one) <= rewritten * np.finfo(float).eps * abs(one)


def test_a_square_root_is_no_power():
    """x**0.5 becomes sqrt(x), which differs at -0 (-0, pow: 0) and -inf (NaN, pow: inf) and nowhere else beyond rounding."""
    graph = trace(lambda x: x**0.5, ("x",))
    x = (-np.inf, -1.0, -0.0, 0.0, 2.0, np.inf)
    assert [str(graph.shared().evaluate(each)[0]) for each in x] == ["nan", "nan", "-0.0", "0.0", str(2**0.5), "inf"]
    assert [str(math.pow(each, 0.5)) for each in x if each != -1.0] == ["inf", "0.0", "0.0", str(2**0.5), "inf"]


def test_the_header_says_what_it_is_and_which_formula_it_came_from():
    text = compile_activation("swish", SWISH, "float64").path.read_text()
    assert text.startswith('"""swish, activation in float64: emitted by optlab from the formula\n\n    swish = z * sigmoid(beta * z)\n')
    assert "    slope = " in text.split('"""')[1]
    assert "update rule in float32" in modules.stage_source(lower(ADAM), "float32", ADAM)
    assert "    m_hat = m_new / (1 - beta1**t)\n" in modules.stage_source(lower(ADAM), "float32", ADAM)


def test_sharing_leaves_values_as_they_are_and_hoisting_within_rounding():
    z = np.linspace(-3, 3, 1001)
    for graph, invariants in ACTIVATIONS.values():
        made = forward(graph, "z")
        for one, other in zip(made.evaluate(z, **invariants), made.shared().evaluate(z, **invariants), strict=True):
            np.testing.assert_allclose(one, other, rtol=4e-16)
        for one, other in zip(made.evaluate(z, **invariants), lower(made).evaluate(z, **invariants), strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-14, atol=1e-15)


def test_clean_graph_is_what_it_should_be():
    def operations(function, names=("x",), invariants=()):
        graph = lower(trace(function, names, invariants))
        fixed = invariant_nodes(graph)
        return [node.op for k, node in enumerate(graph.nodes) if node.op in TABLE and not fixed[k]]

    assert operations(lambda x: x**4) == ["mul", "mul"]
    assert operations(lambda x: x**0.5) == ["sqrt"]
    assert operations(lambda x: x / 3) == ["mul"]
    assert operations(lambda x, *, c: x / (1 - c), invariants=("c",)) == ["mul"]
    assert operations(lambda x, *, a, b: a * (x * b) / 2, invariants=("a", "b")) == ["mul"]
    assert operations(lambda x: e.exp(x) + e.exp(x)) == ["exp", "add"]
    assert operations(lambda x: (e.sin(x), x * 1.0)[1]) == []
    assert operations(lambda x: x + (2.0 * 3.0 - 6.0)) == ["add"]  # x + 0.0 turns -0.0 into 0.0, so it stays
    assert operations(lambda x: e.where(trace_constant() > 0, x, 0.0)) == []


def trace_constant():
    return 1.0


def test_emitted_text_is_readable():
    text = modules.stage_source(lower(ADAM), "float32")
    assert "v_hat = " in text
    assert "m_new = " in text
    assert re.search(r"^    eps = hyper\[3\]$", text, re.MULTILINE)
    loop = text.split("for i in range(n):")[1]
    assert not re.search(r"(?<![\w.])\d", loop.replace("return 0", ""))  # no bare number inside the loop
    assert "**" not in loop
    assert "/ x" in loop  # one division is left: by sqrt(v_hat) + eps
    assert loop.count(" / ") == 1
    assert NOTES.name in modules.activation_source(lower(forward(NOTES, "x")), "float64")


def test_names_of_the_author_never_collide_with_ours():
    graph = trace(lambda i, n, *, real, hyper: i * n + real * hyper, ("i", "n"), ("real", "hyper"))
    made = compile_cost("collision", graph, "float32")
    y = np.array([2.0], np.float32)
    assert call(made.module.value, y, np.array([3.0], np.float32), 1, 1, block(5.0, 7.0)) == 41.0


def test_too_long_a_formula_is_refused_in_one_sentence():
    def long(z):
        for _ in range(2000):
            z = e.sin(z) + 1
        return z

    with pytest.raises(OptlabError, match="at most 2000 are compiled"):
        compile_activation("long", trace(long, ("z",)), "float64")


def test_wrong_shapes_and_dtypes_are_refused():
    with pytest.raises(OptlabError, match="dtype 'float16'"):
        compile_activation("tanh", TANH, "float16")
    with pytest.raises(OptlabError, match="an update rule with 1 slots has 3 and 2"):
        compile_stage("adam", ADAM, 1, "float64")
