"""The step: 1 from 0 on, else 0. Its own slope is 0 everywhere, so it is trained through that of a stand-in ("straight-through").

Bengio, Leonard and Courville, arXiv:1308.3432, section 4 (straight-through estimator); Hubara et al., arXiv:1602.02830, eqs. 1-4: the
stand-in is the hard sigmoid clip((z + 1) / 2, 0, 1), so the slope is 1/2 where -1 <= z <= 1, else 0. It is *not* the derivative of the
value: finite differences of this activation give 0.
"""

from optlab.plugin import activation, clip, hookimpl, straight_through, where


@activation
def step(z):
    return straight_through(where(z >= 0, 1, where(z < 0, 0, z)), clip((z + 1) / 2, 0, 1))


@hookimpl
def register_activations(register):
    register(step)
