"""The gradient gate at the ends of the number range: large and tiny arguments, where values overflow, infinities, NaN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import ratio
from optlab.conformance.curve import Curve, curves
from optlab.conformance.record import Check
from optlab.conformance.slopes import TOLERANCE
from optlab.kinds import Activation, Cost

Array = npt.NDArray[Any]

SECTION = "Extremes"
# exp overflows above 88.7 (float32) and 709.8 (float64) and is subnormal below -87.3 and -708.4
LARGE = (88.0, 89.0, 104.0, 700.0, 709.7, 710.0, 746.0, 1e3, 1e30)


def check(plugin: Activation | Cost) -> Iterator[Check]:
    """Values and slopes of the default setting at both ends of each dtype, at every target."""
    here = [curve for curve in curves(plugin) if not curve.words]
    for dtype in ("float64", "float32"):
        yield _finite(here, dtype)
        yield _tiny(here, dtype)
        yield _nan(here, dtype)
    yield _slopes(here)
    yield _infinities(here[0])


def _finite(here: list[Curve], dtype: str) -> Check:
    """No NaN at a large argument where a small one of the same sign has none; infinities are reported, not judged."""
    sides = np.array([-1.0, 1.0])
    overflows: list[str] = []
    for curve in here:
        defined = np.isfinite(curve.compiled(sides, dtype)[0])
        for side in sides[defined]:
            x = side * np.array(LARGE, dtype=dtype)
            value, _, slope = curve.compiled(x, dtype)
            for what, found in (("value", value), ("slope", slope)):
                bad = np.isnan(found)
                if bad.any():
                    place = f"{curve.variable} = {x[bad][0]:.4g}"
                    sentence = f"the {what} is nan at {place}{curve.where}; it was a number at {curve.variable} = {side:g}"
                    return Check(SECTION, f"{dtype}: large arguments", False, sentence, {"at": float(x[bad][0])})
            if np.isinf(value).any():
                overflows.append(f"{curve.variable} = {x[np.isinf(value)][0]:.4g}{curve.where}")
    sentence = f"no nan up to +-{LARGE[-1]:g}" + (f"; the value is infinite at {overflows[0]}" if overflows else "")
    return Check(SECTION, f"{dtype}: large arguments", True, sentence)


def _tiny(here: list[Curve], dtype: str) -> Check:
    """Around 0: signed zeros, subnormal numbers."""
    smallest, normal = (float(getattr(np.finfo(dtype), name)) for name in ("smallest_subnormal", "tiny"))
    x = np.array([0.0, smallest, normal])
    for curve in here:
        value, _, slope = curve.compiled(np.concatenate([x, -x]), dtype)
        near = curve.compiled(np.array([1e-3, -1e-3]), dtype)[0]
        for what, found in (("value", value), ("slope", slope)):
            for side, part, close in ((1.0, found[:3], near[0]), (-1.0, found[3:], near[1])):
                if np.isnan(part).any() and np.isfinite(close):
                    place = side * x[np.isnan(part)][0]
                    sentence = f"the {what} is nan at {curve.variable} = {place:.3g}{curve.where}"
                    return Check(SECTION, f"{dtype}: zeros and subnormals", False, sentence, {"at": float(place)})
    return Check(SECTION, f"{dtype}: zeros and subnormals", True, f"no nan at +-0, +-{smallest:.2g}, +-{normal:.2g}")


def _nan(here: list[Curve], dtype: str) -> Check:
    """NaN in, NaN out: a function that hides NaN hides a divergence."""
    for curve in here:
        value, _, _ = curve.compiled(np.array([np.nan]), dtype)
        if not np.isnan(value[0]):
            sentence = (
                f"{curve.plugin.name}(nan) is {value[0]:g}{curve.where}, which hides a divergence; "
                "use maximum, minimum or clip, or let the branch of where that a nan takes depend on the argument"
            )
            return Check(SECTION, f"{dtype}: nan", False, sentence)
    return Check(SECTION, f"{dtype}: nan", True, "nan stays nan")


def _slopes(here: list[Curve]) -> Check:
    """Far out, the compiled slope against the complex step."""
    x = np.array([*LARGE, *(-each for each in LARGE)])
    worst, place, seen = 0.0, "", 0
    for curve in here:
        exact = curve.complex_slope(x)
        if exact is None:
            continue
        slope, value = curve.compiled(x, "float64")[2], curve.formula(x)
        usable = np.isfinite(exact) & np.isfinite(value) & (np.abs(value) < 1e300)
        if not usable.any():
            continue
        error = np.nan_to_num(np.abs(slope[usable] - exact[usable]) / (np.abs(exact[usable]) + 1.0), nan=np.inf)
        seen += int(usable.sum())
        if error.max() > worst:
            worst, place = float(error.max()), f"{curve.variable} = {x[usable][error.argmax()]:.4g}{curve.where}"
    if not seen:
        return Check(SECTION, "float64: slopes far out", None, "not possible for this formula")
    passed = worst <= TOLERANCE["float64"]
    fine, wrong = f"the slope agrees with the complex step {ratio.closeness(worst)}", f"the slope is wrong by {worst:.2g} at {place}"
    sentence = fine if passed else wrong
    return Check(SECTION, "float64: slopes far out", passed, sentence, {"largest error": worst, "points": seen})


def _infinities(curve: Curve) -> Check:
    """What the formula makes of infinities and of the largest numbers; IEEE arithmetic decides, so it is only reported."""
    highest = float(np.finfo(np.float64).max)
    value, _, slope = curve.compiled(np.array([-np.inf, -highest, highest, np.inf]), "float64")
    names = ("-inf", "lowest number", "highest number", "inf")
    parts = [f"{x}: {v:.3g}, slope {s:.3g}" for x, v, s in zip(names, value, slope, strict=True)]
    return Check(SECTION, f"float64: infinities{curve.where}", None, "; ".join(parts))
