"""Zeros: every weight 0. Right for linear and logistic regression (zero hidden layers).

With hidden layers all nodes of a layer then stay equal for ever: a start to show that symmetry must be broken.
"""

import numpy as np

from optlab.plugin import hookimpl, initializer


@initializer
def zeros(rng, n_in, n_out):
    """W = 0; biases 0."""
    return np.zeros((n_in, n_out))


@hookimpl
def register_initializers(register):
    register(zeros)
