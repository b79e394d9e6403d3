"""A heat map of the lecture notes: learning rate x lambda on handwritten digits, the two rows with the smallest learning rates.

Network 64-50-10, sigmoid and softmax, standard normal weights, biases 0.01; the gradient is summed over a mini-batch, and lambda times
the weights is added to that sum; each of 14 mini-batches an epoch draws 100 rows anew, without replacement. One global stream serves the
preview of five images, the split, one run before the grid, and the grid row by row: that was read. That the stream also gives one more
draw of first weights before that run, such as those of a feed-forward example, was inferred: of the variants tried, the published numbers
come out with it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.selftest.oracles import read
from optlab.selftest.record import Number, to_decimals
from optlab.selftest.replay import tape
from optlab.training import train

Array = npt.NDArray[Any]

NAME, TITLE = "course-digits", "the course's heat map of the handwritten digits"
REMARK = (
    "Rows of the map with a learning rate of 0.01 and above are chaotic and not asked for. That one more draw of weights goes before the "
    "first run was inferred from the numbers, by trying variants, and not read in the notes."
)
INPUTS, HIDDEN, CLASSES = 64, 50, 10
BATCH, EPOCHS, FIRST_BIAS = 100, 100, 0.01


def _weights(stream: np.random.RandomState) -> Array:
    """First parameters, flat: standard normal weights of both layers in turn, biases 0.01."""
    hidden, output = stream.randn(INPUTS * HIDDEN), stream.randn(HIDDEN * CLASSES)
    return np.concatenate([hidden, np.full(HIDDEN, FIRST_BIAS), output, np.full(CLASSES, FIRST_BIAS)])


def _batches(stream: np.random.RandomState, rows: int) -> Array:
    """Rows of all mini-batches of a run (steps, BATCH)."""
    return np.array([stream.choice(rows, size=BATCH, replace=False) for _ in range(EPOCHS * (rows // BATCH))])


def numbers(progress: Callable[[str], None], most: int | None = None) -> Iterator[Number]:
    """Test accuracies, row by row; `most`: only so many."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    oracle, digits, stream = read("course_digits_heatmap"), load_digits(), np.random.RandomState(0)
    stream.choice(len(digits.data), size=5)
    X, X_test, y, y_test = train_test_split(digits.data, digits.target, train_size=0.8, test_size=0.2, random_state=stream)
    _weights(stream)  # the draw that was inferred
    _weights(stream)
    _batches(stream, len(X))
    for cell in oracle["grids"]["numpy_sgd_50_sigmoid"][:most]:
        eta, strength = cell["eta"], cell["lambda"]
        label = f"learning rate {eta:g}, lambda {strength:g}"
        progress(label)
        initial, drawn = _weights(stream), tape(_batches(stream, len(X)), len(X))
        outcome = train(
            (drawn.padded(X), drawn.padded(y)), layers=(HIDDEN,), activation="sigmoid", output="identity", cost="softmax_cross_entropy",
            optimizer="gd", hyper={"lr": eta * BATCH}, l2=strength / BATCH, epochs=drawn.epochs, batch_size=BATCH, initial=initial,
            orders=drawn.orders, evaluate_every=0, test=(X_test, y_test), quiet=True,
        )  # fmt: skip
        accuracy = float(outcome.history["test_metric"].iloc[-1])
        yield to_decimals(f"{label}: test accuracy", accuracy, cell["test_accuracy"], oracle["source"], 3)
