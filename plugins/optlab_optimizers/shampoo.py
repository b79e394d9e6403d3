"""Shampoo: a matrix of gradients between inverse fourth roots of the sums of G G^T and G^T G; biases by full-matrix AdaGrad.

Gupta, Koren and Singer, ICML 2018, arXiv:1802.09568, Algorithm 1, without momentum; the roots are taken anew every `every` steps.
Without layers all n parameters are one bias, whose matrix is n x n. Gradients above a millionth of the root of the largest number (1e13
in float32) are scaled down as a whole, so that their squares fit.
"""

import numpy as np

from optlab.plugin import Count, NonNegative, Positive, hookimpl, layer_rule


def operations(rows, columns, **options):
    """Products, and 9 k^3 for the eigenvectors of a k x k matrix."""
    products = 4.0 * rows * columns * (rows + columns)
    return products + 11.0 * (rows**3 * (rows > 1) + columns**3) / options["every"]


@layer_rule(
    operations=operations, state={"left": "rows rows", "right": "columns columns", "of_left": "rows rows", "of_right": "columns columns"},
    verified=("pytorch_optimizer.Shampoo 4.1",),
)  # fmt: skip
def shampoo(
    w, g, left, right, of_left, of_right, *, t, bias, lr: Positive = 1e-3, eps: Positive = 1e-6, weight_decay: NonNegative = 0.0,
    every: Count = 1,
):  # fmt: skip
    rows, columns = w.shape
    whole, turned = np.empty((rows, columns)), np.empty((columns, rows))
    limit, highest, doubt = 1e-6 * np.sqrt(np.float64(np.finfo(w.dtype).max)), 0.0, 0.0
    for i in range(rows):
        for j in range(columns):
            whole[i, j] = g[i, j] + weight_decay * w[i, j]
            highest = max(highest, abs(whole[i, j]))
            doubt += w[i, j] - w[i, j]
    if doubt != 0:  # weights that are not finite stay so and never reach the eigenvectors
        return
    for i in range(rows):
        for j in range(columns):
            whole[i, j] *= min(1.0, limit / highest) if highest > 0 else 1.0
            turned[j, i] = whole[i, j]
    step = whole
    for side in range(1 if bias else 0, 2):
        sums, inverse = (left, of_left) if side == 0 else (right, of_right)
        n, new = len(sums), whole @ turned if side == 0 else turned @ whole
        for i in range(n):
            for j in range(n):
                new[i, j] += sums[i, j] if t > 1 else eps * (i == j)
                sums[i, j] = new[i, j]
        if (t - 1) % every == 0:
            values, vectors = np.linalg.eigh(new)
            scaled, back = np.empty((n, n)), np.empty((n, n))
            for i in range(n):
                for j in range(n):
                    scaled[i, j] = vectors[i, j] * max(values[j], eps) ** (-0.5 if bias else -0.25)
                    back[j, i] = vectors[i, j]
            product = scaled @ back
            for i in range(n):
                for j in range(n):
                    inverse[i, j] = product[i, j]
        root = np.empty((n, n))
        for i in range(n):
            for j in range(n):
                root[i, j] = inverse[i, j]
        step = root @ step if side == 0 else step @ root
    for i in range(rows):
        for j in range(columns):
            w[i, j] -= lr * step[i, j]


@hookimpl
def register_optimizers(register):
    register(shampoo)
