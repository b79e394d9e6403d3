"""Linear: from `start` to `end` in `length` units, then at `end`.

factor(t) = start + (end - start) min(t / length, 1); length = 0 stands for the whole run, which then would reach `end` in unit `total`.
torch.optim.lr_scheduler.LinearLR with start_factor = start, end_factor = end and total_iters = length.
"""

import numpy as np

from optlab.plugin import NonNegative, hookimpl, schedule


@schedule
def linear(t, total, *, start: NonNegative = 1.0, end: NonNegative = 0.0, length: NonNegative = 0.0):
    """factor(t) = start + (end - start) min(t / length, 1); length = 0: the whole run."""
    return start + (end - start) * np.minimum(t / (length or total), 1.0)


@hookimpl
def register_schedules(register):
    register(linear)
