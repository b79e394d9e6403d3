"""Piecewise linear stand-ins for saturating functions. Slopes at kinks are torch's: those of the flat side, for hardswish of the outer one.

Collobert, "Large scale machine learning", thesis, Paris 6 (2004), section 5 (hardtanh); Courbariaux, Bengio and David, arXiv:1511.00363,
section 2.2 (hardsigmoid; torch has the slope 1/6); Howard et al., arXiv:1905.02244, section 5.2 (hardswish).
"""

from optlab.plugin import Real, activation, hookimpl, where


@activation
def hardtanh(z, *, min_val: Real = -1.0, max_val: Real = 1.0):
    return where(z <= min_val, min_val, where(z >= max_val, max_val, z))


@activation
def hardsigmoid(z):
    return where(z <= -3, 0, where(z >= 3, 1, z / 6 + 0.5))


@activation
def hardswish(z):
    return where(z <= -3, 0, where(z >= 3, z, z * (z + 3) / 6))


@hookimpl
def register_activations(register):
    for each in (hardtanh, hardsigmoid, hardswish):
        register(each)
