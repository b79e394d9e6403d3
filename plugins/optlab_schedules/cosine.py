"""Cosine: half a cosine from 1 down to `final`, which unit `total` would have.

factor(t) = final + (1 - final) (1 + cos(pi t / total)) / 2.
I. Loshchilov and F. Hutter, SGDR, ICLR 2017, equation 5 without restarts, https://arxiv.org/abs/1608.03983;
torch.optim.lr_scheduler.CosineAnnealingLR with T_max = total and eta_min = final * lr.
"""

import numpy as np

from optlab.plugin import NonNegative, hookimpl, schedule


@schedule
def cosine(t, total, *, final: NonNegative = 0.0):
    """factor(t) = final + (1 - final) (1 + cos(pi t / total)) / 2."""
    return final + (1.0 - final) * 0.5 * (1.0 + np.cos(np.pi * t / total))


@hookimpl
def register_schedules(register):
    register(cosine)
