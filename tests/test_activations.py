"""Activations as compiled, value and slope: against torch in its own convention at kinks, and against 40 digits where torch has none."""

import ctypes
import math

import mpmath
import numpy as np
import pytest

import optlab

FOUND = optlab.catalogue()["activations"]
RNG = np.random.default_rng(3)
POINTS = np.concatenate(
    [
        RNG.normal(0, 3, 400),
        RNG.uniform(-40, 40, 100),
        [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, 0.1, 20.0, -20.0, 1e-8, -1e-8, 1e-300, 710.0, -710.0, 1e4, -1e4],
    ]
)


def compiled(name, hyper, z, dtype="float64"):
    """(value, slope) at z of what the kernel calls; the value alone must be the same."""
    plugin = FOUND[name]
    values = plugin.values(hyper)
    addresses = plugin.compiled(dtype, plugin.options(values))
    block, n = np.array([*plugin.block(values), 0.0]), len(z)
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    alone, value, slope = np.empty(n, dtype), np.empty(n, dtype), z.astype(dtype)
    kind(addresses.value)(slope.ctypes.data, alone.ctypes.data, n, block.ctypes.data)
    kind(addresses.value_slope)(slope.ctypes.data, value.ctypes.data, n, block.ctypes.data)
    np.testing.assert_array_max_ulp(alone, value, 2)  # alone, a product and a sum may be fused elsewhere
    return value, slope


# name -> what torch calls it, and for each: (our hyper-parameters, its arguments)
TORCH = {
    "celu": ("celu", [({}, {}), ({"alpha": 0.5}, {"alpha": 0.5})]),
    "elu": ("elu", [({}, {}), ({"alpha": 2.0}, {"alpha": 2.0})]),
    "gelu": ("gelu", [({}, {}), ({"approximate": "tanh"}, {"approximate": "tanh"})]),
    "hardshrink": ("hardshrink", [({}, {}), ({"lambd": 2.0}, {"lambd": 2.0})]),
    "hardsigmoid": ("hardsigmoid", [({}, {})]),
    "hardswish": ("hardswish", [({}, {})]),
    "hardtanh": ("hardtanh", [({}, {}), ({"min_val": -0.5, "max_val": 2.0}, {"min_val": -0.5, "max_val": 2.0})]),
    "leaky_relu": ("leaky_relu", [({}, {}), ({"slope": 0.2}, {"negative_slope": 0.2})]),
    "logsigmoid": ("logsigmoid", [({}, {})]),
    "mish": ("mish", [({}, {})]),
    "prelu": ("prelu", [({}, {"weight": 0.25}), ({"slope": -0.5}, {"weight": -0.5})]),
    "relu": ("relu", [({}, {})]),
    "relu6": ("relu6", [({}, {})]),
    "rrelu": ("rrelu", [({}, {}), ({"lower": 0.1, "upper": 0.5}, {"lower": 0.1, "upper": 0.5})]),
    "selu": ("selu", [({}, {})]),
    "sigmoid": ("sigmoid", [({}, {})]),
    "softplus": ("softplus", [({}, {"threshold": 700.0}), ({"beta": 3.0}, {"beta": 3.0, "threshold": 700.0})]),
    "softshrink": ("softshrink", [({}, {}), ({"lambd": 2.0}, {"lambd": 2.0})]),
    "softsign": ("softsign", [({}, {})]),
    "swish": ("silu", [({}, {})]),
    "tanh": ("tanh", [({}, {})]),
    "tanhshrink": ("tanhshrink", [({}, {})]),
    "threshold": ("threshold", [({}, {"threshold": 0, "value": 0}), ({"threshold": 0.1, "value": 2.0}, {"threshold": 0.1, "value": 2.0})]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "case"), [(name, k) for name, (_, cases) in TORCH.items() for k in range(len(cases))])
def test_value_and_slope_are_torchs(name, case):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra `peers`)")
    function, (hyper, arguments) = getattr(torch.nn.functional, TORCH[name][0]), TORCH[name][1][case]
    arguments = {key: torch.tensor([value], dtype=torch.float64) if key == "weight" else value for key, value in arguments.items()}
    z = torch.tensor(POINTS, requires_grad=True)
    expected = function(z, **arguments)
    expected.sum().backward()
    value, slope = compiled(name, hyper, POINTS)
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    rtol = 3e-8 if name == "hardsigmoid" else 1e-12  # torch 2.13's vectorised slope is the float32 number nearest to 1/6
    np.testing.assert_allclose(slope, z.grad.numpy(), rtol=rtol, atol=1e-12)


# What torch does not have, as its source writes it.
EXACT = {
    "bent_identity": lambda z: (mpmath.sqrt(z**2 + 1) - 1) / 2 + z,
    "gaussian": lambda z: mpmath.exp(-(z**2)),
    "identity": lambda z: z,
    "sine": lambda z, omega=1: mpmath.sin(omega * z),
    "snake": lambda z, a=1: z + mpmath.sin(a * z) ** 2 / a,
    "squareplus": lambda z, b=4: (z + mpmath.sqrt(z**2 + b)) / 2,
    "swish": lambda z, beta=1: z / (1 + mpmath.exp(-beta * z)),
}
OTHER = {"sine": {"omega": 30.0}, "snake": {"a": 0.3}, "squareplus": {"b": 0.5}, "swish": {"beta": -1.7}}


@pytest.mark.parametrize(("name", "hyper"), [(name, {}) for name in EXACT] + list(OTHER.items()))
def test_value_and_slope_to_40_digits(name, hyper):
    z = np.concatenate([POINTS[:60], [0.0, -0.0, 1.0, -1.0, 1e-8, 20.0, -20.0, 300.0, -300.0]])
    value, slope = compiled(name, hyper, z)
    with mpmath.workdps(40):
        exact = [EXACT[name](mpmath.mpf(x), **hyper) for x in z]
        slopes = [mpmath.diff(lambda x: EXACT[name](x, **hyper), mpmath.mpf(x)) for x in z]
    np.testing.assert_allclose(value, np.array(exact, float), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(slope, np.array(slopes, float), rtol=1e-12, atol=1e-12)


def test_each_is_held_against_something():
    assert set(FOUND) >= set(TORCH) | set(EXACT) | {"step"}
    assert not [name for name, each in FOUND.items() if each.distribution.startswith("optlab ") and name not in {*TORCH, *EXACT, "step"}]


def test_step_passes_the_slope_of_a_hard_sigmoid():
    z = np.array([-2.0, -1.0, -0.3, -0.0, 0.0, 0.7, 1.0, 1.5])
    value, slope = compiled("step", {}, z)
    np.testing.assert_array_equal(value, [0, 0, 0, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(slope, [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0])


def test_selu_keeps_mean_0_and_variance_1():
    """The fixed point that its two constants are made for (arXiv:1706.02515, eqs. 4-5)."""
    selu = FOUND["selu"].function
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    assert weights @ selu(z) / math.sqrt(2 * math.pi) == pytest.approx(0, abs=2e-3)  # a kink: quadrature converges slowly
    assert weights @ selu(z) ** 2 / math.sqrt(2 * math.pi) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FOUND))
def test_nan_stays_nan_and_nothing_finite_becomes_nan(name, dtype):
    value, slope = compiled(name, {}, np.array([math.nan, 0.0, -0.0, 100.0, -100.0, 1e9, -1e9]), dtype)
    assert math.isnan(value[0])
    assert np.isfinite(value[1:]).all()
    assert np.isfinite(slope[1:]).all()


def test_silu_is_swish():
    assert optlab.catalogue().activation("silu").name == "swish"
