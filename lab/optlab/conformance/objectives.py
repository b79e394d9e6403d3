"""The gradient gate of objectives: the compiled gradient, by reverse accumulation, against complex step and central differences."""

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
from optlab.kinds import Objective

Array = npt.NDArray[Any]

POINTS = 60


def check(plugin: Objective) -> Iterator[Check]:
    """Partial derivatives at random points in both dtypes, values, and NaN."""
    rng = np.random.default_rng(5)
    stepped, differed, single, worst, worst_single = [], [], [], 0.0, 0.0
    for words, values in settings(plugin):
        variables = plugin.inputs(values)
        scales = np.repeat([0.3, 2.0], POINTS // 2)[:, None]
        x = rng.normal(scale=scales, size=(POINTS, len(variables))).astype(np.float32).astype(float)
        plain = _value(plugin, values, x)
        usable = np.isfinite(plain)
        double, joint, g = _compiled(plugin, values, x, "float64")
        single_value, _, g32 = _compiled(plugin, values, x, "float32")
        size = np.abs(plain) + float(np.median(np.abs(plain[usable])) if usable.any() else 1.0)
        worst = max(worst, float(np.max((np.maximum(np.abs(double - plain), np.abs(joint - plain)) / size)[usable], initial=0.0)))
        worst_single = max(worst_single, float(np.max((np.abs(single_value - plain) / size)[usable], initial=0.0)))
        for k, variable in enumerate(variables):
            seen = f"by {variable}{f' ({words})' if words else ''}"
            exact, (central, doubt) = _complex(plugin, values, x, k), _differences(plugin, values, x, k)
            typical = float(np.median(np.abs(central[np.isfinite(central)]))) or 1.0
            smooth = usable & (doubt <= 1e-6 * (np.abs(central) + typical))
            if exact is not None:
                known = usable & np.isfinite(exact)
                stepped.append((seen, g[known, k], exact[known]))
            differed.append((seen, g[smooth, k], central[smooth]))
            single.append((seen, g32[usable, k], g[usable, k]))
    yield _verdict(plugin, "float64 against the complex step", stepped, TOLERANCE["float64"])
    yield _verdict(plugin, "float64 against central differences", differed, DIFFERENCES_TOLERANCE)
    yield _verdict(plugin, "float32 follows float64", single, 20 * TOLERANCE["float32"])
    for dtype, error, tolerance in (("float64", worst, 1e-12), ("float32", worst_single, 1e-3)):
        sentence = (
            f"the values of the formula, {ratio.closeness(error)}" if error <= tolerance else f"departs from the formula by {error:.2g}"
        )
        yield Check(CODE, f"{dtype} against the formula", error <= tolerance, sentence, {"largest error": error})
    for dtype in ("float64", "float32"):
        yield _large(plugin, dtype)
    yield _nan(plugin)


def _value(plugin: Objective, values: Mapping[str, Value], x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(plugin(*x.T, **values), dtype=float), (len(x),))


def _compiled(plugin: Objective, values: Mapping[str, Value], x: Array, dtype: str) -> tuple[Array, Array, Array]:
    rows = [native.objective(plugin, values, each, dtype) for each in x]
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), np.stack([row[2] for row in rows]).astype(float)


def _complex(plugin: Objective, values: Mapping[str, Value], x: Array, k: int) -> Array | None:
    graph = plugin.graph(plugin.options(values))
    return references.complex_step(graph, tuple(x.T), k, {name: values[name] for name in graph.invariants})


def _differences(plugin: Objective, values: Mapping[str, Value], x: Array, k: int) -> tuple[Array, Array]:
    def along(moved: Array) -> Array:
        points = x.copy()
        points[:, k] = moved
        return _value(plugin, values, points)

    return references.differences(along, x[:, k])


def _verdict(plugin: Objective, what: str, seen: Sequence[tuple[str, Array, Array]], tolerance: float) -> Check:
    if not seen:
        return Check(DERIVATIVE, what, None, "not possible for this formula")
    errors = []
    for words, found, expected in seen:
        typical = float(np.median(np.abs(expected))) if expected.size else 1.0
        error = np.abs(found - expected) / (np.abs(expected) + (typical or 1.0))
        errors.append((float(np.max(np.nan_to_num(error, nan=np.inf), initial=0.0)), words, ratio.fit(found, expected)))
    worst, words, fit = max(errors, key=lambda one: one[0])
    numbers: dict[str, float | int | str] = {"largest error": worst, "points": sum(found.size for _, found, _ in seen)}
    if worst <= tolerance:
        return Check(DERIVATIVE, what, True, f"right {ratio.closeness(worst)} at {numbers['points']} points and variables", numbers)
    how = ratio.words(fit.factor) if fit.constant(10 * tolerance) else f"wrong by up to {worst:.2g}, by no constant factor"
    return Check(DERIVATIVE, what, False, f"the derivative of {plugin.name} {words} is {how}", {**numbers, "factor": fit.factor})


def _large(plugin: Objective, dtype: str) -> Check:
    """Far out, in the corners of a large box: no NaN; beyond, where squares and powers overflow, it is only reported."""
    values, what, beyond = plugin.values({}), f"{dtype}: large arguments", ""
    count = len(plugin.inputs(values))
    for size in (1e3, 1e30):
        for side in (np.ones(count), -np.ones(count), np.arange(count) % 2 * 2.0 - 1.0):
            value, _, g = native.objective(plugin, values, size * side, dtype)
            if np.isnan(value) or np.isnan(g).any():
                place = f"the {'value' if np.isnan(value) else 'gradient'} is nan at +-{size:g} in every variable"
                if size == 1e3:
                    return Check("Extremes", what, False, place)
                beyond = f"; {place}, where powers overflow"
            elif np.isinf(value):
                beyond = beyond or f"; the value is infinite at +-{size:g}"
    return Check("Extremes", what, True, f"no nan up to +-1000{beyond}")


def _nan(plugin: Objective) -> Check:
    """A NaN in any variable must show."""
    values = plugin.values({})
    for k, variable in enumerate(plugin.inputs(values)):
        point = np.full(len(plugin.inputs(values)), 0.5)
        point[k] = np.nan
        value, _, _ = native.objective(plugin, values, point, "float64")
        if not np.isnan(value):
            return Check("Extremes", "nan", False, f"a nan in {variable} gives the value {value:g}, which hides a divergence")
    return Check("Extremes", "nan", True, "nan stays nan")
