"""The rectifiers: a straight line above 0, another or none below. All keep NaN visible; defaults and slopes at kinks are torch's.

Nair and Hinton, ICML 2010 (relu); Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010 (relu6); Maas, Hannun and Ng, ICML
2013 (leaky_relu); He, Zhang, Ren and Sun, arXiv:1502.01852, eq. 1 (prelu); Xu et al., arXiv:1505.00853, section 2.4 (rrelu).
Slope at a kink: relu 0 at 0, relu6 0 at 0 and 6, the others that of the branch below.
"""

from optlab.plugin import NonNegative, Real, activation, hookimpl, maximum, where


@activation
def relu(z):
    return maximum(0, z)


@activation
def relu6(z):
    return where(z <= 0, 0, where(z >= 6, 6, z))


@activation
def leaky_relu(z, *, slope: NonNegative = 0.01):
    return where(z > 0, z, slope * z)


@activation
def prelu(z, *, slope: Real = 0.25):
    """PReLU at a fixed slope, torch's first value of the one it learns: leaky_relu with another default and any sign of the slope."""
    return where(z > 0, z, slope * z)


@activation
def rrelu(z, *, lower: NonNegative = 1 / 8, upper: NonNegative = 1 / 3):
    """Randomised leaky ReLU as it is evaluated: the slope is the mean of the interval it is drawn from in training."""
    return where(z > 0, z, (lower + upper) / 2 * z)


@activation
def threshold(z, *, threshold: Real = 0.0, value: Real = 0.0):
    """z above the threshold, else the value, with slope 0. torch has no defaults; these make it relu."""
    return where(z <= threshold, value, z)


@hookimpl
def register_activations(register):
    for each in (relu, relu6, leaky_relu, prelu, rrelu, threshold):
        register(each)
