"""Polynomial: from 1 down to `final` in `length` units as a power of what is left, then at `final`.

factor(t) = final + (1 - final) (1 - min(t / length, 1))^power; length = 0 stands for the whole run.
torch.optim.lr_scheduler.PolynomialLR with total_iters = length, where final = 0; with power 0.9 the "poly" policy of
L.-C. Chen and others, DeepLab, 2016, https://arxiv.org/abs/1606.00915.
"""

import numpy as np

from optlab.plugin import NonNegative, Positive, hookimpl, schedule


@schedule
def polynomial(t, total, *, power: Positive = 1.0, final: NonNegative = 0.0, length: NonNegative = 0.0):
    """factor(t) = final + (1 - final) (1 - min(t / length, 1))^power; length = 0: the whole run."""
    return final + (1.0 - final) * (1.0 - np.minimum(t / (length or total), 1.0)) ** power


@hookimpl
def register_schedules(register):
    register(polynomial)
