"""Inverse scaling: factor(t) = (t + 1)^-power.

scikit-learn's `learning_rate="invscaling"` with `power_t`; there t counts the samples seen, here the schedule's own units.
With power 0.5 the rate whose regret for convex problems is O(sqrt(T)): M. Zinkevich, ICML 2003, theorem 1.
"""

from optlab.plugin import NonNegative, hookimpl, schedule


@schedule
def inverse_scaling(t, total, *, power: NonNegative = 0.5):
    """factor(t) = (t + 1)^-power."""
    return (t + 1.0) ** -power


@hookimpl
def register_schedules(register):
    register(inverse_scaling)
