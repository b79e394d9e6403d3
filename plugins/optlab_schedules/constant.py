"""Constant: the learning rate stays as it is."""

import numpy as np

from optlab.plugin import hookimpl, schedule


@schedule
def constant(t, total):
    """factor(t) = 1."""
    return np.ones(len(t))


@hookimpl
def register_schedules(register):
    register(constant)
