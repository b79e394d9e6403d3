"""scikit-learn's documented training curves: `MLPClassifier` with seven update strategies on iris and digits.

What its `MLPClassifier` (Pedregosa et al., JMLR 12 (2011) 2825) does, in words of this lab: Glorot-uniform weights *and* biases, layer by
layer W then b, from one stream that afterwards shuffles the running order of the rows (cumulative); mini-batches of min(200, n), the last
one short; softmax cross-entropy with a coupled L2 penalty on the weights, divided by the rows of the mini-batch; a velocity that holds the
learning rate; Adam in TensorFlow's dialect; inverse scaling per epoch with time in samples seen; a loss per epoch that is the mean over
rows of the mini-batches' objectives before their updates; an end after more than ten epochs in a row without a gain of 1e-4.

The penalty of the short mini-batch is divided by 200 here and by its 197 rows there: 8e-9 of a weight in its gradient.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.outcome import Outcome
from optlab.selftest.oracles import read
from optlab.selftest.record import Number, to_decimals
from optlab.training import train

Array = npt.NDArray[Any]

NAME, TITLE = "scikit-learn", "scikit-learn's documented training curves"
REMARK = "The page swaps the names of two of its runs: what it calls invscaling with momentum is Nesterov's, and the other way round."
HIDDEN, ALPHA, LARGEST_BATCH = 100, 1e-4, 200
PATIENCE, GAIN = 10, 1e-4
EPOCHS = {"iris": 400, "digits": 15}

_MOMENTUM: dict[str, Any] = {"lr": 0.2, "mu": 0.9, "form": "inside"}
_STRATEGIES: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("gd", {"lr": 0.2}, False),
    ("momentum", _MOMENTUM, False),
    ("nesterov", _MOMENTUM, False),
    ("gd", {"lr": 0.2}, True),
    ("nesterov", _MOMENTUM, True),
    ("momentum", _MOMENTUM, True),
    ("adam", {"lr": 0.01, "dialect": "tensorflow"}, False),
)
"""(optimizer, hyper-parameters, inverse scaling), in the order of the published list."""


def data(name: str) -> tuple[Array, Array]:
    """Inputs scaled to [0, 1] and classes."""
    from sklearn import datasets
    from sklearn.preprocessing import MinMaxScaler

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return MinMaxScaler().fit_transform(X), y


def start_and_orders(sizes: tuple[int, ...], rows: int, epochs: int) -> tuple[Array, Array]:
    """First parameters (flat) and the order of each epoch (epochs, rows), from one stream."""
    stream, parts = np.random.RandomState(0), []
    for n_in, n_out in itertools.pairwise(sizes):
        bound = np.sqrt(6.0 / (n_in + n_out))
        parts += [stream.uniform(-bound, bound, n_in * n_out), stream.uniform(-bound, bound, n_out)]
    order, orders = np.arange(rows), []
    for _ in range(epochs):
        shuffled = np.arange(rows)
        stream.shuffle(shuffled)
        order = order[shuffled]
        orders.append(order)
    return np.concatenate(parts), np.array(orders)


def epoch_losses(outcome: Outcome, rows: int, batch: int) -> Array:
    """Mean objective of each epoch's rows, taken before each update."""
    assert outcome.running is not None
    counts = [min(batch, rows - first) for first in range(0, rows, batch)]
    return np.asarray(outcome.running.reshape(-1, len(counts)) @ counts / rows)


def epochs_until_stop(losses: Array) -> int:
    """After how many epochs patience ends; all of them if it never does."""
    best, without = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        without = without + 1 if loss > best - GAIN else 0
        best = min(best, loss)
        if without > PATIENCE:
            return epoch
    return len(losses)


def fit(name: str, optimizer: str, hyper: dict[str, Any], inverse_scaling: bool) -> tuple[float, float]:
    """(accuracy on the training rows, loss of the last epoch)."""
    X, y = data(name)
    rows, batch = len(X), min(LARGEST_BATCH, len(X))
    initial, orders = start_and_orders((X.shape[1], HIDDEN, len(np.unique(y))), rows, EPOCHS[name])
    schedule: dict[str, Any] = {}
    if inverse_scaling:
        schedule = {"schedule": "inverse_scaling", "schedule_hyper": {"power": 0.5, "scale": float(rows)}}

    def run(epochs: int) -> Outcome:
        return train(
            (X, y), layers=(HIDDEN,), activation="relu", output="identity", cost="softmax_cross_entropy", optimizer=optimizer, hyper=hyper,
            l2=ALPHA / batch, epochs=epochs, batch_size=batch, initial=initial, orders=orders[:epochs], evaluate_every=0, running=True,
            quiet=True, **schedule,
        )  # fmt: skip

    outcome = run(EPOCHS[name])
    losses = epoch_losses(outcome, rows, batch)
    stop = epochs_until_stop(losses)
    if stop < len(losses):  # the network as it was when patience ended
        outcome = run(stop)
    return float(outcome.history["train_metric"].iloc[-1]), float(losses[stop - 1])


def numbers(progress: Callable[[str], None], names: tuple[str, ...] = ("iris", "digits")) -> Iterator[Number]:
    """Score and loss of each strategy on each data set."""
    oracle = read("sklearn_training_curves")
    for name in names:
        for published, (optimizer, hyper, scaled) in zip(oracle["values"][name], _STRATEGIES, strict=True):
            label = f"{name}, {'invscaling, ' if scaled else ''}{optimizer}"
            progress(label)
            score, loss = fit(name, optimizer, hyper, scaled)
            yield to_decimals(f"{label}: training accuracy", score, published["score"], oracle["source"], 6)
            yield to_decimals(f"{label}: training loss", loss, published["loss"], oracle["source"], 6)
