"""AdaGrad: each parameter's step shrinks with the root of its summed squared gradients.

Duchi, Hazan and Singer, JMLR 12 (2011) 2121, Fig. 1, diagonal form. Default: ``torch.optim.Adagrad``, accumulator from 0, eps outside
the root. Dialects: TensorFlow and optax start the accumulator at 0.1, and optax puts eps inside the root (``eps_inside``); torch's
``lr_decay`` divides the learning rate by 1 + (t - 1) * lr_decay.
"""

from optlab.plugin import NonNegative, Positive, hookimpl, optimizer, sqrt


@optimizer(start={"s": "initial"}, verified=("torch.optim.Adagrad 2.13", "optax.adagrad 0.2.8"))
def adagrad(
    w, g, s, *, t, lr: Positive = 1e-2, eps: Positive = 1e-10, lr_decay: NonNegative = 0.0, initial: NonNegative = 0.0,
    eps_inside: bool = False,
):  # fmt: skip
    s = s + g * g
    root = sqrt(s + eps) if eps_inside else sqrt(s) + eps
    return w - lr / (1 + (t - 1) * lr_decay) * g / root, s


@hookimpl
def register_optimizers(register):
    register(adagrad)
