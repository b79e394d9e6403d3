"""RMSprop: steps scaled by the root of a running mean of squared gradients.

Tieleman and Hinton, Coursera lecture 6.5 (2012); ``centered``: Graves, arXiv:1308.0850, eqs. 38-45. Default: ``torch.optim.RMSprop``
(its alpha is rho here), eps outside the root, mean square from 0. Dialects: TensorFlow and optax put eps inside the root
(``eps_inside``), and TensorFlow 1 starts the mean square at 1 (``initial``). ``centered`` subtracts the squared mean; a
difference that rounding makes negative counts as 0, where torch and optax return NaN.
"""

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, maximum, optimizer, sqrt


@optimizer(start={"s": "initial"}, verified=("torch.optim.RMSprop 2.13", "optax.rmsprop 0.2.8"))
def rmsprop(
    w, g, s, m, v, *, lr: Positive = 1e-2, rho: Decay = 0.99, eps: Positive = 1e-8, mu: Decay = 0.0, centered: bool = False,
    eps_inside: bool = False, initial: NonNegative = 0.0,
):  # fmt: skip
    s = rho * s + (1 - rho) * g * g
    m = rho * m + (1 - rho) * g if centered else m
    spread = maximum(s - m * m, 0) if centered else s
    root = sqrt(spread + eps) if eps_inside else sqrt(spread) + eps
    v = mu * v + g / root
    return w - lr * v, s, m, v


@hookimpl
def register_optimizers(register):
    register(rmsprop)
