"""Measure the error of every elementary function and write docs/elementary.md: `python -m benchmarks.ulp`.

The compiled code, called as the kernel calls it, against mpmath at 40 digits (float64) or NumPy in float64 (float32: its error is
2**-29 of a unit). Points: every exponent of the finite range, the neighbourhood of 0 and 1, the seams of the range reductions,
zeros of the function, and the edges of overflow and underflow. One unit (ulp) is the spacing of floats at the exact value.
"""

from __future__ import annotations

import ctypes
import math
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

from optlab import abi
from optlab.formula import elementary
from optlab.formula.compile import compile_activation, compile_stage
from optlab.formula.graph import trace
from optlab.formula.table import TABLE
from optlab.jit import jit
from optlab.kernel.memory import pointer_of

REPEATS = 32  # calls of ours per call from Python
_addresses: dict[int, Any] = {}
DTYPES = ("float32", "float64")
PAGE = Path(__file__).parent.parent / "docs" / "elementary.md"
TWO = ("add", "sub", "mul", "div", "mod", "power", "minimum", "maximum", "hypot", "logaddexp", "atan2")
ONE = tuple(name for name, entry in TABLE.items() if len(entry.partials) == 1 and name not in ("opposite", "integer_power"))
EXACT = ("neg", "abs", "sign", "floor", "minimum", "maximum")
DOMAIN: dict[str, Callable[[Any], Any]] = {
    "sqrt": lambda x: x >= 0, "log": lambda x: x > 0, "log2": lambda x: x > 0, "log10": lambda x: x > 0, "log1p": lambda x: x > -1,
    "asin": lambda x: abs(x) <= 1, "acos": lambda x: abs(x) <= 1,
}  # fmt: skip
HIGH: dict[str, Callable[..., Any]] = {
    "neg": lambda x: -x, "abs": abs, "square": lambda x: x * x, "exp2": lambda x: mpmath.mpf(2) ** x, "log2": lambda x: mpmath.log(x, 2),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "power": lambda a, b: a**b,
    "mod": lambda a, b: a - b * mpmath.floor(a / b), "minimum": min, "maximum": max,
    "logaddexp": lambda a, b: max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b))),
}  # fmt: skip


def high(name: str) -> Callable[..., Any]:
    """The function in mpmath."""
    return HIGH.get(name) or getattr(mpmath, name)


def traced(name: str) -> Callable[..., Any]:
    """The author's function, or the operator, of that name."""
    operators: dict[str, Callable[..., Any]] = {
        "neg": lambda x: -x, "abs": abs, "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b, "mod": lambda a, b: a % b, "power": lambda a, b: a**b,
    }  # fmt: skip
    return operators.get(name) or getattr(elementary, name)  # type: ignore[no-any-return]


def address(name: str, dtype: str) -> int:
    """Where the compiled function is: an activation, or for two arguments an update rule whose state becomes the value."""
    function = traced(name)
    if name in TWO:
        return compile_stage(name, trace(lambda w, g, s: (w, function(w, g)), ("w", "g", "s")), 1, dtype)
    return compile_activation(name, trace(lambda z: function(z), ("z",)), dtype).value


@jit
def often(where: Any, x: Any, out: Any, hyper: Any) -> None:
    """Call an activation REPEATS times from compiled code, as the kernel does."""
    for _ in range(REPEATS):
        abi.call_activation(where, pointer_of(x), pointer_of(out), x.shape[0], pointer_of(hyper))


@jit
def often_two(where: Any, a: Any, b: Any, out: Any, hyper: Any, integers: Any) -> None:
    """Call an update rule REPEATS times from compiled code."""
    doubles = pointer_of(hyper)
    for _ in range(REPEATS):
        abi.call_stage(
            where,
            pointer_of(a),
            pointer_of(b),
            pointer_of(out),
            doubles,
            1,
            a.shape[0],
            doubles,
            pointer_of(integers),
            0,
            pointer_of(out),
            doubles,
        )


def compiled(name: str, dtype: str) -> Callable[..., Any]:
    """The compiled function: ``f(*arguments, out)``, arrays of that dtype that lie in memory as they are given."""
    integer, pointer, found = ctypes.c_int64, ctypes.c_void_p, address(name, dtype)
    hyper, integers = np.zeros(8), np.zeros(8, np.int64)
    if name in TWO:
        stage = ctypes.CFUNCTYPE(integer, *[pointer] * 4, integer, integer, pointer, pointer, integer, pointer, pointer)(found)
        ends = (at(hyper), at(integers), 0, at(hyper), at(hyper))
        return lambda a, b, out: stage(at(a), at(b), at(out), at(hyper), 1, len(a), *ends)
    value = ctypes.CFUNCTYPE(integer, pointer, pointer, integer, pointer)(found)
    return lambda x, out: value(at(x), at(out), len(x), at(hyper))


def at(array: Any) -> Any:
    """Where an array lies; kept, for finding out costs more than many a function."""
    if id(array) not in _addresses:
        _addresses[id(array)] = ctypes.c_void_p(array.ctypes.data)
    return _addresses[id(array)]


def evaluated(name: str, dtype: str, *arguments: Any) -> Any:
    """The compiled function's values."""
    out = np.empty_like(arguments[0])
    _addresses.clear()
    compiled(name, dtype)(*arguments, out)
    return out


def points(name: str, dtype: str, count: int, seed: int = 7) -> tuple[Any, ...]:
    """Arguments over the whole finite range of the dtype, about `count` of each sort."""
    rng = np.random.default_rng(seed)
    info = np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    span = 105.0 if dtype == "float32" else 750.0

    def wide(size: int) -> Any:
        return np.exp(rng.uniform(math.log(tiny), math.log(largest), size)) * rng.choice([-1.0, 1.0], size)

    if name in TWO:
        a = np.concatenate([wide(count), rng.uniform(-2, 2, count), rng.uniform(-span, span, count), rng.uniform(0, 40, count)])
        b = np.concatenate([wide(count), rng.uniform(-2, 2, count), rng.uniform(-span, span, count), rng.uniform(-20, 20, count)])
        close = a[:count] * (1 + rng.uniform(-4, 4, count) * float(info.eps))
        a, b = np.concatenate([a, a[:count]]), np.concatenate([b, close])
        if name == "power":
            a = abs(a)
        if name == "mod":
            b = np.where(b == 0, 1.0, b)
            with np.errstate(over="ignore"):
                a = np.clip(a, -1e6 * abs(b), 1e6 * abs(b))
        return a.astype(dtype), b.astype(dtype)
    near = [rng.uniform(-2, 2, 2 * count), rng.uniform(-10, 10, count), rng.uniform(-span, span, count), wide(count)]
    near += [np.exp(rng.uniform(-40, 0, count)) * rng.choice([-1, 1], count), rng.uniform(-tiny, tiny, count // 8 + 1)]
    near += [1 + rng.uniform(-1e-3, 1e-3, count // 4), rng.uniform(-1, 1, count) * (1 - rng.exponential(1e-3, count))]
    halves, eighths = np.log(2.0) * (np.arange(-1100, 1100) + 0.5), np.pi / 4 * np.arange(-400, 400)
    edges = np.array(
        [88.7228, 89.4, -87.33, -103.97, 709.7827, 710.4758, -708.39, -745.13, 127.99, 1023.99, -149.0, -1074.0, 0.4375, 0.6875]
    )
    for special in (halves, eighths, edges, np.array([1.1875, 2.4375, 0.5, 0.25, 1.0, 2.0, math.sqrt(0.5), math.sqrt(2.0), 0.0])):
        near.append(rng.permutation(special)[: max(count // 2, len(special) if len(special) < 50 else 0)])
    x = np.concatenate(near)
    if name in ("sin", "cos", "tan"):
        x = np.concatenate([x, rng.uniform(-1e4, 1e4, count), rng.uniform(-3e5, 3e5, count), np.pi / 2 * rng.integers(1, 200000, count)])
    with np.errstate(over="ignore"):
        x = x.astype(dtype)
    x = np.concatenate([x, np.nextafter(x[: count // 4], x.dtype.type(np.inf))])
    x = x[np.isfinite(x)]
    return (x[DOMAIN[name](x)] if name in DOMAIN else x,)


def ulps(name: str, dtype: str, count: int, seed: int = 7) -> tuple[float, float]:
    """(largest error in ulp, first argument where it is)."""
    arguments = points(name, dtype, count, seed)
    found = evaluated(name, dtype, *arguments).astype(float)
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        true, exact = _in_float64(name, arguments) if dtype == "float32" else _in_mpmath(name, arguments)
        size = np.max(np.abs([exact, *arguments]), axis=0) if name == "logaddexp" else exact
        unit = np.maximum(2.0 ** np.clip(np.frexp(size)[1] - info.nmant - 1.0, -1074, None), float(info.smallest_subnormal))
    known = np.isfinite(exact) & (abs(exact) <= float(info.max))
    assert (np.isinf(found) | (abs(found) == float(info.max)))[~known & ~np.isnan(exact)].all(), f"{name} {dtype}: overflow is not inf"
    known &= ~(np.isinf(found) & (abs(exact) >= float(info.max) * (1 - float(info.eps))))  # rounds to inf
    assert np.isfinite(found[known]).all(), f"{name} {dtype}: {[each[known][~np.isfinite(found[known])][:3] for each in arguments]}"
    if dtype == "float32":
        errors = np.abs(found[known] - exact[known]) / unit[known]
    else:  # in high precision: differences of subnormals are not whole units
        places = np.flatnonzero(known)
        errors = np.array([float(abs(mpmath.mpf(float(found[k])) - true[k]) / mpmath.mpf(float(unit[k]))) for k in places])
    worst = int(np.argmax(errors))
    return float(errors[worst]), float(arguments[0][known][worst])


def _in_float64(name: str, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    exact = np.asarray(TABLE[name].value(*(each.astype(float) for each in arguments)), float)
    return exact, exact


def _in_mpmath(name: str, arguments: tuple[Any, ...]) -> tuple[list[Any], Any]:
    """True values, and rounded to float64."""
    function = high(name)
    digits = {"sin": 700, "cos": 700, "tan": 700, "mod": 700, "logaddexp": 360, "power": 60}.get(name, 40)
    with mpmath.workdps(digits):
        found = [mpmath.re(function(*(mpmath.mpf(float(each)) for each in point))) for point in zip(*arguments, strict=True)]
    return found, np.array([float(each) for each in found])


# -- the page ---------------------------------------------------------------------------------------------------------------------

HEAD = """# Elementary functions

What a formula may be made of: every entry of the table in `lab/optlab/formula/elementary.py`, its derivative, its cost, and the
largest error found in the compiled loops. This page is written by `python -m benchmarks.ulp`; a test holds samples against it.

Errors are in ulp: the spacing of floats at the exact value; 0.5 is a correctly rounded result. They are measured over the whole
finite range of each dtype: every exponent, subnormals, the neighbourhood of 0 and 1, zeros of the function, the seams of the range
reductions, the edges of overflow ({count32:,} points per sort in float32, {count64:,} in float64 against mpmath).

*inlined*: straight-line code of the lab, which vectorises. *libm*: a call per element. *instruction*: what the processor does.
Nanoseconds per element are of one core, 4096 elements, ours : NumPy's call; trust their ratio (`pytest benchmarks/test_elementary.py`).
Ours are called from compiled code, as the kernel calls them; NumPy's from Python, as it is called: its 0.5 us are 0.1 ns per element.

| function | FLOPs | derivative | code | ulp float32 | ulp float64 | ns float32 | ns float64 |
|---|---|---|---|---|---|---|---|
"""

TAIL = """
Comparisons (`< <= > >= == !=`), `& | ~` and `where` are exact and cost 1 each; `clip(x, a, b)` is `minimum(maximum(x, a), b)`, 2.

## Conventions

- Kinks and jumps: abs'(0) = 0, sign' = 0, floor' = 0, hypot'(0, 0) = 0; a tie of minimum or maximum takes the derivative of the first
  argument. `where` differentiates the branch taken: an infinity or NaN of the other never enters.
- NaN in is NaN out, but for hypot(inf, NaN) = inf, NaN**0 = 1 and 1**NaN = 1, as IEEE has it. Division by zero, the logarithm of a
  negative number and overflow give IEEE results (inf, NaN), no warning.
  exp(inf) is inf and exp(-inf) is 0; subnormal results are not flushed to zero; -0 keeps its sign in odd functions.
- Integer powers up to 64 are products by repeated squaring (about half an ulp each) and differentiate as n*x**(n-1), without a
  logarithm. `x**0.5` is compiled to `sqrt(x)`, which differs from pow at -0 (sqrt: -0, pow: 0) and at -inf (sqrt: NaN, pow: inf);
  `x**-0.5` likewise to `1/sqrt(x)`.
- sin, cos and tan are the lab's own up to |x| = {farthest:g} and libm's beyond. A compiled loop first looks at its arguments and takes the
  form without a branch when all are within; each element has the same bits either way.
- logaddexp(a, b) has a zero where exp(a) + exp(b) = 1; its error is in ulp of the largest of |a|, |b| and the result, as that of
  NumPy's. softplus, logaddexp(z, 0), has no such zero.
- mod is floor division's remainder, x - y*floor(x/y) as Python's; measured for |x/y| up to 1e6.
"""


def kind(name: str) -> str:
    """How the compiled loop gets the function."""
    code = TABLE[name].code
    if name in ("hypot", "atan2", "power", "mod"):
        return "libm"
    return "instruction" if name == "sqrt" or "@" not in code else "inlined"


def derivative(name: str) -> str:
    """The derivative as the table has it, y being the value."""
    from optlab.formula import explain
    from optlab.formula.derive import forward

    function, names = traced(name), ("a", "b") if name in TWO else ("x",)
    graph = trace(lambda a, b: function(a, b), names) if name in TWO else trace(lambda x: function(x), names)
    lines = explain.text(forward(graph, names), ("y", *(f"d{each}" for each in names)))
    kept = [line for line in lines if not line.startswith("y = ")]
    return "; ".join(line.removeprefix("dx = ") for line in kept).replace("|", "\\|")


def nanoseconds(name: str, dtype: str) -> tuple[float, float]:
    """(ours, NumPy's) time per element on 4096 elements."""
    ours, numpys = timed(name, dtype)
    per_element = 1e9 / 4096 / 32
    return min(timeit.repeat(ours, number=32 // REPEATS, repeat=30)) * per_element, min(
        timeit.repeat(numpys, number=32, repeat=30)
    ) * per_element


def timed(name: str, dtype: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """(call ours REPEATS times, call NumPy's once) on 4096 elements; both write into memory that is there already."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.01, 0.99, 4096) if name in DOMAIN or name == "power" else rng.uniform(-8, 8, 4096)
    arguments = tuple(each.astype(dtype) for each in ((x, rng.uniform(0.1, 4, 4096)) if name in TWO else (x,)))
    where, value, out, hyper, integers = address(name, dtype), TABLE[name].value, np.empty(4096, dtype), np.zeros(8), np.zeros(8, np.int64)

    def ours() -> None:
        if name in TWO:
            often_two(where, *arguments, out, hyper, integers)
        else:
            often(where, *arguments, out, hyper)

    ours()  # compiles the caller
    if isinstance(value, np.ufunc):
        return ours, lambda: value(*arguments, out=out)
    return ours, lambda: value(*arguments)


def page(count32: int = 60_000, count64: int = 4_000) -> str:
    """Measure everything and return the page."""
    lines = []
    for name in (*TWO[:4], "neg", "mod", "power", *(each for each in ONE if each != "neg"), *TWO[6:]):
        errors = [ulps(name, dtype, count)[0] for dtype, count in zip(DTYPES, (count32, count64), strict=True)]
        times = [" : ".join(f"{each:.2g}" for each in nanoseconds(name, dtype)) for dtype in DTYPES]
        shown = [f"{math.ceil(100 * each) / 100:.2f}" for each in errors]
        lines.append(f"| {name} | {TABLE[name].flops} | `{derivative(name)}` | {kind(name)} | {' | '.join((*shown, *times))} |")
        print(lines[-1], file=sys.stderr)
    head, tail = HEAD.format(count32=count32, count64=count64), TAIL.format(farthest=1e6)
    return head + "\n".join(lines) + "\n" + tail


def published() -> dict[str, tuple[float, float]]:
    """The errors on the page: (float32, float64) by function."""
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
    return {row[0].removeprefix("| "): (float(row[4]), float(row[5])) for row in rows}


if __name__ == "__main__":
    np.seterr(all="ignore")
    text = page()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
