"""The shrinkages: what is near 0 becomes 0 (or nearly), the rest passes. Slope 0 at -lambd and lambd; defaults are torch's.

Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994), eqs. 12-13 (hard and soft thresholding);
``torch.nn.Tanhshrink``. hardshrink jumps at -lambd and lambd; its slope does not know.
"""

from optlab.plugin import NonNegative, activation, hookimpl, tanh, where


@activation
def hardshrink(z, *, lambd: NonNegative = 0.5):
    return where((z >= -lambd) & (z <= lambd), 0, z)


@activation
def softshrink(z, *, lambd: NonNegative = 0.5):
    return where(z > lambd, z - lambd, where(z < -lambd, z + lambd, 0 * z))


@activation
def tanhshrink(z):
    return z - tanh(z)


@hookimpl
def register_activations(register):
    for each in (hardshrink, softshrink, tanhshrink):
        register(each)
