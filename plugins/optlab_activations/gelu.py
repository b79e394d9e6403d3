"""GELU: z times the probability that a standard normal number lies below z. Hendrycks and Gimpel, arXiv:1606.08415, eq. 1 (exact form)."""

from optlab.plugin import activation, erf, hookimpl


@activation
def gelu(z):
    return 0.5 * z * (1 + erf(z * 2**-0.5))


@hookimpl
def register_activations(register):
    register(gelu)
