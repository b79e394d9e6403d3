"""The exponential linear units: z above 0, a saturating exponential below. Defaults are torch's, and at 0 the slope of the branch below.

Clevert, Unterthiner and Hochreiter, arXiv:1511.07289, eq. 15 (elu); Klambauer et al., arXiv:1706.02515, eq. 2 (selu); Barron,
arXiv:1704.07483, eq. 2 (celu: its slope is continuous for every alpha).
"""

from optlab.plugin import Positive, Real, activation, expm1, hookimpl, where

ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946  # solve the fixed-point equations of arXiv:1706.02515


@activation
def elu(z, *, alpha: Real = 1.0):
    return where(z > 0, z, alpha * expm1(z))


@activation
def selu(z):
    return SCALE * where(z > 0, z, ALPHA * expm1(z))


@activation
def celu(z, *, alpha: Positive = 1.0):
    return where(z > 0, z, alpha * expm1(z / alpha))


@hookimpl
def register_activations(register):
    for each in (elu, selu, celu):
        register(each)
