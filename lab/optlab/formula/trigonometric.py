"""sin, cos, tan and their inverses as straight-line code that LLVM inlines and vectorises, in both dtypes.

sin, cos and tan take Cody and Waite's reduction r = x - n pi/2 with pi/2 in four parts of 33 bits (float32: in float64, two
parts), which is right to the last bit up to |x| = FARTHEST. Beyond it the table pi/2 would have to be a thousand bits long: that
is libm's. A loop with a branch to libm does not vectorise, so each function comes twice: `sin_near_float64` without the branch,
for loops that `optlab.formula.modules` guards by a look at their arguments, and `sin_float64` with it. They agree to the bit.

asin, acos as in FreeBSD's msun (e_asin.c), atan as in Cephes (atan.c, atanf.c); polynomials of sin and cos from msun (k_sin.c,
k_sinf.c). Errors: docs/elementary.md.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlab.formula.bits import MAGIC, copysign, floor, polynomial, select
from optlab.jit import merged

FARTHEST = 1.0e6  # n stays below 2**20, so that n times a part of 33 bits is exact

_PARTS = {  # of pi / 2, the last one rounded
    "float32": (1.57079632673412561417e00, 6.07710050650619224932e-11),
    "float64": (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624871116645580e-21, 8.47842766036889956997e-32),
}
_SIN = {
    "float32": (-0.16666666641626524, 0.008333329385889463, -0.00019839334836096632, 2.718311493989822e-06),
    "float64": (
        -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
        -2.50507602534068634195e-08, 1.58969099521155010221e-10,
    ),
}  # fmt: skip
_COS = {  # (cos(r) - 1 + r**2 / 2) / r**4
    "float32": (0.04166664555668831, -0.001388676377460993, 2.439044879627741e-05),
    "float64": (
        4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05, -2.75573143513906633035e-07,
        2.08757232129817482790e-09, -1.13596475577881948265e-11,
    ),
}  # fmt: skip
_ASIN = {  # (asin(x) - x) / x**3 in powers of x**2 on |x| <= 1/2: float32 a polynomial, float64 a ratio of two
    "float32": ((0.16666752422, 0.074953002686, 0.045470025998, 0.024181311049, 0.042163199048), (1.0,)),
    "float64": (
        (
            1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01, -4.00555345006794114027e-02,
            7.91534994289814532176e-04, 3.47933107596021167570e-05,
        ),
        (1.0, -2.40339491173441421878e00, 2.02094576023350569471e00, -6.88283971605453293030e-01, 7.70381505559019352791e-02),
    ),
}  # fmt: skip
_ATAN = {  # (atan(x) - x) / x**3 likewise, on |x| <= 0.66 (float32: tan(pi/8))
    "float32": ((-0.333329491539, 0.199777106478, -0.138776856032, 0.0805374449538), (1.0,)),
    "float64": (
        (
            -6.485021904942025371773e01, -1.228866684490136173410e02, -7.500855792314704667340e01, -1.615753718733365076637e01,
            -8.750608600031904122785e-01,
        ),
        (
            1.945506571482613964425e02, 4.853903996359136964868e02, 4.328810604912902668951e02, 1.650270098316988542046e02,
            2.485846490142306297962e01, 1.0,
        ),
    ),
}  # fmt: skip
_ATAN_MIDDLE = {"float32": math.tan(math.pi / 8), "float64": 0.66}


def _circular(dtype: str) -> dict[str, Any]:
    """sin, cos and tan; float32 is worked out in float64, which costs less than a reduction of single precision."""
    real = {"float32": np.float32, "float64": np.float64}[dtype]
    double = np.float64
    magic, per_quarter = double(MAGIC["float64"]), double(2.0 / math.pi)
    zero, half, one, farthest = double(0.0), double(0.5), double(1.0), double(FARTHEST)
    parts = tuple(double(each) for each in _PARTS[dtype])
    sin_tail, cos_tail = polynomial(_SIN[dtype], "float64"), polynomial(_COS[dtype], "float64")

    if dtype == "float32":

        def reduced(x: Any, n: Any) -> Any:
            return (x - n * parts[0]) - n * parts[1]
    else:

        def reduced(x: Any, n: Any) -> Any:
            return (((x - n * parts[0]) - n * parts[1]) - n * parts[2]) - n * parts[3]

    reduced = merged(reduced)

    def odd(n: Any) -> Any:
        return floor(n * half) != n * half

    def sine(r: Any, z: Any) -> Any:
        return r + r * (z * sin_tail(z))

    def cosine(z: Any) -> Any:
        h = half * z
        w = one - h
        return w + (((one - w) - h) + z * z * cos_tail(z))

    odd, sine, cosine = merged(odd), merged(sine), merged(cosine)

    def quarter(x: Any, turn: Any) -> Any:
        """sin(x + turn * pi / 2)."""
        n = (x * per_quarter + magic) - magic
        r = reduced(x, n)
        z = r * r
        n = n + turn
        y = select(odd(n), cosine(z), sine(r, z))
        return select(odd(floor(n * half)), -y, y)

    quarter = merged(quarter)

    def sin_near(x: Any) -> Any:
        return select(x == zero, x, real(quarter(double(x), zero)))

    def cos_near(x: Any) -> Any:
        return real(quarter(double(x), one))

    def tan_near(x: Any) -> Any:
        wide = double(x)
        n = (wide * per_quarter + magic) - magic
        r = reduced(wide, n)
        z = r * r
        s, c = sine(r, z), cosine(z)
        turned = odd(n)
        return select(x == zero, x, real(select(turned, -c, s) / select(turned, s, c)))

    sin_near, cos_near, tan_near = merged(sin_near), merged(cos_near), merged(tan_near)

    def sin(x: Any) -> Any:
        return sin_near(x) if abs(x) <= farthest else real(math.sin(x))

    def cos(x: Any) -> Any:
        return cos_near(x) if abs(x) <= farthest else real(math.cos(x))

    def tan(x: Any) -> Any:
        return tan_near(x) if abs(x) <= farthest else real(math.tan(x))

    whole = {"sin": merged(sin), "cos": merged(cos), "tan": merged(tan)}
    return {**whole, "sin_near": sin_near, "cos_near": cos_near, "tan_near": tan_near}


def _inverse(dtype: str) -> dict[str, Any]:
    """asin, acos and atan."""
    real = {"float32": np.float32, "float64": np.float64}[dtype]
    numbers: Any = tuple(real(each) for each in (0.0, 0.5, 1.0, 2.0))
    zero, half, one, two = numbers
    angles: Any = tuple(real(each) for each in (math.pi, math.pi / 2, math.pi / 4))
    pi, half_pi, quarter_pi = angles
    rest = real(math.pi / 2 - float(half_pi) + 6.123233995736766e-17)  # of pi / 2
    asin_top, asin_bottom = (polynomial(each, dtype) for each in _ASIN[dtype])
    atan_top, atan_bottom = (polynomial(each, dtype) for each in _ATAN[dtype])
    middle, large = real(_ATAN_MIDDLE[dtype]), real(math.tan(3 * math.pi / 8))

    def arc(x: Any) -> Any:
        """(small, asin(s)) with s = |x| if that is below 1/2, else sqrt((1 - |x|) / 2)."""
        y = abs(x)
        w = half * (one - y)
        z = select(y < half, y * y, w)
        s = select(y < half, y, math.sqrt(w))
        return s + s * (z * asin_top(z) / asin_bottom(z))

    arc = merged(arc)

    def asin(x: Any) -> Any:
        a = arc(x)
        return copysign(select(abs(x) < half, a, half_pi - (two * a - rest)), x)

    def acos(x: Any) -> Any:
        a = arc(x)
        low = half_pi - (copysign(a, x) - rest)
        return select(abs(x) < half, low, select(x > zero, two * a, pi - two * (a - rest)))

    def atan(x: Any) -> Any:
        y = abs(x)
        top = select(y > large, -one, select(y > middle, y - one, y))
        bottom = select(y > large, y, select(y > middle, y + one, one))
        r = top / bottom
        z = r * r
        series = r + r * (z * (atan_top(z) / atan_bottom(z)))
        start = select(y > large, half_pi, quarter_pi)
        more = select(y > large, rest, half * rest)
        return copysign(select(y > middle, start + (series + more), series), x)

    return {"asin": merged(asin), "acos": merged(acos), "atan": merged(atan)}


def functions(dtype: str) -> dict[str, Any]:
    """All functions of one dtype, by name."""
    return {**_circular(dtype), **_inverse(dtype)}
