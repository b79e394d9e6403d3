"""Cyclic: up from `low` to `high` in `up` units, down again in `down` units, and so on.

factor(t) = low + (high - low) x(t) s(t), x the triangle between 0 and 1. Its height s by `shape`: "triangular" 1, "triangular2"
2^-(cycles finished), "exp_range" gamma^t. Factors are shares of the learning rate.
L. N. Smith, WACV 2017, section 3, https://arxiv.org/abs/1506.01186; torch.optim.lr_scheduler.CyclicLR with base_lr = low * lr,
max_lr = high * lr, step_size_up = up, step_size_down = down. Its momentum, from max_momentum = mu down to base_momentum and back:
"cyclic and mu: cyclic" with the second one's low = 1 and high = base_momentum / max_momentum.
"""

from typing import Literal

import numpy as np

from optlab.plugin import Count, NonNegative, Positive, hookimpl, schedule


@schedule
def cyclic(
    t, total, *, low: NonNegative = 0.25, high: NonNegative = 1.0, up: Count = 10, down: Count = 10,
    shape: Literal["triangular", "triangular2", "exp_range"] = "triangular", gamma: Positive = 0.99,
):  # fmt: skip
    """factor(t) = low + (high - low) x(t) s(t): a triangle x between 0 and 1 whose height s stays, halves each cycle, or is gamma^t."""
    cycle, into = np.divmod(t, up + down)
    triangle = np.where(into <= up, into / up, (up + down - into) / down)
    height = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": gamma**t}[shape]
    return low + (high - low) * triangle * height


@hookimpl
def register_schedules(register):
    register(cyclic)
