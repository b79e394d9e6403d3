"""Smooth rectifiers: softplus, log(1 + exp(beta z)) / beta; its mirror image logsigmoid; squareplus, which needs no exponential.

Dugas et al., NIPS 2000 (softplus); ``torch.nn.LogSigmoid``; Barron, arXiv:2112.11687, eq. 1 (squareplus; at b = 4 it is 1 at 0).
As logaddexp(z, 0), which neither overflows nor loses the digits of small values; its slope is the sigmoid, 1/2 at 0. torch's softplus is
cut to z where beta z > 20, which costs up to 2e-9; this one is not.
"""

from optlab.plugin import Positive, activation, hookimpl, logaddexp, sqrt


@activation
def softplus(z, *, beta: Positive = 1.0):
    return logaddexp(beta * z, 0) / beta


@activation
def logsigmoid(z):
    return -logaddexp(-z, 0)


@activation
def squareplus(z, *, b: Positive = 4.0):
    return (z + sqrt(z * z + b)) / 2


@hookimpl
def register_activations(register):
    for each in (softplus, logsigmoid, squareplus):
        register(each)
