"""Sophia-G: momentum over a running diagonal of the Gauss-Newton matrix, each step clipped to lr.

Liu, Li, Hall, Liang and Ma, "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training", ICLR 2024,
arXiv:2305.14342, Algorithm 3 with the Gauss-Newton-Bartlett estimator of Algorithm 2: every `every` steps the squared gradient for labels
drawn from the network's predictions, times the terms that the mean cost is taken over. Needs a cost with a softmax or sigmoid link.
Dialects: "paper" (default), or "optax" (``optax.contrib.sophia``), which corrects the bias of the momentum and uses a diagonal from the
step after its estimate on. The authors' code calls gamma rho and ships 0.04 and a weight decay of 0.1.
"""

from typing import Literal

from optlab.plugin import DONE, SAMPLED_GRADIENT, Count, Decay, NonNegative, Positive, hookimpl, vector_rule


@vector_rule(operations=14.0, verified=("optax.contrib.sophia 0.2.8", "Liuhong99/Sophia sophia.py at 01af183"))
def sophia_g(
    w, g, m, h, *, t, call, sampled, terms, lr: Positive = 1e-3, beta1: Decay = 0.965, beta2: Decay = 0.99, gamma: Positive = 0.05,
    eps: Positive = 1e-12, weight_decay: NonNegative = 0.2, every: Count = 10, dialect: Literal["paper", "optax"] = "paper",
):  # fmt: skip
    estimates = (t - 1) % every == 0
    if estimates and call == 0:
        return SAMPLED_GRADIENT
    late = dialect == "optax"
    corrected = 1 / (1 - beta1**t) if late else 1.0
    for i in range(len(w)):
        estimate = terms * sampled[i] ** 2 if estimates else 0.0
        if estimates and not late:
            h[i] = beta2 * h[i] + (1 - beta2) * estimate
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        step = corrected * m[i] / max(gamma * h[i], eps)
        w[i] -= lr * (weight_decay * w[i] + min(max(step, -1.0), 1.0))
        if estimates and late:
            h[i] = beta2 * h[i] + (1 - beta2) * estimate
    return DONE


@hookimpl
def register_optimizers(register):
    register(sophia_g)
