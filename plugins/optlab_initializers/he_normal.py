"""He (Kaiming) normal: weights from N(0, s^2) with s = sqrt(2 / n_in), for ReLU and its kin.

K. He, X. Zhang, S. Ren and J. Sun, ICCV 2015, equation 10, https://arxiv.org/abs/1502.01852. Not truncated (TensorFlow's is).
"""

import numpy as np

from optlab.plugin import hookimpl, initializer


@initializer
def he_normal(rng, n_in, n_out):
    """W ~ N(0, s^2), s = sqrt(2 / n_in); biases 0."""
    return np.sqrt(2.0 / n_in) * rng.standard_normal((n_in, n_out))


@hookimpl
def register_initializers(register):
    register(he_normal)
