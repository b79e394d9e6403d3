"""DoG: gradient descent whose learning rate is the longest distance from the start over the root of the sum of squared gradients.

Ivgi, Hinder and Carmon, ICML 2023, arXiv:2302.12022, equation 1; the first distance is reps * (1 + |w_0|). The paper evaluates an average
of the weights: ``dog+ema``.
"""

import numpy as np

from optlab.plugin import Positive, hookimpl, vector_rule


@vector_rule(
    operations=7.0, state={"longest": "scalar", "total": "scalar"}, start={"first": "w"},
    verified=("optax.contrib.dog 0.2.8", "dog.DoG 1.0"),
)  # fmt: skip
def dog(w, g, first, longest, total, *, t, lr: Positive = 1.0, reps: Positive = 1e-6, eps: Positive = 1e-8):
    away, size = 0.0, 0.0
    for i in range(len(w)):
        away += (np.float64(w[i]) - first[i]) ** 2
        size += np.float64(first[i]) ** 2
        total[0] += np.float64(g[i]) ** 2
    longest[0] = max(longest[0] if t > 1 else reps * (1 + np.sqrt(size)), np.sqrt(away))
    rate = lr * longest[0] / np.sqrt(total[0] + eps)
    for i in range(len(w)):
        w[i] -= rate * g[i]


@hookimpl
def register_optimizers(register):
    register(dog)
