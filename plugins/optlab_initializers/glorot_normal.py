"""Glorot (Xavier) normal: weights from N(0, s^2) with s = sqrt(2 / (n_in + n_out)).

The variance of the uniform form. X. Glorot and Y. Bengio, AISTATS 2010, equation 12.
"""

import numpy as np

from optlab.plugin import hookimpl, initializer


@initializer
def glorot_normal(rng, n_in, n_out):
    """W ~ N(0, s^2), s = sqrt(2 / (n_in + n_out)); biases 0."""
    return np.sqrt(2.0 / (n_in + n_out)) * rng.standard_normal((n_in, n_out))


@hookimpl
def register_initializers(register):
    register(glorot_normal)
