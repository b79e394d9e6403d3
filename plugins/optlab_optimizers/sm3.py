"""SM3: AdaGrad that keeps one sum per row and one per column of a matrix.

Anil et al., NeurIPS 2019, arXiv:1901.11150, Algorithm SM3-II with momentum, as ``optax.sm3`` has it: the accumulator is estimated by the
smaller of its row's and its column's; biases keep their own. eps = 1e-8 stands inside the root, and what has had no gradient stays.
"""

import numpy as np

from optlab.plugin import Decay, Positive, hookimpl, layer_rule


@layer_rule(operations=11.0, state={"by_row": "rows", "by_column": "columns"}, verified=("optax.sm3 0.2.8",))
def sm3(w, g, m, by_row, by_column, *, bias, lr: Positive = 0.1, mu: Decay = 0.9, eps: Positive = 1e-8):
    highest = np.zeros(w.shape[1], dtype=np.float64)
    for i in range(w.shape[0]):
        along = 0.0
        for j in range(w.shape[1]):
            before = by_column[j] if bias else min(by_row[i], by_column[j])
            total = np.float64(before) + np.float64(g[i, j]) ** 2
            step = g[i, j] / np.sqrt(total + eps) if total > 0 else 0.0
            m[i, j] = mu * m[i, j] + (1 - mu) * step
            w[i, j] -= lr * m[i, j]
            along, highest[j] = max(along, total), max(highest[j], total)
        by_row[i] = along
    for j in range(w.shape[1]):
        by_column[j] = highest[j]


@hookimpl
def register_optimizers(register):
    register(sm3)
