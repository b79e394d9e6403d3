"""Tracing: the graph is the formula as written, its text is stable, and what cannot be traced says so in one sentence."""

import cProfile
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.formula.elementary import exp, sin, sqrt, where
from optlab.formula.graph import trace
from tests.formula.calling import ADAM, NOTES, SWISH, adam


def test_flops_of_the_notes_example_are_five_as_written_and_four_shared():
    assert NOTES.flops == 5
    assert NOTES.flops_shared == 4


def test_flops_of_adam_count_the_loop_only():
    # per parameter: m 3, v 4 (two products by g), v_hat 1, the gathered lr/(1 - beta1**t) 1, sqrt, + eps, /, -
    assert ADAM.flops_shared == 13
    assert ADAM.flops == 20


def test_evaluation_equals_plain_python():
    assert NOTES.evaluate(1.5)[0] == pytest.approx(math.sqrt(1.5**2 + math.exp(1.5**2)), rel=1e-15)
    at = {"t": 3, "lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
    assert ADAM.evaluate(1.0, 0.5, 0.1, 0.2, **at) == pytest.approx(adam(1.0, 0.5, 0.1, 0.2, **at), rel=1e-15)


def test_author_functions_are_numpy_on_numbers_and_arrays():
    x = np.linspace(-2, 2, 9)
    np.testing.assert_array_equal(exp(x), np.exp(x))
    assert isinstance(exp(1.0), float)
    assert exp(1000.0) == math.inf  # the IEEE result, no OverflowError and no warning
    np.testing.assert_array_equal(where(x > 0, x, 0.0), np.maximum(x, 0))


def test_canonical_text_distinguishes_what_differs():
    sums = (lambda x: x + 0.0, lambda x: x + -0.0, lambda x: x - 0.0, lambda x: 0.0 + x)
    powers = (lambda x: x**2, lambda x: x**3, lambda x: x * x)
    texts = [trace(function, ("x",)).canonical() for function in sums + powers]
    assert len(set(texts)) == len(texts)


def test_canonical_text_ignores_names_and_is_the_same_in_another_process():
    def one(x):
        square_of_x = x * x
        return sqrt(square_of_x + 1)

    text = trace(one, ("x",)).canonical()
    assert text == trace(lambda x: sqrt(x * x + 1), ("x",)).canonical()
    code = (
        "from optlab.formula.graph import trace\nfrom optlab.formula.elementary import sqrt\n"
        "print(trace(lambda x: sqrt(x * x + 1), ('x',)).canonical())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == text


def test_tracing_loads_neither_numba_nor_scipy():
    code = (
        "import sys\nfrom optlab.formula import clean, code, derive, elementary, explain, graph\n"
        "print(sorted({'numba', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nodes_carry_the_authors_names():
    assert {"m_hat", "v_hat"} <= {node.name for node in ADAM.nodes}


def test_options_steer_python_and_are_not_traced():
    def rule(x, *, dialect):
        return x * 2 if dialect == "double" else x * 3

    assert trace(rule, ("x",), options={"dialect": "double"}).evaluate(5.0) == (10.0,)
    assert trace(rule, ("x",), options={"dialect": "other"}).evaluate(5.0) == (15.0,)


def test_t_is_passed_only_to_formulas_that_take_it():
    graph = trace(lambda w, g, *, lr: w - lr * g, ("w", "g"), ("t", "lr"))
    assert graph.evaluate(1.0, 1.0, t=1, lr=0.5) == (0.5,)


def test_conditions_and_numbers_turn_into_each_other():
    assert trace(lambda x: (x > 0) * x, ("x",)).evaluate(-3.0) == (0.0,)
    assert trace(lambda x: where(x, 1.0, 2.0), ("x",)).evaluate(0.0) == (2.0,)
    assert trace(lambda x: (x > 0) & (x < 1), ("x",)).evaluate(0.5) == (1.0,)


def test_numpy_scalars_may_stand_on_the_left():
    assert trace(lambda x: np.float64(2.0) * x, ("x",)).evaluate(4.0) == (8.0,)


def test_a_long_formula_needs_no_recursion():
    def long(x):
        for _ in range(5000):
            x = x * 1.0001 + 0.5
        return x

    graph = trace(long, ("x",))
    assert graph.flops == 10000
    assert graph.shared().flops == 10000


_other = []


def _leak(x):
    _other.append(x)
    return x


def _use_leak(x):
    return x + _other[0]


def _branch(x):
    if x > 0:
        return x
    return -x


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (_branch, r"_branch \(test_graph.py, line \d+\) .*where\("),
        (lambda x: x if 0 < x < 1 else 0.0, r"where\("),
        (lambda x: float(x), "functions of optlab.plugin"),
        (lambda x: int(x), "functions of optlab.plugin"),
        (lambda x: [1, 2][x], "functions of optlab.plugin"),
        (lambda x: math.sin(x), "functions of optlab.plugin"),
        (lambda x: np.sin(x), "NumPy function"),
        (lambda x: np.array(x), "functions of optlab.plugin"),
        (lambda x: x + np.ones(3), "array code"),
        (lambda x: x + "1", "str '1'"),
        (lambda x: "no", "returns str"),
        (lambda x: None, "returns NoneType"),
        (lambda x: (x, x), "returns 2 values where 1"),
        (lambda x: undefined + x, "NameError"),  # noqa: F821
        (lambda: 1.0, "TypeError"),
    ],
)
def test_what_cannot_be_traced_says_so_in_one_sentence(function, says):
    with pytest.raises(OptlabError) as caught:
        trace(function, ("x",), outputs=1)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert function.__name__ in sentence
    assert re.search(says, sentence)


def test_a_value_of_another_trace_is_refused():
    trace(_leak, ("x",))
    with pytest.raises(OptlabError, match="_use_leak uses a traced value of _leak"):
        trace(_use_leak, ("x",))


def test_evaluation_at_wrong_names_is_refused():
    with pytest.raises(OptlabError, match="beta="):
        SWISH.evaluate(1.0, gamma=2.0)


def test_floor_and_remainder_follow_python():
    graph = trace(lambda x: (x // 2, x % 3, sin(x)), ("x",))
    for x in (-7.5, -0.5, 0.0, 4.0, 7.25):
        assert graph.evaluate(x) == pytest.approx((x // 2, x % 3, math.sin(x)))


def test_a_formula_is_traced_under_a_profiler():
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        graph = trace(lambda z: z * z, ("z",))
        assert sys.getprofile() is profiler
    finally:
        profiler.disable()
    assert len(graph.outputs) == 1 and sys.getprofile() is None
