"""Muon: momentum made orthogonal by Newton-Schulz iterations; vectors are left to AdamW (in optax with Nesterov momentum).

Jordan et al. 2024; ``torch.optim.Muon`` (which iterates in bfloat16), ``optax.contrib.muon``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlab.conformance.dialects.adam import adam
from optlab.conformance.dialects.adamax import nadam
from optlab.conformance.dialects.parts import ema, norm
from optlab.conformance.dialects.record import Array, Dialect, Formula, State, dialect

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(x: Array, steps: int = 5, eps: float = 1e-7, added: bool = False) -> Array:
    """Newton-Schulz: x with its singular values near 1."""
    a, b, c = COEFFICIENTS
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    size = norm(x)
    x = x / (size + eps if added else max(size, eps))
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def _muon(scale: str, form: str) -> Formula:
    """The size of the momentum does not matter, so that a running mean and a decaying sum of gradients are one dialect."""

    def step(w: Array, g: Array, s: State, t: int, h: Any) -> Any:
        if w.shape[0] == 1:
            kept = w * (1 - h.lr * h.weight_decay)
            return (nadam("optax", "outside") if form == "corrected" else adam("outside", "both"))(kept, g, s, t, h)
        move = m = ema(s, "v", h.mu, g)
        if form == "nesterov":
            move = h.mu * m + (1 - h.mu) * g
        elif form == "corrected":
            move = h.mu * m / (1 - h.mu ** (t + 1)) + (1 - h.mu) * g / (1 - h.mu**t)
        columns, rows = w.shape
        factor = {"shape": np.sqrt(max(1.0, rows / columns)), "adam": 0.2 * np.sqrt(max(rows, columns)), "none": 1.0}[scale]
        return w * (1 - h.lr * h.weight_decay) - h.lr * factor * (
            orthogonal(move, eps=h.eps, added=True) if form == "corrected" else orthogonal(move)
        )

    return step


HYPER: dict[str, Any] = {"lr": 1e-3, "mu": 0.95, "weight_decay": 0.0, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
SCALES = {"shape": "scaled by sqrt(max(1, n_out / n_in))", "adam": "scaled by 0.2 sqrt(max(n_out, n_in))", "none": "not scaled"}
FORMS = {"nesterov": "Nesterov momentum", "plain": "momentum", "corrected": "bias-corrected Nesterov momentum (optax)"}

DIALECTS: tuple[Dialect, ...] = tuple(
    dialect("muon", f"{words}, {SCALES[scale]}", _muon(scale, form), layered=True, **HYPER)
    for scale in SCALES
    for form, words in FORMS.items()
)
