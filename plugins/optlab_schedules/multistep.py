"""Multistep: the learning rate is multiplied by `factor` at up to three milestones; one beyond the run never comes.

torch.optim.lr_scheduler.MultiStepLR with milestones = [first, second, third] and gamma = factor. With factor 0.1 and the milestones
30, 60, 80 of 90 epochs the schedule of P. Goyal and others, 2017, section 5.1, https://arxiv.org/abs/1706.02677.
For more milestones multiply: "multistep+multistep".
"""

import numpy as np

from optlab.plugin import NonNegative, Positive, hookimpl, schedule


@schedule
def multistep(t, total, *, first: NonNegative = 30.0, second: NonNegative = 60.0, third: NonNegative = 80.0, factor: Positive = 0.1):
    """factor(t) = factor^(milestones <= t)."""
    return factor ** np.searchsorted(np.sort([first, second, third]), t, side="right").astype(float)


@hookimpl
def register_schedules(register):
    register(multistep)
