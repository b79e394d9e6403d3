"""The gradient gate of activations and elementwise costs: the compiled slope against derivatives made without any derivative rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import kinks, ratio, references
from optlab.conformance.curve import Curve, curves
from optlab.conformance.record import Check
from optlab.kinds import Activation, Cost

Array = npt.NDArray[Any]

DERIVATIVE, CODE, KINKS = "Derivative", "Compiled code", "Kinks"
TOLERANCE = {"float64": 1e-9, "float32": 2e-4}
"""Largest error allowed, relative to the slope plus its typical size: about 1e6 and 1e3 roundings; a wrong rule is off by parts."""
DIFFERENCES_TOLERANCE = 1e-5  # extrapolated central differences reach 1e-8 and better where the function is smooth
_APART = 0.25  # central differences start at a step of 0.05 |x| and need a kink to be further away


def _points() -> Array:
    """Random points at three scales, the same in every run, exact in float32."""
    rng = np.random.default_rng(20)
    drawn = np.concatenate([rng.normal(scale=scale, size=120) for scale in (0.5, 2.0, 8.0)])
    return drawn.astype(np.float32).astype(float)


def check(plugin: Activation | Cost) -> Iterator[Check]:
    """Derivative, agreement of the compiled code with the formula, and kinks; at every setting and target."""
    every = list(curves(plugin))
    bends = [kinks.find(curve.formula) for curve in every]
    yield from _derivative(every, bends)
    yield from _code(every)
    yield from _kinks(every, bends)


def _away(x: Array, bends: Sequence[kinks.Kink]) -> Array:
    return (
        np.all([np.abs(x - kink.at) > _APART * np.maximum(1.0, np.abs(x)) for kink in bends], axis=0) if bends else np.full(x.shape, True)
    )


def _derivative(every: Sequence[Curve], bends: Sequence[Sequence[kinks.Kink]]) -> Iterator[Check]:
    """Compiled slopes in both dtypes at random points, away from kinks; the worst setting is the one that is shown."""
    x = _points()
    stepped: list[tuple[float, Curve, ratio.Fit]] = []
    differed: list[tuple[float, Curve, ratio.Fit]] = []
    single: list[tuple[float, Curve, ratio.Fit]] = []
    for curve, here in zip(every, bends, strict=True):
        _, _, slopes = curve.compiled(x, "float64")
        central, doubt = references.differences(curve.formula, x)
        known = np.isfinite(central) & (doubt <= 1e-6 * (np.abs(central) + _typical(central))) & _away(x, here)
        if known.any() and not curve.borrowed:
            differed.append(_compare(slopes[known], central[known], curve))
        exact = curve.complex_slope(x)
        off_kinks = np.all([np.abs(x - kink.at) > 1e-6 for kink in here], axis=0) if here else np.full(x.shape, True)
        if exact is not None:
            usable = np.isfinite(exact) & np.isfinite(curve.formula(x)) & off_kinks
            stepped.append(_compare(slopes[usable], exact[usable], curve))
        usable = np.isfinite(slopes) & off_kinks
        single.append(_compare(curve.compiled(x[usable], "float32")[2].astype(float), slopes[usable], curve))
    yield _verdict("float64 against the complex step", stepped, TOLERANCE["float64"], len(x))
    if not any(curve.borrowed for curve in every):
        yield _verdict("float64 against central differences", differed, DIFFERENCES_TOLERANCE, len(x))
    yield _verdict("float32 follows float64", single, TOLERANCE["float32"], len(x))


def _typical(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(np.median(finite[finite > 0])) if (finite > 0).any() else 1.0


def _compare(found: Array, expected: Array, curve: Curve) -> tuple[float, Curve, ratio.Fit]:
    """(largest relative error, the curve, the factor between the two)."""
    if not found.size:
        return 0.0, curve, ratio.Fit(1.0, 0.0)
    error = np.abs(found - expected) / (np.abs(expected) + _typical(expected))
    return float(np.max(np.nan_to_num(error, nan=np.inf))), curve, ratio.fit(found, expected)


def _verdict(what: str, seen: Sequence[tuple[float, Curve, ratio.Fit]], tolerance: float, points: int) -> Check:
    if not seen:
        return Check(DERIVATIVE, what, None, "not possible for this formula")
    error, curve, fit = max(seen, key=lambda one: one[0])
    numbers: dict[str, float | int | str] = {"largest error": error, "points": points * len(seen)}
    if error <= tolerance:
        return Check(DERIVATIVE, what, True, f"right {ratio.closeness(error)} at {points * len(seen)} points", numbers)
    how = ratio.words(fit.factor) if fit.constant(10 * tolerance) else f"wrong by up to {error:.2g}, by no constant factor"
    return Check(DERIVATIVE, what, False, f"the slope of {curve.plugin.name} is {how}{curve.where}", {**numbers, "factor": fit.factor})


def _code(every: Sequence[Curve]) -> Iterator[Check]:
    """Values: the compiled code against the author's function, and its two functions against each other."""
    x, name = _points(), every[0].plugin.name
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-4)):
        worst, where, agree = 0.0, "", True
        for curve in every:
            plain = curve.formula(x)
            known = np.isfinite(plain)
            alone, joint, _ = curve.compiled(x[known], dtype)
            error = np.abs(alone - plain[known]) / (np.abs(plain[known]) + _typical(plain))
            agree &= bool(np.array_equal(alone, joint, equal_nan=True) or np.allclose(alone, joint, rtol=tolerance, atol=0, equal_nan=True))
            largest = float(np.max(np.nan_to_num(error, nan=np.inf), initial=0.0))
            worst, where = max((worst, where), (largest, curve.where))
        passed = worst <= tolerance and agree
        sentence = (
            f"the values of the formula, {ratio.closeness(worst)}"
            if passed
            else f"the compiled {name} departs from its formula by {worst:.2g}{where}"
        )
        if not agree:
            sentence = f"the compiled {name} has another value with its slope than without it"
        yield Check(CODE, f"{dtype} against the formula", passed, sentence, {"largest error": worst})


def _kinks(every: Sequence[Curve], bends: Sequence[Sequence[kinks.Kink]]) -> Iterator[Check]:
    """At each kink, the slope that the convention gives, and whether it is one of those between left and right."""
    seen = False
    for curve, here in zip(every, bends, strict=True):
        if curve.words:
            continue  # the same kinks, moved
        for kink in here:
            seen = True
            slope = float(curve.compiled(np.array([kink.at]), "float64")[2][0])
            low, high = sorted((kink.left, kink.right))
            margin = 1e-6 * max(1.0, abs(low), abs(high))
            passed = None if curve.borrowed else low - margin <= slope <= high + margin
            place = f"{curve.variable} = {kink.at:.6g}{curve.where}"
            sides = f"{_short(kink.left)} from the left and {_short(kink.right)} from the right"
            sentence = f"the slope is {sides}; the convention gives {_short(slope)}"
            if kink.jump:
                sentence = f"the value jumps by {_short(kink.jump)}, which no slope shows; {sentence}"
            if curve.borrowed:
                sentence += ", another formula's by design (straight_through)"
            elif not passed:
                sentence += ", which lies not between them"
            yield Check(
                KINKS, place, passed, sentence, {"at": kink.at, "left": kink.left, "right": kink.right, "slope": slope, "jump": kink.jump}
            )
    if not seen:
        yield Check(
            KINKS, f"between -{kinks.REACH:g} and {kinks.REACH:g}", True, "none: left and right difference quotients agree everywhere"
        )


def _short(value: float) -> str:
    rounded = round(value, 6)
    return f"{rounded or 0.0:g}"
