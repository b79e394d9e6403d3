"""Inverse square root: linear warm-up in `warmup` units, then as 1 / sqrt(t), the transformer's schedule.

factor(t) = min((t + 1) / warmup, sqrt(warmup / (t + 1))), 1 at its peak in unit warmup - 1.
A. Vaswani and others, Attention is all you need, NIPS 2017, equation 3, https://arxiv.org/abs/1706.03762, whose learning rate is that
of lr = (d_model warmup)^-0.5; there t + 1 counts steps.
"""

import numpy as np

from optlab.plugin import Positive, hookimpl, schedule


@schedule
def inverse_square_root(t, total, *, warmup: Positive = 5.0):
    """factor(t) = min((t + 1) / warmup, sqrt(warmup / (t + 1)))."""
    return np.minimum((t + 1.0) / warmup, np.sqrt(warmup / (t + 1.0)))


@hookimpl
def register_schedules(register):
    register(inverse_square_root)
