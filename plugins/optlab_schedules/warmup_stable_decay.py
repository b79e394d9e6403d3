"""Warm-up, stable, decay: up in the first share of the run, level, down in the last share.

With W = warmup * total, D = decay * total and u = min(1, (total - t) / D), what is left of the decay:
factor(t) = (start + (1 - start) min(t / W, 1)) (final + (1 - final) d(u)), where d by `shape` is "linear" u, "cosine"
(1 - cos(pi u)) / 2, "sqrt" 1 - sqrt(1 - u). "linear" equals torch's SequentialLR of LinearLR, a constant and LinearLR.
S. Hu and others, MiniCPM, 2024, section 4, https://arxiv.org/abs/2404.06395; "sqrt", which they call 1-sqrt, after A. Hägele and
others, NeurIPS 2024, section 3, https://arxiv.org/abs/2405.18392.
"""

from typing import Literal

import numpy as np

from optlab.plugin import Fraction, NonNegative, hookimpl, schedule


@schedule
def warmup_stable_decay(
    t, total, *, warmup: Fraction = 0.05, decay: Fraction = 0.2, start: NonNegative = 0.0, final: NonNegative = 0.0,
    shape: Literal["linear", "cosine", "sqrt"] = "linear",
):  # fmt: skip
    """From `start` to 1 in the first share `warmup` of the run, 1, then down to `final` in the last share `decay`."""
    rise = np.minimum(t / (warmup * total), 1.0) if warmup else np.ones(len(t))
    left = np.minimum((total - t) / (decay * total), 1.0) if decay else np.ones(len(t))
    fall = {"linear": left, "cosine": 0.5 * (1.0 - np.cos(np.pi * left)), "sqrt": 1.0 - np.sqrt(1.0 - left)}[shape]
    return (start + (1.0 - start) * rise) * (final + (1.0 - final) * fall)


@hookimpl
def register_schedules(register):
    register(warmup_stable_decay)
