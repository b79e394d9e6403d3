"""Array code: row-wise costs, and the digest that says whether the code is the same."""

import textwrap

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.formula.code import code_digest
from optlab.formula.compile import compile_row_cost
from tests.formula.calling import block, call

SHIFT = 0.0


def joint(y, t, gradient, *, smoothing=0.0):
    top = np.max(y)
    total = 0.0
    for k in range(len(y)):
        gradient[k] = np.exp(y[k] - top)
        total += gradient[k]
    cost = 0.0
    for k in range(len(y)):
        wanted = (1 - smoothing) * t[k] + smoothing / len(y)
        cost -= wanted * (y[k] - top - np.log(total) + SHIFT)
        gradient[k] = gradient[k] / total - wanted
    return cost


def value(y, t):
    return np.sum((y - t) ** 2)


def gradient(y, t, out):
    out[:] = 2 * (y - t)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("in_place", [False, True])
def test_joint_row_cost(dtype, in_place):
    made = compile_row_cost("joint", joint, dtype)
    y = np.random.default_rng(0).normal(0, 3, (5, 4)).astype(dtype)
    t = np.eye(4, dtype=dtype)[[0, 1, 2, 3, 0]]
    wanted = 0.9 * t + 0.1 / 4
    logs = y - np.log(np.exp(y.astype(float)).sum(1, keepdims=True))
    rel = 1e-6 if dtype == "float32" else 1e-14
    assert call(made.module.value, y, t, 5, 4, block(0.1)) == pytest.approx(-(wanted * logs).sum(), rel=rel)
    d = y if in_place else np.empty_like(y)
    assert call(made.module.value_gradient, y, t, d, 5, 4, block(0.1), 0.5) == pytest.approx(-(wanted * logs).sum(), rel=rel)
    np.testing.assert_allclose(d, 0.5 * (np.exp(logs) - wanted), rtol=1e-5, atol=rel)


def test_value_and_gradient_pair():
    made = compile_row_cost("pair", gradient, "float64", value=value)
    y, t = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    d = np.empty_like(y)
    assert call(made.module.value_gradient, y, t, d, 3, 2, block(), 0.5) == ((y - t) ** 2).sum()
    np.testing.assert_array_equal(d, y - t)


def test_options_are_fixed_at_compile_time():
    made = compile_row_cost("joint", joint, "float64", options={"smoothing": 0.0})
    y, t = np.zeros((1, 4)), np.eye(4)[:1].copy()
    assert call(made.module.value, y, t, 1, 4, block(0.7)) == pytest.approx(np.log(4))


def test_lab_functions_work_in_array_code():
    from optlab.formula.elementary import exp, log, maximum, sqrt

    def cost(y, t, gradient):
        gradient[:] = 0.0
        return log(exp(y[0])) + sqrt(y[0] * y[0]) + maximum(y[0], t[0])

    for dtype in ("float32", "float64"):
        made = compile_row_cost("lab", cost, dtype)
        y, t = np.array([[2.0]], dtype), np.array([[5.0]], dtype)
        assert call(made.module.value, y, t, 1, 1, block()) == pytest.approx(9.0, rel=1e-6)


def test_pair_with_different_hyper_parameters_is_refused():
    with pytest.raises(OptlabError, match="different hyper-parameters"):
        compile_row_cost("pair", joint, "float64", value=value)


# -- digest ---------------------------------------------------------------------------------------------------------------------------


def digest_of(source, tmp_path, name="f"):
    import linecache

    file = tmp_path / "author.py"
    file.write_text(textwrap.dedent(source))
    linecache.checkcache(str(file))
    names = {"__name__": "author"}
    exec(compile(file.read_text(), str(file), "exec"), names)
    return code_digest(names[name])


BASE = """
C = 2.0
def helper(x):
    return x + C
def f(x):
    '''Docstring.'''
    return helper(x) * 3
"""


def test_wording_and_layout_do_not_change_the_digest(tmp_path):
    base = digest_of(BASE, tmp_path)
    assert digest_of(BASE.replace("Docstring.", "Other words."), tmp_path) == base
    assert digest_of(BASE.replace("helper(x) * 3", "(helper( x )  *  3)  # why"), tmp_path) == base
    assert digest_of(BASE + "\nUNUSED = 1\n", tmp_path) == base


def test_name_decorator_annotation_and_hyper_default_do_not_change_the_digest(tmp_path):
    base = digest_of("def f(x, *, a: float = 1.0):\n    return x * a\n", tmp_path)
    assert digest_of("def same(f):\n    return f\n@same\ndef f(x, *, a: int = 2.0):\n    return x * a\n", tmp_path) == base
    assert digest_of("def g(x, *, a=1.0):\n    return x * a\n", tmp_path, "g") == base
    assert digest_of("def f(x, *, a: float = 1.0):\n    return x + a\n", tmp_path) != base


def test_code_without_source_has_a_digest_too():
    def made(text):
        names = {}
        exec(text, names)
        return code_digest(names["f"])

    assert made("f = lambda x: (lambda y: y + 1)(x)") == made("f = lambda x: (lambda y: y + 1)(x)")
    assert made("f = lambda x: (lambda y: y + 1)(x)") != made("f = lambda x: (lambda y: y + 2)(x)")


@pytest.mark.parametrize(("old", "new"), [("x) * 3", "x) * 4"), ("x + C", "x - C"), ("C = 2.0", "C = 2.5")])
def test_code_helpers_and_constants_change_the_digest(tmp_path, old, new):
    assert digest_of(BASE.replace(old, new), tmp_path) != digest_of(BASE, tmp_path)


def test_digest_survives_cycles_and_closures(tmp_path):
    source = """
    def outer(k):
        def f(x):
            return g(x) if x > k else f(x + 1)
        return f
    def g(x):
        return f(x)
    f = outer({})
    """
    assert digest_of(source.format(1), tmp_path) != digest_of(source.format(2), tmp_path)
