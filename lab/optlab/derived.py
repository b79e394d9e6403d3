"""What is computed once per data set and needed by each of its trials."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded
from optlab.data import Part
from optlab.kinds import Cost, RowCost

Array = npt.NDArray[Any]
T = TypeVar("T")

_kept: weakref.WeakKeyDictionary[Part, dict[Any, Any]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def once(part: Part, key: Any, make: Callable[[], T]) -> T:
    """`make()` the first time, the same object afterwards; forgotten with the part. Safe between threads."""
    with _lock:
        kept = _kept.setdefault(part, {})
        if key not in kept:
            kept[key] = make()
        found: T = kept[key]
        return found


_COST_GRADIENT = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2, ctypes.c_void_p, ctypes.c_double)


def arrays(part: Part, dtype: str) -> tuple[Array, Array]:
    """X and Y of a part in a trial's dtype, contiguous."""
    return once(part, dtype, lambda: (np.ascontiguousarray(part.X, dtype=dtype), np.ascontiguousarray(part.Y, dtype=dtype)))


def variation(part: Part) -> float:
    """Sum of squared deviations of the targets from their column means: the denominator of R^2."""
    return once(part, "variation", lambda: float(((part.Y - part.Y.mean(axis=0)) ** 2).sum()))


def constant_cost(part: Part, cost: Cost | RowCost, hyper: dict[str, Any]) -> float:
    """Mean cost of the best constant prediction: what a network must beat to have learned anything from X."""

    def solve() -> float:
        from scipy.optimize import minimize

        compiled, block = cost.compiled("float64", cost.options(hyper)), np.array([*cost.block(hyper), 0.0])
        call = _COST_GRADIENT(compiled.value_gradient)
        count = len(part) * cost.terms(part.Y.shape[1])

        def mean(y: Array) -> tuple[float, Array]:
            outputs, slopes = np.ascontiguousarray(np.broadcast_to(y, part.Y.shape)), np.empty_like(part.Y)
            total = call(*(a.ctypes.data for a in (outputs, part.Y, slopes)), *part.Y.shape, block.ctypes.data, 1.0 / count)
            return total / count, slopes.sum(axis=0)

        with single_threaded():
            return float(minimize(mean, part.Y.mean(axis=0), jac=True, method="L-BFGS-B").fun)

    return once(part, (cost.digest(cost.options(hyper)), tuple(sorted(hyper.items()))), solve)
