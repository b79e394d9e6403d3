"""The gradient gate of row-wise costs: a gradient written by hand, so nothing about it is derived and everything can be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import native, ratio, references
from optlab.conformance.record import Check
from optlab.conformance.settings import settings
from optlab.conformance.slopes import CODE, DERIVATIVE, DIFFERENCES_TOLERANCE, TOLERANCE
from optlab.hyper import Value
from optlab.kinds import RowCost

Array = npt.NDArray[Any]
Values = Mapping[str, Value]

COLUMNS = (3, 5)
"""Numbers of outputs: two, so that a factor that grows with it is recognised."""
ROWS = 7
EXTREMES = "Extremes"


def check(plugin: RowCost) -> Iterator[Check]:
    """Gradient against complex step and central differences, value and scale of the compiled code, extremes."""
    for words, values in settings(plugin):
        yield from _setting(plugin, values, f" ({words})" if words else "")


def _setting(plugin: RowCost, values: Values, where: str) -> Iterator[Check]:
    samples = [_rows(plugin, columns) for columns in COLUMNS]
    stepped = [_complex_step(plugin, values, y, t) for y, t in samples]
    differed = [_differences(plugin, values, y, t) for y, t in samples]
    usable = all(
        a is not None and np.allclose(a, b, rtol=1e-4, atol=1e-6 * np.abs(b).max()) for a, b in zip(stepped, differed, strict=True)
    )
    found = {
        dtype: [native.cost_gradient(plugin, values, y, t, dtype)[1].astype(float) for y, t in samples] for dtype in ("float64", "float32")
    }
    if usable:
        yield _verdict(plugin, where, "float64 against the complex step", found["float64"], stepped, TOLERANCE["float64"])
    else:
        yield Check(DERIVATIVE, f"float64 against the complex step{where}", None, "not possible for this code")
    yield _verdict(plugin, where, "float64 against central differences", found["float64"], differed, DIFFERENCES_TOLERANCE)
    yield _verdict(plugin, where, "float32 follows float64", found["float32"], found["float64"], TOLERANCE["float32"])
    yield from _code(plugin, values, where, *samples[0])
    if not where:
        yield from _extremes(plugin, values)


def _rows(plugin: RowCost, columns: int) -> tuple[Array, Array]:
    """Outputs (exact in float32) and targets: one-hot and probabilities, or any numbers where the cost takes no logits."""
    rng = np.random.default_rng(columns)
    y = rng.normal(scale=1.5, size=(ROWS, columns)).astype(np.float32).astype(float)
    if plugin.link == "identity":
        return y, rng.normal(size=y.shape).astype(np.float32).astype(float)
    t = np.eye(columns)[rng.integers(0, columns, ROWS)]
    t[-2:] = rng.dirichlet(np.ones(columns), 2)
    return y, t.astype(np.float32).astype(float)


def _complex_step(plugin: RowCost, values: Values, y: Array, t: Array) -> Array | None:
    """The author's function itself on complex rows, where it can be evaluated there."""
    out = np.empty_like(y)
    for row, column in np.ndindex(*y.shape):
        moved = y[row].astype(complex)
        moved[column] += references.STEP * 1j
        try:
            out[row, column] = np.imag(plugin(moved, t[row], np.zeros_like(moved), **values)) / references.STEP
        except Exception:  # whatever stands in the author's code may not work on complex numbers
            return None
    return out


def _differences(plugin: RowCost, values: Values, y: Array, t: Array) -> Array:
    """Extrapolated central differences of the compiled value."""
    out = np.empty_like(y)
    for row, column in np.ndindex(*y.shape):

        def value(x: Array, row: int = row, column: int = column) -> Array:
            moved = y[row : row + 1].copy()
            moved[0, column] = x
            return np.asarray(native.cost(plugin, values, moved, t[row : row + 1], "float64"))

        out[row, column] = references.differences(value, y[row, column])[0]
    return out


def _verdict(plugin: RowCost, where: str, what: str, found: Sequence[Array], expected: Sequence[Any], tolerance: float) -> Check:
    errors = [float(np.abs(a - b).max() / (np.abs(b).max() or 1.0)) for a, b in zip(found, expected, strict=True)]
    worst = float(np.max(np.nan_to_num(errors, nan=np.inf)))
    if worst <= tolerance:
        return Check(
            DERIVATIVE,
            what + where,
            True,
            f"right {ratio.closeness(worst)} at {sum(a.size for a in found)} outputs",
            {"largest error": worst},
        )
    fits = [ratio.fit(a, b) for a, b in zip(found, expected, strict=True)]
    numbers: dict[str, float | int | str] = {"largest error": worst, "factor": fits[0].factor}
    return Check(
        DERIVATIVE, what + where, False, f"the gradient of {plugin.name} is {_how(fits, found, expected, 10 * tolerance)}", numbers
    )


def _how(fits: Sequence[ratio.Fit], found: Sequence[Array], expected: Sequence[Any], tolerance: float) -> str:
    """The defect of a wrong gradient in words."""
    if all(fit.constant(tolerance) for fit in fits):
        first, second = (fit.factor for fit in fits)
        if abs(first - second) <= tolerance * abs(first):
            return ratio.words(first)
        small, large = COLUMNS
        grows = next(
            (name for name, k in (("too large", 1.0), ("too small", -1.0)) if abs(first / second - (small / large) ** k) < 1e-6), ""
        )
        if grows:
            rest = first / (small if grows == "too large" else 1.0 / small)
            more = "" if abs(rest - 1.0) < 1e-6 else f" times {ratio.number(rest)}"
            return f"{grows} by the number of outputs{more}: {ratio.words(first)} with {small}, {ratio.words(second)} with {large}"
        return f"{ratio.words(first)} with {small} outputs, {ratio.words(second)} with {large}"
    wrong = [np.abs(a - b) > tolerance * np.abs(b).max() for a, b in zip(found, expected, strict=True)]
    columns = [sorted({int(c) for c in np.flatnonzero(each.any(axis=0))}) for each in wrong]
    share = sum(int(each.sum()) for each in wrong) / sum(each.size for each in wrong)
    if all(len(each) == 1 for each in columns) and share < 1.0:
        return f"wrong at output {columns[0][0]} alone" if columns[0] == columns[1] else "wrong at the last output alone"
    worst = max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, expected, strict=True))
    return f"wrong by up to {worst:.2g} of its largest entry, by no constant factor, at {share:.0%} of the outputs"


def _code(plugin: RowCost, values: Values, where: str, y: Array, t: Array) -> Iterator[Check]:
    """Sums and scale of the compiled code against the author's function, row by row."""
    plain = sum(float(plugin(a, b, np.zeros_like(a), **values)) for a, b in zip(y, t, strict=True))
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        alone = native.cost(plugin, values, y, t, dtype)
        joint, once = native.cost_gradient(plugin, values, y, t, dtype)
        _, scaled = native.cost_gradient(plugin, values, y, t, dtype, 0.125)
        error = max(abs(alone - plain), abs(joint - plain)) / max(abs(plain), 1e-300)
        fitted = bool(np.allclose(scaled, 0.125 * once, rtol=tolerance, atol=0))
        passed = error <= tolerance and fitted
        sentence = (
            f"the sum over rows, {ratio.closeness(error)}"
            if passed
            else f"the compiled sum departs from the code as written by {error:.2g}"
        )
        yield Check(CODE, f"{dtype} against the code as written{where}", passed, sentence, {"error": error})


def _extremes(plugin: RowCost, values: Values) -> Iterator[Check]:
    """Large logits must give finite values and slopes; NaN in any output must show."""
    t = np.array([[1.0, 0.0, 0.0]])
    for dtype in ("float64", "float32"):
        what, bad = f"{dtype}: large outputs", ""
        for size in (104.0, 1e3, 1e30):
            for y in ([[size, 0.0, -size]], [[-size, size, 0.0]], [[size, size, size]]):
                value, slope = native.cost_gradient(plugin, values, y, t, dtype)
                if np.isnan(value) or np.isnan(slope).any():
                    bad = bad or f"the {'value' if np.isnan(value) else 'gradient'} is nan at y = {[float(f'{v:g}') for v in y[0]]}"
        yield Check(EXTREMES, what, not bad, bad or "no nan up to +-1e30")
        hidden = [
            k for k in range(3) if not np.isnan(native.cost(plugin, values, np.where(np.arange(3) == k, np.nan, 0.5)[None], t, dtype))
        ]
        sentence = f"a nan in output {hidden[0]} does not show in the cost, which hides a divergence" if hidden else "nan stays nan"
        yield Check(EXTREMES, f"{dtype}: nan", not hidden, sentence)
