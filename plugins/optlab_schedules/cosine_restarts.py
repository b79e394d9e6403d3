"""Cosine with warm restarts: half a cosine from 1 towards `final`, begun again after each period.

factor(t) = final + (1 - final) (1 + cos(pi u / p)) / 2, u units into a period of length p; the first is `period` units long, each
further one `growth` times as long as the one before.
I. Loshchilov and F. Hutter, SGDR, ICLR 2017, equation 5, https://arxiv.org/abs/1608.03983;
torch.optim.lr_scheduler.CosineAnnealingWarmRestarts with T_0 = period, T_mult = growth and eta_min = final * lr.
"""

import numpy as np

from optlab.plugin import Count, NonNegative, hookimpl, schedule


@schedule
def cosine_restarts(t, total, *, period: Count = 10, growth: Count = 1, final: NonNegative = 0.0):
    """factor(t) = final + (1 - final) (1 + cos(pi u / p)) / 2, u units into a period of length p."""
    last = np.max(t, initial=0.0)
    begins, length = [0.0], period
    while begins[-1] + length <= last:
        begins.append(begins[-1] + length)
        length *= growth
    which = np.searchsorted(begins, t, side="right") - 1
    through = (t - np.take(begins, which)) / (period * float(growth) ** which)
    return final + (1.0 - final) * 0.5 * (1.0 + np.cos(np.pi * through))


@hookimpl
def register_schedules(register):
    register(cosine_restarts)
