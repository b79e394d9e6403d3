"""One cycle: up from `start` to `peak` in a share of the run, then down to `final`.

Two phases: start -> peak, which ends in unit rise * total - 1, and peak -> final, which ends in unit total - 1. Three phases
(`three_phase`): start -> peak, peak -> start in as many units, start -> final in the rest. Factors are shares of the learning rate,
which is that of the peak.
L. N. Smith and N. Topin, Super-convergence, 2017, https://arxiv.org/abs/1708.07120;
torch.optim.lr_scheduler.OneCycleLR with max_lr = lr, pct_start = rise, div_factor = 1 / start, final_div_factor = start / final.
Its momentum, from max_momentum = mu down to base_momentum and back: "one_cycle and mu: one_cycle" with the second one's start = 1,
peak = base_momentum / max_momentum and final = 1.
"""

from typing import Literal

import numpy as np

from optlab.plugin import Fraction, NonNegative, hookimpl, schedule


@schedule
def one_cycle(
    t, total, *, start: NonNegative = 0.04, peak: NonNegative = 1.0, final: NonNegative = 4e-6, rise: Fraction = 0.3,
    shape: Literal["cosine", "linear"] = "cosine", three_phase: bool = False,
):  # fmt: skip
    """start -> peak in `rise` of the run, then peak -> final; three_phase: start -> peak -> start -> final."""
    top, back, end = rise * total - 1.0, 2.0 * rise * total - 2.0, total - 1.0
    corners = [(0.0, start), (top, peak), (back, start), (end, final)] if three_phase else [(0.0, start), (top, peak), (end, final)]
    ends = np.array([at for at, _ in corners])
    values = np.array([value for _, value in corners])
    phase = np.minimum(np.searchsorted(np.maximum.accumulate(ends[1:]), t, side="left"), len(corners) - 2)
    length = ends[phase + 1] - ends[phase]
    through = np.where(length > 0, (t - ends[phase]) / np.where(length > 0, length, 1.0), 1.0)
    if shape == "cosine":
        through = 0.5 * (1.0 - np.cos(np.pi * through))
    return values[phase] + (values[phase + 1] - values[phase]) * through


@hookimpl
def register_schedules(register):
    register(one_cycle)
