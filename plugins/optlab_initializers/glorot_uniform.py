"""Glorot (Xavier) uniform: weights from U(-r, r) with r = sqrt(6 / (n_in + n_out)).

Variance 2 / (n_in + n_out): for sigmoid and tanh it keeps signals and gradients at one scale through the layers.
X. Glorot and Y. Bengio, AISTATS 2010, equation 16.
"""

import numpy as np

from optlab.plugin import hookimpl, initializer


@initializer
def glorot_uniform(rng, n_in, n_out):
    """W ~ U(-r, r), r = sqrt(6 / (n_in + n_out)); biases 0."""
    bound = np.sqrt(6.0 / (n_in + n_out))
    return rng.uniform(-bound, bound, size=(n_in, n_out))


@hookimpl
def register_initializers(register):
    register(glorot_uniform)
