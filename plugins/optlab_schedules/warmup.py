"""Warm-up: a smaller learning rate in the first `length` units, then the given one.

"linear": factor(t) = start + (1 - start) min(t / length, 1), torch.optim.lr_scheduler.LinearLR with start_factor = start.
"constant": `start` up to unit `length`, then 1, torch.optim.lr_scheduler.ConstantLR with factor = start. total_iters = length in both.
P. Goyal and others, 2017, section 2.2 ("gradual" and "constant" warm-up), https://arxiv.org/abs/1706.02677.
Most useful beside another schedule: "warmup+cosine" multiplies the factors, "warmup then cosine" lets the cosine begin after it.
"""

from typing import Literal

import numpy as np

from optlab.plugin import NonNegative, Positive, hookimpl, schedule


@schedule
def warmup(t, total, *, length: Positive = 5.0, start: NonNegative = 1 / 3, shape: Literal["linear", "constant"] = "linear"):
    """factor(t) = start + (1 - start) min(t / length, 1), or `start` while t < length."""
    if shape == "constant":
        return np.where(t < length, start, 1.0)
    return start + (1.0 - start) * np.minimum(t / length, 1.0)


@hookimpl
def register_schedules(register):
    register(warmup)
