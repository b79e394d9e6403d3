"""Vectorisable functions: error in ulp against mpmath over the whole finite range, and the edges of IEEE arithmetic."""

import mpmath
import numpy as np
import pytest

from optlab.formula import elementary as e
from optlab.formula.compile import compile_activation
from optlab.formula.graph import trace
from tests.formula.calling import block, call

DTYPES = ["float32", "float64"]
NAMES = ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf"]
BOUND = {"exp": 1.0, "log": 1.0, "expm1": 2.0, "log1p": 2.0, "tanh": 2.5, "sigmoid": 2.5, "erf": 2.5}
HIGH = {"sigmoid": lambda x: 1 / (1 + mpmath.exp(-x))}


def compiled(name, dtype):
    function = getattr(e, name)
    made = compile_activation(name, trace(lambda z: function(z), ("z",)), dtype)

    def apply(x):
        x = np.array(x, dtype)
        out = np.empty_like(x)
        call(made.module.value, x, out, x.size, block())
        return out

    return apply


def points(name, dtype):
    """Random points near 0 and over the whole range (log-uniform), subnormals, and the seams of the range reductions."""
    rng = np.random.default_rng(7)
    info = np.finfo(dtype)
    wide = np.exp(rng.uniform(np.log(float(info.tiny)) + 1, np.log(float(info.max)) - 1, 300))
    subnormal = rng.uniform(0, float(info.tiny), 40)
    span = 100.0 if dtype == "float32" else 740.0
    near = [rng.uniform(-2, 2, 500), rng.uniform(-25, 25, 300), rng.uniform(-span, span, 200)]
    x = np.concatenate([*near, wide, -wide, subnormal, -subnormal])
    seams = np.log(2.0) * (np.arange(-60, 60) + 0.5)
    beside_one = 1 + rng.uniform(-1e-3, 1e-3, 100)
    x = np.concatenate([x, seams, beside_one, [1.0 - 1e-7, 1.0, 1.0 + 1e-7, np.sqrt(0.5), np.sqrt(2.0)]]).astype(dtype)
    domain = {"log": x > 0, "log1p": x > -1}
    return x[domain.get(name, np.ones(len(x), bool))]


def ulps(found, x, exact, dtype):
    """Largest error in units of the last place of the exact value (rounded results only: overflow is tested apart)."""
    worst, where = 0.0, None
    info = np.finfo(dtype)
    for each, at in zip(found, x, strict=True):
        true = exact(mpmath.mpf(float(at)))
        if abs(true) > float(info.max):
            assert np.isinf(each)
            continue
        exponent = mpmath.frexp(true)[1] if true else -10000
        unit = max(mpmath.mpf(2) ** (exponent - info.nmant - 1), mpmath.mpf(float(info.smallest_subnormal)))
        error = float(abs(mpmath.mpf(float(each)) - true) / unit)
        if error > worst:
            worst, where = error, at
    return worst, where


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_error_in_ulp(name, dtype):
    x = points(name, dtype)
    with mpmath.workdps(60):
        worst, at = ulps(compiled(name, dtype)(x), x, HIGH.get(name) or getattr(mpmath, name), dtype)
    assert worst <= BOUND[name], f"{worst} ulp at {at!r}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_edges_are_those_of_ieee(name, dtype):
    largest, tiny = float(np.finfo(dtype).max), float(np.finfo(dtype).smallest_subnormal)
    expected = {  # at -inf, -largest, -tiny, -0, 0, tiny, largest, inf, NaN
        "exp": (0, 0, 1, 1, 1, 1, np.inf, np.inf, np.nan),
        "expm1": (-1, -1, -tiny, -0.0, 0.0, tiny, np.inf, np.inf, np.nan),
        "log": (np.nan, np.nan, np.nan, -np.inf, -np.inf, np.log(np.longdouble(tiny)), np.log(np.longdouble(largest)), np.inf, np.nan),
        "log1p": (np.nan, np.nan, -tiny, -0.0, 0.0, tiny, np.log(np.longdouble(largest)), np.inf, np.nan),
        "tanh": (-1, -1, -tiny, -0.0, 0.0, tiny, 1, 1, np.nan),
        "sigmoid": (0, 0, 0.5, 0.5, 0.5, 0.5, 1, 1, np.nan),
        "erf": (-1, -1, -tiny, -0.0, 0.0, tiny, 1, 1, np.nan),
    }[name]
    found = compiled(name, dtype)([-np.inf, -largest, -tiny, -0.0, 0.0, tiny, largest, np.inf, np.nan])
    np.testing.assert_array_max_ulp(found, np.array(expected, dtype), maxulp=1)
    np.testing.assert_array_equal(np.signbit(found[3:5]), np.signbit(np.array(expected, dtype)[3:5]))


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
