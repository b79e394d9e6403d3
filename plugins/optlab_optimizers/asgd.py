"""Averaged gradient descent: steps that shrink slowly, and the mean of the parameters they visit.

Polyak and Juditsky, SIAM J. Control Optim. 30 (1992) 838; with the step sizes of Bottou's sgd, Xu, arXiv:1107.2490; ``torch.optim.ASGD``.
The history evaluates the average: the running mean of w after step t0, and w itself before.
"""

from optlab.plugin import NonNegative, Positive, hookimpl, maximum, optimizer


def average(w, mean):
    return mean


@optimizer(start={"mean": "w"}, evaluate=average, verified=("torch.optim.ASGD 2.13",))
def asgd(
    w, g, mean, *, t, lr: Positive = 1e-2, lambd: NonNegative = 1e-4, alpha: NonNegative = 0.75, t0: NonNegative = 1e6
):  # fmt: skip
    eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
    w = (1 - lambd * eta) * w - eta * g
    return w, mean + (w - mean) / maximum(t - 1 - t0, 1)


@hookimpl
def register_optimizers(register):
    register(asgd)
