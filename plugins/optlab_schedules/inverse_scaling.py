"""Inverse scaling: factor(t) = (scale * t + 1)^-power.

scikit-learn's `learning_rate="invscaling"` with `power_t`; there time is samples seen, here the schedule's own units: per epoch, with
scale = rows of the training set, the two are the same.
With power 0.5 the rate whose regret for convex problems is O(sqrt(T)): M. Zinkevich, ICML 2003, theorem 1.
"""

from optlab.plugin import NonNegative, Positive, hookimpl, schedule


@schedule
def inverse_scaling(t, total, *, power: NonNegative = 0.5, scale: Positive = 1.0):
    """factor(t) = (scale * t + 1)^-power."""
    return (scale * t + 1.0) ** -power


@hookimpl
def register_schedules(register):
    register(inverse_scaling)
