"""Quadratics with a given spectrum, with or without noise, in any number of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.landmarks import Known

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Quadratic:
    """(w - c)' Q (w - c) / 2 with c = 0; its gradient at step k is Q (w - noise * xi_k), xi_k standard normal. Made by `quadratic`."""

    name: str
    spectrum: Array
    matrix: Array
    noise: float

    @property
    def dimension(self) -> int:
        return len(self.spectrum)

    @property
    def doc(self) -> str:
        condition = self.spectrum.max() / self.spectrum.min() if self.spectrum.min() > 0 else np.inf
        noise = f", gradients with noise of standard deviation {self.noise:g} on the place of the minimum" if self.noise else ""
        return f"A quadratic in {self.dimension} dimensions with condition number {condition:.4g}{noise}."

    def known(self) -> Known:
        zero = (0.0,) * self.dimension
        return Known(0.0, (zero,), (1.0,) * self.dimension, ((-1.0, 1.0),) * self.dimension)

    def __call__(self, *w: Any) -> Any:
        """The value without noise, at numbers or at arrays of equal shape, one per variable."""
        stacked = np.stack(np.broadcast_arrays(*w))
        return 0.5 * np.einsum("i...,ij,j...->...", stacked, self.matrix, stacked)


def quadratic(
    spectrum: Sequence[float] | Array, *, noise: float = 0.0, rotated: bool = True, seed: int = 0, name: str = "quadratic"
) -> Quadratic:
    """A quadratic whose Hessian has these eigenvalues.

    Args:
        spectrum: eigenvalues >= 0, as many as there are dimensions; ``np.geomspace(1, 100, 20)`` has condition number 100.
        noise: standard deviation of the place of the minimum from step to step (0: none). The curves are of the value without it.
        rotated: turn the axes by a random rotation drawn from `seed` (the Q of a normal matrix, uniform over all); False: Q is diagonal.

    Raises:
        OptlabError: no eigenvalue, or a negative or non-finite one, or negative noise.
    """
    values = np.array(spectrum, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not (np.isfinite(values).all() and (values >= 0).all()):
        raise OptlabError(f"quadratic: spectrum = {spectrum!r:.60} is not allowed; give a list of at least one finite eigenvalue >= 0")
    if not (np.isfinite(noise) and noise >= 0):
        raise OptlabError(f"quadratic: noise = {noise!r} is not allowed; it must be a finite number >= 0")
    matrix = np.diag(values)
    if rotated:
        drawn = np.random.Generator(np.random.PCG64(seed)).standard_normal((len(values), len(values)))
        Q, R = np.linalg.qr(drawn)
        Q = Q * np.sign(np.diag(R))  # without the signs of R the rotation would not be uniform
        matrix = (Q * values) @ Q.T
        matrix = (matrix + matrix.T) / 2
    return Quadratic(name, values, matrix, float(noise))
