"""Step: the learning rate is multiplied by `factor` after each `every` units.

torch.optim.lr_scheduler.StepLR with step_size = every and gamma = factor.
"""

from optlab.plugin import Count, Positive, hookimpl, schedule


@schedule
def step(t, total, *, every: Count = 10, factor: Positive = 0.1):
    """factor(t) = factor^floor(t / every)."""
    return factor ** (t // every)


@hookimpl
def register_schedules(register):
    register(step)
