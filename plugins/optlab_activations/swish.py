"""Self-gated: z times a sigmoid of itself. swish is SiLU at beta = 1, which also goes by the names silu; mish gates by tanh(softplus).

Ramachandran, Zoph and Le, arXiv:1710.05941, section 3 (swish); Misra, arXiv:1908.08681, eq. 1 (mish).
"""

from optlab.plugin import Real, activation, hookimpl, logaddexp, sigmoid, tanh


@activation
def swish(z, *, beta: Real = 1.0):
    return z * sigmoid(beta * z)


@activation
def mish(z):
    return z * tanh(logaddexp(z, 0))


@hookimpl
def register_activations(register):
    register(swish)
    register(mish)
