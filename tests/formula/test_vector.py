"""Compiled elementary functions: errors in ulp as published on docs/elementary.md, and the edges of IEEE arithmetic."""

import numpy as np
import pytest

from benchmarks.ulp import ONE, TWO, evaluated, published, ulps
from optlab.formula import elementary as e
from optlab.formula.compile import compile_activation, compile_cost, compile_stage
from optlab.formula.graph import trace
from optlab.formula.table import TABLE
from optlab.formula.trigonometric import FARTHEST
from tests.formula.calling import block, call, step

DTYPES = ["float32", "float64"]
AIM = {"exp": 1.0, "log": 1.0, "tanh": 2.5, "sigmoid": 2.5}


def compiled(name, dtype):
    return lambda x: evaluated(name, dtype, np.array(x, dtype))


def test_published_errors_keep_the_aims():
    errors = published()
    assert set(errors) == {*ONE, *TWO}
    for name, both in errors.items():
        assert max(both) <= AIM.get(name, 4.0), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_a_sample_keeps_the_published_error(name, dtype):
    worst, at = ulps(name, dtype, 3000 if dtype == "float32" else 60, seed=11)
    assert worst <= published()[name][DTYPES.index(dtype)] + 0.1, f"{worst} ulp at {at!r}"


def edges(dtype):
    info = np.finfo(dtype)
    sizes = [0.0, info.smallest_subnormal, info.tiny / 2, info.tiny, 0.5, 1.0, 1 + info.eps, 2.0, 3.0, info.max / 2, info.max, np.inf]
    return np.array([*sizes, *(-each for each in sizes), np.nan], dtype)


def same(found, expected, name):
    """Equal within a few ulp, with the same zeros, signs, infinities and NaN."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), err_msg=name)
    known = ~np.isnan(expected) & (
        (expected != 0) | (name not in ("sign", "minimum", "maximum"))
    )  # sign(-0) is -0 here; ties give the first
    np.testing.assert_array_equal(np.signbit(found[known]), np.signbit(expected[known]), err_msg=name)
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected), err_msg=name)
    finite = np.isfinite(expected)
    np.testing.assert_array_max_ulp(found[finite], expected[finite], maxulp=16 if name == "logaddexp" else 4)  # it has a zero


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_edges_are_those_of_ieee(name, dtype):
    x = edges(dtype)
    arguments = tuple(each.ravel().copy() for each in np.meshgrid(x, x)) if name in TWO else (x,)
    with np.errstate(all="ignore"):
        expected = np.asarray(TABLE[name].value(*(each.astype(float) for each in arguments)), float).astype(dtype)
    same(evaluated(name, dtype, *arguments), expected, name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_far_arguments_of_circular_functions_do_not_change_the_bits_of_the_others(name, dtype):
    near = np.random.default_rng(3).uniform(-FARTHEST, FARTHEST, 500).astype(dtype)
    far = np.array([1.1 * FARTHEST, -3e9, 1e30, np.inf], dtype)
    alone, beside = evaluated(name, dtype, near), evaluated(name, dtype, np.concatenate([near, far]))
    np.testing.assert_array_equal(alone, beside[: len(near)])
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(beside[len(near) :], getattr(np, name)(far.astype(float)), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_far_arguments_in_nested_formulas_rules_and_costs(dtype):
    x = np.array([0.3, 1e7, -2e6, 5.0], dtype)
    wide, tolerance = x.astype(float), 40 * float(np.finfo(dtype).eps)

    made = compile_activation("nested", trace(lambda z: e.sin(e.tan(0.1 * z) + e.cos(z)), ("z",)), dtype)
    found = np.empty_like(x)
    call(made.module.value, x, found, len(x), block())
    inner = np.tan(np.float64(dtype_times(0.1, x))) + np.cos(wide)
    np.testing.assert_allclose(found, np.sin(inner), rtol=0, atol=100 * tolerance)

    w = x.copy()
    step(compile_stage("wave", trace(lambda w, g: w + 0 * g + e.sin(w) * 1e7, ("w", "g")), 0, dtype), w, x, np.empty(0, dtype), block(), 1)
    np.testing.assert_allclose(w, wide + np.sin(wide) * 1e7, rtol=tolerance, atol=1e7 * tolerance)

    cost = compile_cost("wave", trace(lambda y, t: e.cos(y) * t, ("y", "t")), dtype)
    total = call(cost.module.value, x, np.ones_like(x), len(x), 1, block())
    assert total == pytest.approx(np.cos(wide).sum(), rel=tolerance)


def dtype_times(factor, x):
    return x.dtype.type(factor) * x


@pytest.mark.parametrize(("dtype", "overflow", "smallest"), [("float32", 88.7228, -103.9), ("float64", 709.7827128933, -745.1)])
def test_exp_at_the_edges_of_overflow_and_underflow(dtype, overflow, smallest):
    exp = compiled("exp", dtype)
    beyond = np.nextafter(np.array([overflow + 1e-4], dtype), np.array([np.inf], dtype))
    assert np.isfinite(exp([overflow])[0])
    assert np.isinf(exp(beyond)[0])
    assert exp([smallest])[0] > 0  # subnormal, not flushed to zero
    assert exp([smallest - 1.5])[0] == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp_is_softplus_without_overflow(dtype):
    softplus = trace(lambda z: e.logaddexp(z, 0.0), ("z",))
    made = compile_activation("softplus", softplus, dtype)
    z = np.array([-np.inf, -1000, -50, -1, 0, 1, 50, 1000, np.inf, np.nan], dtype)
    a, slope = np.empty_like(z), z.copy()
    call(made.module.value_slope, slope, a, len(z), block())
    expected = e.logaddexp(z.astype(float), 0.0)
    np.testing.assert_allclose(a, expected, rtol=4 * np.finfo(dtype).eps)
    exact = e.sigmoid(z[1:-2].astype(float))
    np.testing.assert_allclose(slope[1:-2], exact, rtol=4 * np.finfo(dtype).eps, atol=float(np.finfo(dtype).tiny))


@pytest.mark.parametrize("dtype", DTYPES)
def test_choices_propagate_nan_and_ties_give_the_first(dtype):
    for function in (lambda z: e.maximum(0.0, z), lambda z: e.maximum(z, 0.0), lambda z: e.minimum(0.0, z), lambda z: e.minimum(z, 0.0)):
        made = compile_activation("choice", trace(function, ("z",)), dtype)
        z = np.array([np.nan, -1, 0, 1], dtype)
        out = np.empty_like(z)
        call(made.module.value, z, out, 4, block())
        assert np.isnan(out[0])
        np.testing.assert_array_equal(out[1:], function(z)[1:])
