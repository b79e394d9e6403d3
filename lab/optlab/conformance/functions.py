"""`optlab.check_function`: somebody's own activation, cost or accuracy against what it is named after."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import native, ratio
from optlab.conformance.calling import Function, heard, one_number
from optlab.conformance.costs import cost_defects
from optlab.conformance.findings import Findings, findings
from optlab.errors import OptlabError, nearest
from optlab.registry import installed

Array = npt.NDArray[np.float64]

EXTREMES = (1000.0, 750.0, 100.0)
ACCURACY, SOFTMAX = "accuracy", "softmax"


def check_function(f: Function, name: str) -> Findings:
    """Check a hand-written function against the one it is named after.

    name: an activation of `optlab.catalogue` or "softmax": f(z) of an array (rows, columns), softmax over each row. A cost: f(outputs,
    targets) of two arrays (rows, outputs) gives one number; logits or probabilities, it finds out which. "accuracy": f(outputs,
    targets) of probabilities and one-hot rows.

    Raises:
        OptlabError: a name that is none of these, or a function that cannot be called so.
    """
    catalogue = installed()
    known = [*catalogue["activations"], SOFTMAX, *catalogue["costs"], ACCURACY]
    if name in catalogue["activations"] or name == SOFTMAX:
        defects = _activation_defects(f, name)
    elif name in catalogue["costs"]:
        defects = cost_defects(f, catalogue.cost(name))
    elif name == ACCURACY:
        defects = _accuracy_defects(f)
    else:
        raise OptlabError(f"check_function: nothing is called {name!r}{nearest(name, known)}; give one of {', '.join(known)}")
    sure = "" if name == ACCURACY else ", for large outputs too" if name in catalogue["costs"] else ", at large arguments too"
    return findings(f"{getattr(f, '__name__', 'function')} as {name}", defects, f"it is {name}{sure}")


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _right(name: str, z: Array) -> Array:
    if name == SOFTMAX:
        return _softmax(z)
    activation = installed().activation(name)
    return native.activation(activation, activation.values({}), z, "float64")[0]


def _activation_defects(f: Function, name: str) -> list[str]:
    z = np.random.default_rng(0).normal(scale=2.0, size=(6, 4))
    found, expected = heard(f, z)[0], _right(name, z)
    if np.shape(found) != z.shape:
        return [f"it returns shape {np.shape(found)} for an array of shape {z.shape}"]
    found = np.asarray(found, dtype=float)
    if not np.allclose(found, expected, rtol=1e-9, atol=1e-12):
        return [_wrong_values(name, z, found, expected)]
    for size in EXTREMES[::-1]:
        for side in (size, -size):
            large = np.array([[side, 0.0, -1.0, 1.0]]) if name == SOFTMAX else np.array([[side]])
            found, said = heard(f, large)
            argument = f"a row with the entry {side:g}" if name == SOFTMAX else f"z = {side:g}"
            defect = _overflow(name, argument, found, said, _right(name, large))
            if defect:
                return [defect]
    return []


def _wrong_values(name: str, z: Array, found: Array, expected: Array) -> str:
    fitted = ratio.fit(found, expected)
    if fitted.constant():
        return f"its values are {ratio.words(fitted.factor)}"
    if name == SOFTMAX:
        for words, axis in (("over columns", 0), ("over all entries of the array", None)):
            e = np.exp(z)
            if np.allclose(found, e / e.sum(axis=axis, keepdims=axis is not None)):
                return f"it normalises {words}; each row must add up to 1 (axis=1, keepdims=True)"
    worst = np.unravel_index(int(np.argmax(np.nan_to_num(np.abs(found - expected), nan=np.inf))), z.shape)
    return f"it is not {name}: at z = {z[worst]:.6g} it gives {found[worst]:.6g} where {expected[worst]:.6g} is right"


def _overflow(name: str, argument: str, found: Any, said: set[str], expected: Array) -> str:
    remedy = " (subtract each row's largest entry first)" if name == SOFTMAX else ""
    if found is None:
        return f"it overflows: {argument} raises OverflowError where {np.ravel(expected)[0]:.6g} is right{remedy}"
    value = np.asarray(found, dtype=float)
    wrong = ~np.isclose(value, expected, rtol=1e-9, atol=1e-12)
    if wrong.any():
        what = "overflows" if "overflow" in said or not np.isfinite(value).all() else "loses its digits"
        return f"it {what}: {argument} gives {value[wrong][0]:g} where {expected[wrong][0]:.6g} is right{remedy}"
    if "overflow" in said:
        fine = f"although the value {value.ravel()[0]:.6g} is right"
        return f"it overflows inside: {argument} makes NumPy warn, {fine}; take exp of -|z| only"
    return ""


def _accuracy_defects(f: Function) -> list[str]:
    """One-hot rows in, so that element by element and row by row give different numbers."""
    rng, n, k = np.random.default_rng(2), 40, 10
    labels = rng.integers(0, k, n)
    targets = np.eye(k)[labels]
    guesses = np.where(rng.random(n) < 0.4, labels, rng.integers(0, k, n))
    right = float((guesses == labels).mean())
    hot = np.eye(k)[guesses]
    outputs = hot * 0.9 + 0.1 * rng.dirichlet(np.ones(k), n)
    found, soft = one_number(f, hot, targets), one_number(f, outputs, targets)
    by_element = float((hot == targets).mean())
    if abs(found - by_element) < 1e-12 or abs(found - 100 * by_element) < 1e-10:
        zero, counts = one_number(f, np.zeros_like(targets), targets), "it counts one-hot arrays element by element"
        scores = f"an all-zero output scores {zero:.3g} with {k} classes, and {right:.3g} of the rows right score {found:.3g}"
        return [f"{counts}: {scores}; compare the argmax of each row"]
    if abs(found - right) > 1e-12:
        fitted = found / right
        return [f"it gives {found:.4g} where {right:.4g} of the rows are right" + (" (a percentage)" if abs(fitted - 100) < 1e-9 else "")]
    if abs(soft - right) > 1e-12:
        scores = f"probabilities with the same largest entries score {soft:.4g} where {right:.4g} is right"
        return [f"it is right for one-hot predictions only: {scores}"]
    return []
