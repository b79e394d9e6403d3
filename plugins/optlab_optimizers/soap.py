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
    def follow(sums, basis):
        image = sums @ basis
        order = np.argsort(-np.sum(basis * image, axis=0))
        vectors, _ = np.linalg.qr(np.ascontiguousarray(image[:, order]))
        basis[:] = vectors
        return order

    whole = g.astype(np.float64)
    highest = np.max(np.abs(whole))
    limit = 1e-6 * np.sqrt(np.float64(np.finfo(w.dtype).max))
    whole *= 1.0 if highest <= limit else limit / highest
    ls, rs = to_left.astype(np.float64), to_right.astype(np.float64)
    if t > 1:
        seen = whole if bias else ls.T @ whole @ rs
        m[:] = beta1 * m + (1 - beta1) * whole
        v[:] = beta2 * v + (1 - beta2) * seen * seen
        step = m.astype(np.float64) if bias else ls.T @ m.astype(np.float64) @ rs
        rate = lr * np.sqrt(1 - beta2 ** (t - 1)) / (1 - beta1 ** (t - 1))
        step = step / (np.sqrt(v) + eps)
        if not bias:
            step = ls @ step @ rs.T
        w[:] = (1 - lr * weight_decay) * (w - rate * step)
    if not bias:
        left[:] = beta2 * left + (1 - beta2) * (whole @ whole.T)
        right[:] = beta2 * right + (1 - beta2) * (whole.T @ whole)
        if t == 1:
            to_left[:] = np.linalg.eigh(left.astype(np.float64))[1][:, ::-1]
            to_right[:] = np.linalg.eigh(right.astype(np.float64))[1][:, ::-1]
        elif (t - 1) % every == 0:
            by_row, by_column = follow(left.astype(np.float64), ls), follow(right.astype(np.float64), rs)
            to_left[:], to_right[:] = ls, rs
            v[:] = v[by_row][:, by_column]


@hookimpl
def register_optimizers(register):
    register(soap)
