"""By what factor is it wrong? A constant factor with its residual, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SAME = 1e-6
"""Relative difference below which two gradients in float64 are the same: far above rounding, far below any defect."""


class Fit(NamedTuple):
    """``found = factor * expected`` up to `residual`, the relative size of what the factor leaves unexplained."""

    factor: float
    residual: float

    def constant(self, tolerance: float = SAME) -> bool:
        """Whether one factor explains all."""
        return self.residual <= tolerance

    def right(self, tolerance: float = SAME) -> bool:
        """Whether that factor is 1."""
        return self.constant(tolerance) and abs(self.factor - 1.0) <= tolerance


def fit(found: Any, expected: Any) -> Fit:
    """The factor between two arrays: the median of the ratios of the larger entries, so that a few wild ones do not move it."""
    a, b = np.ravel(np.asarray(found, dtype=float)), np.ravel(np.asarray(expected, dtype=float))
    known = np.isfinite(b)
    a, b = a[known], b[known]
    if not np.isfinite(a).all():
        return Fit(math.nan, math.inf)
    size, largest = float(np.linalg.norm(a)), float(np.abs(b).max(initial=0.0))
    if largest == 0.0:
        return Fit(1.0, 0.0) if size == 0.0 else Fit(math.inf, math.inf)
    if size == 0.0:
        return Fit(0.0, 0.0)
    large = np.abs(b) >= 1e-3 * largest
    factor = float(np.median(a[large] / b[large]))
    return Fit(factor, float(np.linalg.norm(a - factor * b)) / size)


def fit_terms(found: Array, terms: Sequence[Array]) -> tuple[tuple[float, ...], float]:
    """Coefficients and relative residual of ``found = sum(c_k * terms[k])``; a term that is zero throughout gets 0."""
    sizes = [float(np.linalg.norm(term)) for term in terms]
    columns = np.stack([term / (size or 1.0) for term, size in zip(terms, sizes, strict=True)], axis=1)
    if not (np.isfinite(found).all() and np.isfinite(columns).all()):
        return tuple(math.nan for _ in terms), math.inf
    solution = np.linalg.lstsq(columns, found, rcond=1e-12)[0]
    total = float(np.linalg.norm(found))
    residual = float(np.linalg.norm(found - columns @ solution)) / (total or 1.0)
    return tuple(float(c) / size if size else 0.0 for c, size in zip(solution, sizes, strict=True)), residual


def number(value: float) -> str:
    """``100.0``, ``2.0``, ``1.73``, ``3.4e-05``."""
    return f"{value:.1f}" if 1.0 <= abs(value) < 1e6 and abs(10 * value - round(10 * value)) < 1e-4 * abs(value) else f"{value:.3g}"


def words(factor: float) -> str:
    """``100.0x too large``, ``2.0x too small``, ``of the wrong sign``, ``zero``, ``not finite``."""
    if not math.isfinite(factor):
        return "not finite"
    if factor == 0.0:
        return "zero"
    size = abs(factor)
    how = "" if abs(size - 1.0) <= SAME else f"{number(size)}x too large" if size > 1.0 else f"{number(1.0 / size)}x too small"
    if factor < 0.0:
        return f"of the wrong sign and {how}" if how else "of the wrong sign"
    return how or "right"


def closeness(error: float) -> str:
    """``exactly``, ``to 4e-15``."""
    return f"to {error:.1g}" if error else "exactly"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
