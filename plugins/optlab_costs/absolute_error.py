"""Absolute error |y - t|, averaged over samples and outputs; its constant minimiser is the median. ``torch.nn.L1Loss``.

Slope 0 at y = t.
"""

from optlab.plugin import cost, hookimpl


@cost
def absolute_error(y, t):
    return abs(y - t)


@hookimpl
def register_costs(register):
    register(absolute_error)
