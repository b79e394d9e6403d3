"""Momentum: steps along a decaying sum of past gradients.

Polyak, USSR Comput. Math. 4 (1964) 1. Forms: "outside" (default, ``torch.optim.SGD(momentum=mu, dampening=...)``), the learning rate
outside the velocity; "inside" (Polyak, Keras), v takes in lr * g, which differs as soon as the learning rate changes; "average", v is
the mean mu * v + (1 - mu) * g, as in Adam but uncorrected. Dampening spares the first gradient, as in torch.
"""

from typing import Literal

from optlab.plugin import Decay, Fraction, Positive, hookimpl, optimizer, where


@optimizer(verified=("torch.optim.SGD 2.13", "optax.sgd 0.2.8", "optax.trace 0.2.8", "optax.ema 0.2.8"))
def momentum(
    w, g, v, *, t, lr: Positive = 1e-2, mu: Decay = 0.9, dampening: Fraction = 0.0,
    form: Literal["outside", "inside", "average"] = "outside",
):  # fmt: skip
    fresh = where(t == 1, 1.0, 1 - dampening) * g
    v = mu * v + (lr * fresh if form == "inside" else (1 - mu) * fresh if form == "average" else fresh)
    return w - (v if form == "inside" else lr * v), v


@hookimpl
def register_optimizers(register):
    register(momentum)
