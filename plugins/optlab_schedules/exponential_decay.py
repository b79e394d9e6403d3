"""Exponential: the learning rate is multiplied by `factor` after each unit.

torch.optim.lr_scheduler.ExponentialLR with gamma = factor.
"""

from optlab.plugin import Positive, hookimpl, schedule


@schedule
def exponential(t, total, *, factor: Positive = 0.95):
    """factor(t) = factor^t."""
    return factor**t


@hookimpl
def register_schedules(register):
    register(exponential)
