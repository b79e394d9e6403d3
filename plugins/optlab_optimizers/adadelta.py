"""AdaDelta: steps whose running size follows that of past steps, so that units fit.

Zeiler, arXiv:1212.5701, Algorithm 1; ``torch.optim.Adadelta``. eps stands inside both roots; the paper has no learning rate (lr = 1).
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer, sqrt


@optimizer(verified=("torch.optim.Adadelta 2.13", "optax.adadelta 0.2.8"))
def adadelta(w, g, s, d, *, lr: Positive = 1.0, rho: Decay = 0.9, eps: Positive = 1e-6):
    s = rho * s + (1 - rho) * g * g
    step = sqrt(d + eps) / sqrt(s + eps) * g
    d = rho * d + (1 - rho) * step * step
    return w - lr * step, s, d


@hookimpl
def register_optimizers(register):
    register(adadelta)
