"""Schedule-free AdamW: Adam's scaling with an average and its base point instead of momentum and a falling learning rate.

Defazio et al., NeurIPS 2024, arXiv:2405.15682, Algorithm 1, without its warm-up: gradients are taken at w = y, between the base point z
and the average x, which weighs points by the square of the highest learning rate so far. The history evaluates x. Weight decay
acts at y.
"""

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, maximum, optimizer, sqrt


def average(w, z, x, v, total, peak):
    return x


@optimizer(
    start={"z": "w", "x": "w"},
    evaluate=average,
    verified=("optax.contrib.schedule_free_adamw 0.2.8", "schedulefree.AdamWScheduleFree 1.4"),
)
def schedule_free_adamw(
    w, g, z, x, v, total, peak, *, t, lr: Positive = 2.5e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    weight_decay: NonNegative = 0.0,
):  # fmt: skip
    peak = maximum(peak, lr)
    total = total + peak * peak
    share = peak * peak / total
    v = beta2 * v + (1 - beta2) * g * g
    z = z - lr * (g / (sqrt(v / (1 - beta2**t)) + eps) + weight_decay * w)
    x = (1 - share) * x + share * z
    return (1 - beta1) * z + beta1 * x, z, x, v, total, peak


@hookimpl
def register_optimizers(register):
    register(schedule_free_adamw)
