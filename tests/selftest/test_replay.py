"""Mini-batches that are no passes over the training set are visited all the same, in their order, and nothing else is."""

import numpy as np
import pytest

import optlab
from optlab.errors import OptlabError
from optlab.selftest.replay import tape


def test_mini_batches_are_taken_one_after_the_other():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(11, 2)), rng.normal(size=11)
    batches = np.array([rng.choice(11, size=3, replace=False) for _ in range(12)])
    drawn = tape(batches, 11)
    outcome = optlab.train(
        (drawn.padded(X), drawn.padded(y)), layers=(), cost="squared_error", output="identity", optimizer="momentum",
        hyper={"lr": 0.05, "mu": 0.9}, epochs=drawn.epochs, batch_size=drawn.batch_size, initial=np.zeros(3), orders=drawn.orders,
        quiet=True,
    )  # fmt: skip
    w, b, v, u = np.zeros(2), 0.0, np.zeros(2), 0.0
    for rows in batches:
        off = X[rows] @ w + b - y[rows]
        v, u = 0.9 * v + 2 * X[rows].T @ off / 3, 0.9 * u + 2 * off.mean()
        w, b = w - 0.05 * v, b - 0.05 * u
    assert np.allclose(outcome.parameters, [*w, b], rtol=1e-12)
    assert outcome.steps == 12


def test_rows_beyond_the_training_set_are_never_visited():
    drawn = tape(np.tile(np.arange(10).reshape(2, 5), (50, 1)), 12)
    assert len(drawn.padded(np.arange(12))) == drawn.orders.shape[1] >= 12
    assert drawn.orders.max() < 12
    assert drawn.epochs * drawn.steps_per_epoch == 100


def test_an_epoch_ends_where_it_is_asked_to():
    assert tape(np.zeros((700, 128), dtype=int), 1000, every=7).steps_per_epoch % 7 == 0


def test_steps_that_cannot_be_cut_are_refused():
    with pytest.raises(OptlabError, match="2 mini-batches of 3 cannot be cut into epochs over 100 rows"):
        tape(np.zeros((2, 3), dtype=int), 100)
