"""The elementary functions: what an author calls, and the table's entries.

Every function here takes traced values (then it records a node), floats or arrays (then it is NumPy, with IEEE results and
no warnings). Python's own operators and `abs` work on traced values as well.

Conventions at kinks: abs'(0) = 0, sign' = 0, floor' = 0, hypot'(0, 0) = 0; a tie of minimum or maximum gives the first
argument, so ``maximum(0, z)`` has slope 0 at 0 and ``maximum(z, 0)`` slope 1. Every function propagates NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlab.formula.table import TABLE, Elementary, Over, apply, function, infix, one, zero

__all__ = [
    "acos", "asin", "atan", "atan2", "cbrt", "clip", "cos", "cosh", "erf", "exp", "exp2", "expm1", "floor", "hypot", "log", "log1p", "log2",
    "log10", "logaddexp", "maximum", "minimum", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "straight_through", "tan", "tanh",
    "where",
]  # fmt: skip


def where(condition: Any, chosen: Any, otherwise: Any) -> Any:
    """`chosen` where the condition holds, else `otherwise`; derivatives never see the branch not taken."""
    if isinstance(condition, (bool, np.bool_)):
        return chosen if condition else otherwise
    return apply("where", condition, chosen, otherwise)


def clip(x: Any, lowest: Any, highest: Any) -> Any:
    """x within [lowest, highest]; its slope is 1 on the bounds, as torch.clamp's."""
    return minimum(maximum(x, lowest), highest)


def _of_one(name: str, doc: str) -> Any:
    def call(x: Any) -> Any:
        return apply(name, x)

    call.__name__, call.__qualname__, call.__doc__ = name, name, doc
    return call


def _of_two(name: str, doc: str) -> Any:
    def call(a: Any, b: Any) -> Any:
        return apply(name, a, b)

    call.__name__, call.__qualname__, call.__doc__ = name, name, doc
    return call


minimum = _of_two("minimum", "The smaller of a and b; NaN if either is. A tie has the derivative of a.")
maximum = _of_two("maximum", "The larger of a and b; NaN if either is. A tie has the derivative of a.")
sign = _of_one("sign", "-1, 0 or 1; derivative 0.")
floor = _of_one("floor", "Largest integer not above x; derivative 0.")
sqrt = _of_one("sqrt", "Square root.")
cbrt = _of_one("cbrt", "Cube root, of negative numbers too.")
square = _of_one("square", "x*x.")
exp = _of_one("exp", "e**x.")
expm1 = _of_one("expm1", "e**x - 1, accurate near 0.")
exp2 = _of_one("exp2", "2**x.")
log = _of_one("log", "Natural logarithm; -inf at 0, NaN below.")
log1p = _of_one("log1p", "log(1 + x), accurate near 0.")
log2 = _of_one("log2", "Logarithm to base 2.")
log10 = _of_one("log10", "Logarithm to base 10.")
sin = _of_one("sin", "Sine.")
cos = _of_one("cos", "Cosine.")
tan = _of_one("tan", "Tangent.")
asin = _of_one("asin", "Inverse sine.")
acos = _of_one("acos", "Inverse cosine.")
atan = _of_one("atan", "Inverse tangent.")
sinh = _of_one("sinh", "Hyperbolic sine.")
cosh = _of_one("cosh", "Hyperbolic cosine.")
tanh = _of_one("tanh", "Hyperbolic tangent.")
sigmoid = _of_one("sigmoid", "1 / (1 + exp(-x)), without overflow.")
erf = _of_one("erf", "Error function.")
hypot = _of_two("hypot", "sqrt(a*a + b*b), without overflow.")
logaddexp = _of_two("logaddexp", "log(exp(a) + exp(b)), without overflow: logaddexp(z, 0) is softplus, smooth at 0.")
atan2 = _of_two("atan2", "Angle of the point (b, a).")


# -- arithmetic ------------------------------------------------------------------------------------------------------------


def _integer_power(x: Any, n: int) -> Any:
    """x**n by repeated squaring, the order of products that the compiled loop uses; x**0 is 1 for every x."""
    result, base, left = None, x, abs(n)
    while left:
        if left & 1:
            result = base if result is None else result * base
        left >>= 1
        if left:
            base = base * base
    if result is None:
        return np.ones_like(x)
    return 1 / result if n < 0 else result


def _by_exponent(y: Any, a: Any, b: Any) -> Any:
    return y * where(apply("equal", a, 0.0), 0.0, log(a))


infix("add", "+", np.add, one, one, binds=3)
infix("sub", "-", np.subtract, one, lambda y, a, b: -1.0, binds=3)
infix("mul", "*", np.multiply, lambda y, a, b: b, lambda y, a, b: a, binds=4, latex=r"{0}\,{1}")
infix("div", "/", np.divide, lambda y, a, b: Over(1.0, b), lambda y, a, b: Over(-y, b), binds=4, latex=r"\frac{{{0}}}{{{1}}}")
infix("mod", "%", np.mod, one, lambda y, a, b: -floor(a / b), binds=4, latex=r"{0} \bmod {1}")
infix("power", "**", np.power, lambda y, a, b: b * a ** (b - 1.0), _by_exponent, binds=6, latex="{{{0}}}^{{{1}}}")
TABLE["neg"] = Elementary("neg", np.negative, (lambda y, a: -1.0,), "-{0}", "-{0}", "-{0}", 4)
TABLE["integer_power"] = Elementary(
    "integer_power", _integer_power, (lambda y, a, n: n * a ** (n - 1),), "", "{0}**{n}", "{{{0}}}^{{{n}}}", 6
)  # it has no code of its own: the emitted graph holds its products

# -- comparisons and choices ---------------------------------------------------------------------------------------------------

for _name, _sign, _latex in (
    ("less", "<", "<"), ("less_equal", "<=", r"\le"), ("greater", ">", ">"), ("greater_equal", ">=", r"\ge"),
    ("equal", "==", "="), ("not_equal", "!=", r"\ne"),
):  # fmt: skip
    infix(_name, _sign, getattr(np, _name), zero, zero, binds=1, latex=f"{{0}} {_latex} {{1}}", condition=True)
infix("both", "&", np.logical_and, zero, zero, binds=2, latex=r"{0} \land {1}", condition=True)
infix("either", "|", np.logical_or, zero, zero, binds=2, latex=r"{0} \lor {1}", condition=True)
TABLE["opposite"] = Elementary("opposite", np.logical_not, (zero,), "not {0}", "~{0}", r"\lnot {0}", 5, condition=True)
_CASES = r"\begin{{cases}} {1} & {0} \\ {2} & \text{{else}} \end{{cases}}"
function("where", np.where, zero, zero, zero, code="@select(*)", latex=_CASES)
function("minimum", np.minimum, zero, zero, code="@minimum(*)", latex=r"\min\left({0}, {1}\right)", chooses=lambda a, b: a <= b)
function("maximum", np.maximum, zero, zero, code="@maximum(*)", latex=r"\max\left({0}, {1}\right)", chooses=lambda a, b: a >= b)

# -- functions of one variable -------------------------------------------------------------------------------------------------

_LN2, _LN10 = math.log(2.0), math.log(10.0)


def _sigmoid_value(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, np.ones_like(e), e) / (1 + e)


def _erf_value(x: Any) -> Any:
    from scipy.special import erf as value

    return value(x)


def _beside_circle(x: Any) -> Any:
    return sqrt((1.0 - x) * (1.0 + x))


function("abs", np.abs, lambda y, x: sign(x), code="abs(*)", latex=r"\left|{0}\right|")
function("sign", np.sign, zero, code="@sign_{real}(*)")
function("floor", np.floor, zero, code="@floor(*)", latex=r"\lfloor {0} \rfloor")
function("sqrt", np.sqrt, lambda y, x: Over(0.5, y), code="math.sqrt(*)", latex=r"\sqrt{{{0}}}")
function("cbrt", np.cbrt, lambda y, x: Over(1.0, 3.0 * (y * y)), code="@cbrt_{real}(*)", latex=r"\sqrt[3]{{{0}}}")
function("square", np.square, lambda y, x: 2.0 * x, code="", latex="{{{0}}}^2")
function("exp", np.exp, lambda y, x: y, code="@exp_{real}(*)", latex="e^{{{0}}}")
function("expm1", np.expm1, lambda y, x: exp(x), code="@expm1_{real}(*)")
function("exp2", np.exp2, lambda y, x: _LN2 * y, code="@exp2_{real}(*)", latex="2^{{{0}}}")
function("log", np.log, lambda y, x: Over(1.0, x), code="@log_{real}(*)", latex=r"\ln\left({0}\right)")
function("log1p", np.log1p, lambda y, x: Over(1.0, 1.0 + x), code="@log1p_{real}(*)", latex=r"\ln\left(1 + {0}\right)")
function("log2", np.log2, lambda y, x: Over(1.0 / _LN2, x), code="@log2_{real}(*)", latex=r"\log_2\left({0}\right)")
function("log10", np.log10, lambda y, x: Over(1.0 / _LN10, x), code="@log10_{real}(*)", latex=r"\log_{{10}}\left({0}\right)")
function("sin", np.sin, lambda y, x: cos(x), code="@sin_{real}(*)", latex=r"\sin\left({0}\right)")
function("cos", np.cos, lambda y, x: -sin(x), code="@cos_{real}(*)", latex=r"\cos\left({0}\right)")
function("tan", np.tan, lambda y, x: 1.0 + y * y, code="@tan_{real}(*)", latex=r"\tan\left({0}\right)")
function("asin", np.arcsin, lambda y, x: Over(1.0, _beside_circle(x)), code="@asin_{real}(*)", latex=r"\arcsin\left({0}\right)")
function("acos", np.arccos, lambda y, x: Over(-1.0, _beside_circle(x)), code="@acos_{real}(*)", latex=r"\arccos\left({0}\right)")
function("atan", np.arctan, lambda y, x: Over(1.0, 1.0 + x * x), code="@atan_{real}(*)", latex=r"\arctan\left({0}\right)")
function("sinh", np.sinh, lambda y, x: cosh(x), code="@sinh_{real}(*)", latex=r"\sinh\left({0}\right)")
function("cosh", np.cosh, lambda y, x: sinh(x), code="@cosh_{real}(*)", latex=r"\cosh\left({0}\right)")
function("tanh", np.tanh, lambda y, x: 1.0 - y * y, code="@tanh_{real}(*)", latex=r"\tanh\left({0}\right)")
function("sigmoid", _sigmoid_value, lambda y, x: y * (1.0 - y), code="@sigmoid_{real}(*)", latex=r"\sigma\left({0}\right)")
function("erf", _erf_value, lambda y, x: 2.0 / math.sqrt(math.pi) * exp(-(x * x)), code="@erf_{real}(*)")

# -- functions of two variables --------------------------------------------------------------------------------------------------

_by_a = lambda y, a, b: where(y > 0.0, a / y, 0.0 * y)  # noqa: E731  # a row of the table, as its neighbours
_by_b = lambda y, a, b: where(y > 0.0, b / y, 0.0 * y)  # noqa: E731
function("hypot", np.hypot, _by_a, _by_b, code="math.hypot(*)")
function("logaddexp", np.logaddexp, lambda y, a, b: sigmoid(a - b), lambda y, a, b: sigmoid(b - a), code="@logaddexp_{real}(*)")
function("atan2", np.arctan2, lambda y, a, b: Over(b, a * a + b * b), lambda y, a, b: Over(-a, a * a + b * b), code="math.atan2(*)")

# -- a value with the slope of something else ------------------------------------------------------------------------------------

straight_through = _of_two("straight_through", "The value of a with the derivative of b: an estimator for a step, whose own slope is 0.")
function("straight_through", lambda a, b: a + np.zeros_like(b), zero, one, code="{0}", flops=0)
