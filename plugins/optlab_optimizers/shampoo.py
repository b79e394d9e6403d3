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
    def root(sums, power, out):
        values, vectors = np.linalg.eigh(sums.astype(np.float64))
        scaled = np.empty_like(vectors)
        for i in range(len(values)):
            for j in range(len(values)):
                scaled[i, j] = vectors[i, j] * max(values[j], eps) ** power
        out[:] = scaled @ vectors.T

    rows, columns = w.shape
    whole = np.empty((rows, columns), dtype=np.float64)
    highest, doubt = 0.0, 0.0
    for i in range(rows):
        for j in range(columns):
            whole[i, j] = g[i, j] + weight_decay * w[i, j]
            highest = max(highest, abs(whole[i, j]))
            doubt += w[i, j] - w[i, j]
    if doubt != 0:  # weights that are not finite stay so and never reach the eigenvectors
        return
    limit = 1e-6 * np.sqrt(np.float64(np.finfo(w.dtype).max))
    whole *= 1.0 if highest <= limit else limit / highest
    if t == 1:
        for i in range(rows):
            left[i, i] = eps
        for j in range(columns):
            right[j, j] = eps
    left += whole @ whole.T
    right += whole.T @ whole
    if (t - 1) % every == 0:
        if not bias:
            root(left, -0.25, of_left)
        root(right, -0.5 if bias else -0.25, of_right)
    step = whole @ of_right.astype(np.float64)
    if not bias:
        step = of_left.astype(np.float64) @ step
    w -= lr * step


@hookimpl
def register_optimizers(register):
    register(shampoo)
