"""Schedule-free SGD: steps from an average and its base point instead of a falling learning rate.

Defazio et al., NeurIPS 2024, arXiv:2405.15682, eqs. 3-5: gradients are taken at w = y, between the base point z and the average x, which
weighs points by the square of the highest learning rate so far. The history evaluates x. Weight decay acts at y.
"""

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, maximum, optimizer


def average(w, z, x, total, peak):
    return x


@optimizer(
    start={"z": "w", "x": "w"}, evaluate=average, verified=("optax.contrib.schedule_free_sgd 0.2.8", "schedulefree.SGDScheduleFree 1.4")
)
def schedule_free_sgd(
    w, g, z, x, total, peak, *, lr: Positive = 1.0, beta1: Decay = 0.9, weight_decay: NonNegative = 0.0
):  # fmt: skip
    peak = maximum(peak, lr)
    total = total + peak * peak
    share = peak * peak / total
    z = z - lr * (g + weight_decay * w)
    x = (1 - share) * x + share * z
    return (1 - beta1) * z + beta1 * x, z, x, total, peak


@hookimpl
def register_optimizers(register):
    register(schedule_free_sgd)
