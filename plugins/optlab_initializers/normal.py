"""Normal: weights from N(0, scale^2), whatever the layer's size. The lecture notes' start, with scale 1."""

from optlab.plugin import NonNegative, hookimpl, initializer


@initializer
def normal(rng, n_in, n_out, *, scale: NonNegative = 1.0):
    """W ~ N(0, scale^2); biases 0."""
    return scale * rng.standard_normal((n_in, n_out))


@hookimpl
def register_initializers(register):
    register(normal)
