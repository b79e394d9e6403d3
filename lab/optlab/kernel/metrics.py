"""Metrics with the signature of `abi.cost_value`: a float64 sum over rows. y: the network's outputs, t: the targets."""

from __future__ import annotations

import math
from typing import Any

from optlab.abi import advance


def accuracy_by_argmax(y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    """Rows whose largest output stands where the largest target does (the first, on ties). A NaN output is wrong."""
    right = 0.0
    for i in range(rows):
        outputs, targets = advance(y, i * columns), advance(t, i * columns)
        best, truth, finite = 0, 0, outputs[0] == outputs[0]
        for j in range(1, columns):
            finite = finite and outputs[j] == outputs[j]
            if outputs[j] > outputs[best]:
                best = j
            if targets[j] > targets[truth]:
                truth = j
        if finite and best == truth:
            right += 1.0
    return right


def accuracy_by_threshold(y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    """Mean over columns, summed over rows, of (y > hyper[0]) == (t > 0.5): 0 for logits, 0.5 for probabilities. NaN is wrong."""
    right = 0
    for i in range(rows * columns):
        if y[i] == y[i] and (y[i] > hyper[0]) == (t[i] > 0.5):
            right += 1
    return right / columns


def squared_residual(y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    """Sum of (y - t)^2 over rows and columns: with the targets' variance it gives R^2. hyper[0] = 1: predictions are exp(y)."""
    total = 0.0
    for i in range(rows * columns):
        output = math.exp(float(y[i])) if hyper[0] == 1.0 else float(y[i])
        difference = output - float(t[i])
        total += difference * difference
    return total
