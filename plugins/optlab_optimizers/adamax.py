"""Adamax: Adam with the infinity norm of past gradients in the place of their root mean square.

Kingma and Ba, ICLR 2015, Algorithm 2. https://arxiv.org/abs/1412.6980
``torch.optim.Adamax`` and optax add eps to the gradient's size inside the maximum; the paper has no eps.
"""

from optlab.plugin import Decay, Positive, hookimpl, maximum, optimizer


@optimizer(verified=("torch.optim.Adamax 2.13", "optax.adamax 0.2.8"))
def adamax(w, g, m, u, *, t, lr: Positive = 2e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8):
    m = beta1 * m + (1 - beta1) * g
    u = maximum(beta2 * u, abs(g) + eps)
    return w - lr / (1 - beta1**t) * m / u, m, u


@hookimpl
def register_optimizers(register):
    register(adamax)
