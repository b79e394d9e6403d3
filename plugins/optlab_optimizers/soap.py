"""SOAP: Adam in the eigenvectors of Shampoo's matrices, which follow by one power iteration every `every` steps; biases by Adam.

Vyas et al., ICLR 2025, arXiv:2409.11321, Algorithm 3 as in the authors' code: the first step only sets up the eigenvectors, second
moments move with the order of the eigenvalues, decay is decoupled and comes last. Where a matrix has fewer than full rank, the
eigenvectors of its null space are whatever LAPACK returns. Gradients above a millionth of the root of the largest number (1e13 in
float32) are scaled down as a whole, so that their squares fit.
"""

import numpy as np

from optlab.plugin import Count, Decay, NonNegative, Positive, hookimpl, layer_rule


def operations(rows, columns, **options):
    """Products, and 4 k^3 for the power iteration and QR of a k x k matrix."""
    adam = 16.0 * rows * columns
    return adam if rows == 1 else adam + 8.0 * rows * columns * (rows + columns) + 4.0 * (rows**3 + columns**3) / options["every"]


@layer_rule(
    operations=operations, state={"left": "rows rows", "right": "columns columns", "to_left": "rows rows", "to_right": "columns columns"},
    verified=("pytorch_optimizer.SOAP 4.1",),
)  # fmt: skip
def soap(
    w, g, m, v, left, right, to_left, to_right, *, t, bias, lr: Positive = 3e-3, beta1: Decay = 0.95, beta2: Decay = 0.95,
    eps: Positive = 1e-8, weight_decay: NonNegative = 0.01, every: Count = 10,
):  # fmt: skip
    def turn(x, out):  # products of arrays in C order alone compile in half the time
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                out[j, i] = x[i, j]

    whole = np.empty_like(g)
    limit, highest = 1e-6 * np.sqrt(np.float64(np.finfo(w.dtype).max)), 0.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            highest = max(highest, abs(np.float64(g[i, j])))
    share = min(1.0, limit / highest) if highest > 0 else 1.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            whole[i, j] = share * g[i, j]
            if t > 1:
                m[i, j] = beta1 * m[i, j] + (1 - beta1) * whole[i, j]
    seen, step = whole, m
    if t > 1:  # the rows of to_left and to_right are eigenvectors
        by_left, by_right = np.empty_like(left), np.empty_like(right)
        if not bias:
            turn(to_left, by_left)
            turn(to_right, by_right)
            seen, step = to_left @ (whole @ by_right), to_left @ (m @ by_right)
        scaled = np.empty_like(g)
        rate = lr * np.sqrt(1 - beta2 ** (t - 1)) / (1 - beta1 ** (t - 1))
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                v[i, j] = beta2 * v[i, j] + (1 - beta2) * np.float64(seen[i, j]) ** 2
                scaled[i, j] = step[i, j] / (np.sqrt(v[i, j]) + eps)
        if not bias:
            scaled = by_left @ (scaled @ to_right)
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                w[i, j] = (1 - lr * weight_decay) * (w[i, j] - rate * scaled[i, j])
    if bias:
        return
    turned = np.empty((w.shape[1], w.shape[0]), dtype=w.dtype)
    turn(whole, turned)
    for side in range(2):
        sums, basis = (left, to_left) if side == 0 else (right, to_right)
        new = whole @ turned if side == 0 else turned @ whole
        n = len(sums)
        for i in range(n):
            for j in range(n):
                sums[i, j] = beta2 * sums[i, j] + (1 - beta2) * new[i, j]
        if t == 1:
            vectors = np.linalg.eigh(sums)[1]
            for i in range(n):
                for j in range(n):
                    basis[j, i] = vectors[i, n - 1 - j]
        elif (t - 1) % every == 0:
            images, sizes = basis @ sums, np.zeros(n)
            for i in range(n):
                for j in range(n):
                    sizes[i] -= basis[i, j] * images[i, j]
            order, ordered, moved = np.argsort(sizes), np.empty_like(sums), v.copy()
            for i in range(n):
                for j in range(n):
                    ordered[j, i] = images[order[i], j]
            turn(np.linalg.qr(ordered)[0], basis)
            for i in range(v.shape[0]):
                for j in range(v.shape[1]):
                    v[i, j] = moved[order[i], j] if side == 0 else moved[i, order[j]]


@hookimpl
def register_optimizers(register):
    register(soap)
