"""Adafactor: second moments of a matrix from the means of its rows and columns; relative, clipped steps without momentum.

Shazeer and Stern, ICML 2018, arXiv:1804.04235, Algorithms 4 and 5 in ``torch.optim.Adafactor``'s form: eps1 = machine epsilon bounds the
root of the second moment from below, decay is decoupled and comes first; eps2 is the least scale of a step. Biases are not factored.
The slots hold root mean squares, not mean squares, so that gradients of 1e20 and 1e-20 fit into float32.
"""

import numpy as np

from optlab.plugin import NonNegative, Positive, Real, hookimpl, layer_rule


@layer_rule(operations=14.0, state={"by_row": "rows", "by_column": "columns"}, verified=("torch.optim.Adafactor 2.13",))
def adafactor(
    w, g, by_row, by_column, *, t, bias, lr: Positive = 1e-2, beta2_decay: Real = -0.8, eps2: Positive = 1e-3, d: Positive = 1.0,
    weight_decay: NonNegative = 0.0,
):  # fmt: skip
    rows, columns = w.shape
    new = t**beta2_decay
    least = np.finfo(w.dtype).eps
    size = np.sqrt(np.sum(w.astype(np.float64) ** 2) / w.size)
    rate = max(eps2, size) * min(lr, 1 / np.sqrt(t))
    square = g.astype(np.float64) ** 2
    mean = 0.0
    for i in range(rows):
        by_row[i] = np.sqrt((1 - new) * np.float64(by_row[i]) ** 2 + new * np.sum(square[i]) / columns)
        mean += np.float64(by_row[i]) ** 2 / rows
    for j in range(columns):
        by_column[j] = np.sqrt((1 - new) * np.float64(by_column[j]) ** 2 + new * np.sum(square[:, j]) / rows)
    total = 0.0
    for i in range(rows):
        across = 1.0 if bias else by_row[i] / np.sqrt(max(mean, least))
        for j in range(columns):
            root = max(across * np.float64(by_column[j]), least)
            square[i, j] = g[i, j] / root
            total += square[i, j] ** 2
    step = rate / max(1.0, np.sqrt(total / w.size) / d)
    for i in range(rows):
        for j in range(columns):
            w[i, j] = (1 - lr * weight_decay) * w[i, j] - step * square[i, j]


@hookimpl
def register_optimizers(register):
    register(adafactor)
