"""exp, log, tanh, sigmoid and kin as straight-line code that LLVM inlines and vectorises, in both dtypes.

libm costs 3-16 ns per element because it does not vectorise here; these cost 0.5-2.8 (erf 5 in float64), 1.8-16 times less than
NumPy's calls. `exp_float32(x)` takes and returns float32 (a bare literal would make it float64, so every constant is typed). Full
range: exp(inf) is inf, exp(-inf) is 0, subnormal results are right (the power of two is applied in two steps), NaN stays NaN.
The largest errors are on docs/elementary.md: exp and log within 1 ulp, all others within 2.5.

Methods: Cody and Waite's reduction x = n ln2 + r with a polynomial near the minimax one for exp(r) (coefficients interpolated at
Chebyshev points in 50 digits); log as in FreeBSD's msun (e_log.c), s = f / (2 + f); cbrt by Newton's method.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlab.formula import coefficients as c
from optlab.formula import trigonometric
from optlab.formula.bits import (
    EXPONENT_OFFSET,
    MAGIC,
    biased_exponent,
    copysign,
    floor,
    mantissa,
    polynomial,
    power_of_two,
    select,
    stack_buffer,
)
from optlab.jit import merged


def _functions(dtype: str) -> dict[str, Any]:
    """The functions of one dtype, by name."""
    real = {"float32": np.float32, "float64": np.float64}[dtype]
    common: Any = tuple(real(each) for each in (0.0, 0.5, 1.0, 2.0, np.inf, np.nan))
    zero, half, one, two, inf, nan = common
    factors: Any = tuple(real(each) for each in (MAGIC[dtype], 1.0 / math.log(2.0), math.log(2.0), c.LOG10E))
    magic, log2e, ln2, log10e = factors
    ln2_high, ln2_low = real(c.LN2_HIGH[dtype]), real(c.LN2_LOW[dtype])
    lowest, highest = (real(each) for each in c.EXP_RANGE[dtype])
    expm1_lowest, tanh_highest = real(c.EXPM1_LOWEST[dtype]), real(c.TANH_HIGHEST[dtype])
    smallest, offset = real(c.SMALLEST_NORMAL[dtype]), real(EXPONENT_OFFSET[dtype])
    up = {"float32": 64.0, "float64": 512.0}[dtype]
    lift, lowered = real(up), real(2.0**-up)
    upward, upward_exponent, cube_exponent = real(2.0**54), real(54.0), real(18.0)
    lowest2, highest2 = (real(each) for each in c.EXP2_RANGE[dtype])
    highest_half, quarter, third, sixth = highest + one, real(0.25), real(1 / 3), real(1 / 6)
    log10_2_high, log10_2_low = (real(each) for each in c.LOG10_2[dtype])
    log2e_low, log10e_low = real(1.0 / math.log(2.0) - float(log2e) + 2.0355e-17), real(c.LOG10E - float(log10e) + 1.0983e-17)
    sinh_low, cbrt_start = polynomial(c.SINH_LOW[dtype], dtype), polynomial(c.CBRT, dtype)
    cbrt_2, cbrt_4 = real(2.0 ** (1 / 3)), real(4.0 ** (1 / 3))
    erf_low, erf_high = polynomial(c.ERF_LOW[dtype], dtype), polynomial(c.ERF_HIGH[dtype], dtype)
    erf_highest = real(c.ERF_HIGHEST[dtype])
    exp_wide, twice_log2e = polynomial(c.EXP[dtype], dtype, chains=2), real(2.0 / math.log(2.0))
    exp_tail, log_tail = polynomial(c.EXP[dtype], dtype), polynomial(c.LOG[dtype], dtype)

    def scaled(r: Any, rest: Any, n: Any) -> Any:
        """exp(r + rest) * 2**n, the power in two factors: n may lie beyond the normal exponents."""
        first = n * half + magic
        second = (n - (first - magic)) + magic
        sum_ = one + r  # its rounding error goes into the small part: 0.6 ulp instead of 0.9
        return (sum_ + (((one - sum_) + r) + (r * r * exp_tail(r) + rest))) * power_of_two(first) * power_of_two(second)

    scaled = merged(scaled)

    def exp(x: Any) -> Any:
        x = select(x > highest, highest, select(x < lowest, lowest, x))
        n = (x * log2e + magic) - magic
        upper, lower = x - n * ln2_high, n * ln2_low
        r = upper - lower
        return scaled(r, (upper - r) - lower, n)

    def exp2(x: Any) -> Any:
        x = select(x > highest2, highest2, select(x < lowest2, lowest2, x))
        n = (x + magic) - magic
        return scaled((x - n) * ln2, zero, n)

    def half_exp(y: Any) -> Any:
        """exp(y) / 2, which overflows later than exp(y), for y >= 0."""
        y = select(y > highest_half, highest_half, y)
        n = (y * log2e + magic) - magic
        upper, lower = y - n * ln2_high, n * ln2_low
        r = upper - lower
        return scaled(r, (upper - r) - lower, n - one)

    half_exp = merged(half_exp)

    def sinh(x: Any) -> Any:
        y = abs(x)
        e = half_exp(y)
        z = x * x
        return select(y < one, x + x * (z * sinh_low(z)), copysign(e - quarter / e, x))

    def cosh(x: Any) -> Any:
        e = half_exp(abs(x))
        return e + quarter / e

    def expm1(x: Any) -> Any:
        y = select(x > highest, highest, select(x < expm1_lowest, expm1_lowest, x))
        shifted = y * log2e + magic
        n = shifted - magic
        r = (y - n * ln2_high) - n * ln2_low
        e = r + r * r * exp_tail(r)
        s = power_of_two(shifted - one)  # 2**(n - 1): 2**n overflows before the result does
        return select(x == zero, x, select(n == zero, e, two * (s * e + (s - half))))

    def tanh(x: Any) -> Any:
        y = abs(x)
        y = select(y > tanh_highest, tanh_highest, y)
        shifted = y * twice_log2e + magic
        n = shifted - magic
        r = (y + y) - n * ln2
        s = power_of_two(shifted)
        e = s * (r + r * r * exp_wide(r)) + (s - one)  # expm1(2|x|)
        return copysign(e / (e + two), x)

    def logarithm(u: Any, correction: Any) -> Any:
        """log(u) + correction for u > 0, finite."""
        tiny = u < smallest
        y = select(tiny, u * upward, u)
        k = biased_exponent(y) - offset - select(tiny, upward_exponent, zero)
        f = mantissa(y) - one
        s = f / (two + f)
        z = s * s
        h = half * f * f
        return k * ln2_high + (f - (h - (s * (h + z * log_tail(z)) + (k * ln2_low + correction))))

    def other_base(u: Any, base_high: Any, base_low: Any, scale_high: Any, scale_low: Any) -> Any:
        """k * base + log(m) * scale for u = m * 2**k, each constant in two parts."""
        tiny = u < smallest
        y = select(tiny, u * upward, u)
        k = biased_exponent(y) - offset - select(tiny, upward_exponent, zero)
        f = mantissa(y) - one
        s = f / (two + f)
        z = s * s
        h = half * f * f
        m = f - (h - s * (h + z * log_tail(z)))
        return select(u > zero, k * base_high + (m * scale_high + (m * scale_low + k * base_low)), select(u == zero, -inf, nan))

    logarithm, other_base = merged(logarithm), merged(other_base)
    exp = merged(exp)

    def log2(x: Any) -> Any:
        return select(x < inf, other_base(x, one, zero, log2e, log2e_low), x)

    def log10(x: Any) -> Any:
        return select(x < inf, other_base(x, log10_2_high, log10_2_low, log10e, log10e_low), x)

    def cbrt(x: Any) -> Any:
        y = abs(x)
        tiny = y < smallest
        y = select(tiny, y * upward, y)
        k = biased_exponent(y) - offset
        q = floor(k * third + sixth)  # k = 3 q + rest: a third of a whole number, lifted by a sixth, never falls below a whole one
        rest = k - (q + q + q)
        m = mantissa(y)
        r = cbrt_start(m) * select(rest == zero, one, select(rest == one, cbrt_2, cbrt_4))
        m = m * select(rest == zero, one, select(rest == one, two, two * two))
        r = r - third * (r - m / (r * r))
        r = r - third * (r - m / (r * r))
        scale = power_of_two((q - select(tiny, cube_exponent, zero)) + magic)
        return select(y < inf, select(y > zero, copysign(r * scale, x), x), x)

    def log(x: Any) -> Any:
        y = select(x > zero, logarithm(x, zero), select(x == zero, -inf, nan))
        return select(x < inf, y, x)

    def log1p(x: Any) -> Any:
        u = one + x
        y = select(u > zero, logarithm(u, (x - (u - one)) / u), select(u == zero, -inf, nan))
        return select(x < inf, select(x == zero, x, y), x)

    def sigmoid(x: Any) -> Any:
        y = -abs(x)
        y = select(y < lowest, lowest, y)
        shifted = y * log2e + magic
        n = shifted - magic
        r = (y - n * ln2_high) - n * ln2_low
        # exp(y) with less care than `exp` takes: y is not positive, and the rounding of 1 + e is of the same size.
        # A vector of it takes 27 instructions instead of 41: 0.68 ns per element instead of 1.0 in float32, 1.9 instead of 2.7 in float64.
        # The two chains of `exp_wide` then gave 0.64 instead of 0.68 and 1.7 instead of 1.9.
        e = (one + (r + r * r * exp_wide(r))) * power_of_two(shifted + lift) * lowered
        return select(x >= zero, one, e) / (one + e)

    def erf(x: Any) -> Any:
        y = abs(x)
        high = select(y > erf_highest, erf_highest, y)
        return copysign(select(y < one, y * erf_low(y * y), one - exp(-erf_high(high - two))), x)

    log1p = merged(log1p)

    def logaddexp(a: Any, b: Any) -> Any:
        largest = select(a >= b, a, b)
        return select(a == b, a + ln2, largest + log1p(exp(-abs(a - b))))

    def sign(x: Any) -> Any:
        return select(x > zero, one, select(x < zero, -one, x))

    return {
        "exp": exp, "exp2": merged(exp2), "sinh": merged(sinh), "cosh": merged(cosh), "log2": merged(log2), "log10": merged(log10),
        "cbrt": merged(cbrt), "expm1": merged(expm1), "tanh": merged(tanh), "log": merged(log), "log1p": log1p,
        "sigmoid": merged(sigmoid), "erf": merged(erf), "logaddexp": merged(logaddexp), "sign": merged(sign),
    }  # fmt: skip


@merged
def minimum(a: Any, b: Any) -> Any:
    """The smaller; a where they are equal; NaN if either is."""
    return select(b != b, b, select(b < a, b, a))


@merged
def maximum(a: Any, b: Any) -> Any:
    """The larger; a where they are equal; NaN if either is."""
    return select(b != b, b, select(a < b, b, a))


for _dtype in ("float32", "float64"):
    for _name, _function in (_functions(_dtype) | trigonometric.functions(_dtype)).items():
        globals()[f"{_name}_{_dtype}"] = _function

FARTHEST = trigonometric.FARTHEST

__all__ = ["FARTHEST", "floor", "maximum", "minimum", "select", "stack_buffer"]
