"""Hyperbolic: factor(t) = t0 / (t + t1), the lecture notes' time decay.

In the notes this is the learning rate itself: give lr = 1 for that. It starts at t0 / t1, so with t0 = t1 at the given rate.
It meets the conditions of H. Robbins and S. Monro, Annals of Mathematical Statistics 22 (1951) 400-407: the sum of the
rates diverges, the sum of their squares does not.
"""

from optlab.plugin import Positive, hookimpl, schedule


@schedule
def hyperbolic(t, total, *, t0: Positive = 5.0, t1: Positive = 50.0):
    """factor(t) = t0 / (t + t1)."""
    return t0 / (t + t1)


@hookimpl
def register_schedules(register):
    register(hyperbolic)
