"""Nesterov's momentum: the gradient's step is corrected by the velocity that follows from it.

Nesterov, Dokl. Akad. Nauk SSSR 269 (1983) 543; Sutskever et al., ICML 2013, eqs. 3-4. All forms apply the look-ahead to the update
instead of evaluating the gradient at a shifted point: "outside" (default) is ``torch.optim.SGD(momentum=mu, nesterov=True)``; "inside"
(Keras) keeps the learning rate inside the velocity, which differs as soon as the learning rate changes.
"""

from typing import Literal

from optlab.plugin import Decay, Positive, hookimpl, optimizer


@optimizer(verified=("torch.optim.SGD 2.13", "optax.sgd 0.2.8", "optax.trace 0.2.8"))
def nesterov(w, g, v, *, lr: Positive = 1e-2, mu: Decay = 0.9, form: Literal["outside", "inside"] = "outside"):
    if form == "inside":
        v = mu * v + lr * g
        return w - (lr * g + mu * v), v
    v = mu * v + g
    return w - lr * (g + mu * v), v


@hookimpl
def register_optimizers(register):
    register(nesterov)
