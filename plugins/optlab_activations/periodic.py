"""The periodic ones: sine, and snake, which is z plus a ripple and so learns a period without losing the trend.

Sitzmann et al., arXiv:2006.09661, section 3 (sine; they take omega = 30 in the first layer, with weights drawn to match); Ziyin, Hartwig
and Ueda, arXiv:2006.08195, eq. 3 (snake).
"""

from optlab.plugin import Positive, activation, hookimpl, sin


@activation
def sine(z, *, omega: Positive = 1.0):
    return sin(omega * z)


@activation
def snake(z, *, a: Positive = 1.0):
    return z + sin(a * z) ** 2 / a


@hookimpl
def register_activations(register):
    register(sine)
    register(snake)
