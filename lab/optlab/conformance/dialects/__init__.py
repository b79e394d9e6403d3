"""Reference implementations of update rules in plain NumPy, each dialect that circulates, written from papers and libraries."""

from __future__ import annotations

from optlab.conformance.dialects import adagrad, adam, adamax, averaged, factored, layers, matrices, mixed, momentum, radam, rmsprop, signs
from optlab.conformance.dialects.record import Dialect

DIALECTS: tuple[Dialect, ...] = (
    *momentum.DIALECTS,
    *adagrad.DIALECTS,
    *rmsprop.DIALECTS,
    *adam.DIALECTS,
    *adamax.DIALECTS,
    *radam.DIALECTS,
    *signs.DIALECTS,
    *layers.DIALECTS,
    *factored.DIALECTS,
    *mixed.DIALECTS,
    *averaged.DIALECTS,
    *matrices.DIALECTS,
)
