"""DeepOBS' `quadratic_deep`: a noisy quadratic in 100 dimensions, plain SGD and momentum 0.99 over 36 learning rates.

Schneider, Balles and Hennig, ICLR 2019. The cost of a data point x is (theta - x)' Q (theta - x) / 2 with Q = R' diag(lambda) R. Here it
is written in the coordinates R theta, where it is a weighted sum of squares; both rules follow a rotation, so their curves are the same.

The published mini-batches are the same in every epoch: the shuffle of its data pipeline starts over with its seed at each epoch. What each
was is not on record, so ours are ten orders of our own, numbered as the published seeds, and single runs are held against their spread.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded
from optlab.plugin import row_cost
from optlab.selftest.oracles import read
from optlab.selftest.record import Number, equal, near, relative, remark
from optlab.selftest.replay import tape
from optlab.training import train

Array = npt.NDArray[Any]

NAME, TITLE = "deepobs", "DeepOBS, quadratic_deep: SGD and momentum 0.99"
REMARK = (
    "The published runs visit the same mini-batches in the same order in every epoch. Lines with a dot repeat them with a fresh "
    "permutation per epoch: fewer rates come near the best, and momentum at its published rate ends worse and spreads wide."
)
DIMENSION, ROWS, BATCH, EPOCHS = 100, 1000, 128, 100
BATCHES = ROWS // BATCH
DATA_SEEDS = {"train": 42, "test": 43}
SEEDS = range(42, 52)
WINDOW = 0.01  # share of the lowest loss that still counts as the best
_RULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GradientDescentOptimizer", "gd", {}),
    ("MomentumOptimizer", "momentum", {"mu": 0.99}),
)
FRESH_MOMENTUM = (89.13, 1.36)
"""Mean and standard deviation of momentum at its published rate with fresh orders, of a re-implementation of this problem in NumPy."""


@row_cost(operations=(4, 5))
def weighted_half_square(y, t, gradient):  # type: ignore[no-untyped-def]  # array code, called with rows
    """Half the weighted sum of squares of y - t over the first half of the outputs; t holds their weights in its second half."""
    n = y.size // 2
    total = y[0] - y[0]
    for k in range(n):
        off = y[k] - t[k]
        gradient[k] = t[n + k] * off
        gradient[n + k] = y[n + k] - y[n + k]
        total += gradient[k] * off
    return total / 2


def rotation(stream: np.random.RandomState, n: int) -> Array:
    """A random rotation (n, n) by the subgroup algorithm: Diaconis and Shahshahani, Prob. Eng. Inf. Sci. 1 (1987) 15."""
    angle = 2 * np.pi * stream.uniform()
    R = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for d in range(2, n):
        v = stream.normal(size=d + 1)
        mirror = -v / np.linalg.norm(v)
        mirror[0] += 1
        mirror /= np.linalg.norm(mirror)
        larger = np.zeros((d + 1, d + 1))
        larger[0, 0], larger[1:, 1:] = 1, R
        R = larger - 2 * np.outer(mirror, mirror @ larger)
    return -R


@dataclass(frozen=True, eq=False)
class Quadratic:
    """Start (flat), training and test targets, each row a rotated data point and the weights of its coordinates."""

    initial: Array
    train: Array
    test: Array

    @classmethod
    def draw(cls) -> Quadratic:
        """As published: `RandomState(42)` for the eigenvalues and the rotation, noise of 0.6; the test drops its last rows too."""
        stream = np.random.RandomState(42)
        eigenvalues = np.concatenate([stream.uniform(0, 1, 90), stream.uniform(30, 60, 10)])
        R = rotation(stream, DIMENSION)

        def rows(seed: int) -> Array:
            points = np.random.RandomState(seed).normal(0.0, 0.6, (ROWS, DIMENSION)).astype(np.float32) @ R.T
            return np.hstack([points, np.tile(eigenvalues, (ROWS, 1))])

        outputs = 2 * DIMENSION  # the parameters are the biases of a network without a hidden layer that only ever sees 0
        initial = np.concatenate([np.zeros(outputs), R @ np.ones(DIMENSION), np.zeros(DIMENSION)])
        return cls(initial, rows(DATA_SEEDS["train"]), rows(DATA_SEEDS["test"])[: BATCHES * BATCH])

    def losses(self, optimizer: str, hyper: dict[str, Any], policy: str, seed: int) -> tuple[float, float]:
        """Test loss before training and after it; the last is infinite for a run that ended not finite."""
        drawn = tape(batches(policy, seed), ROWS)
        targets = drawn.padded(self.train)
        outcome = train(
            (np.zeros((len(targets), 1)), targets), layers=(), output="identity", cost=weighted_half_square, task="regression",
            optimizer=optimizer, hyper=hyper, epochs=drawn.epochs, batch_size=BATCH, initial=self.initial, orders=drawn.orders,
            test=(np.zeros((len(self.test), 1)), self.test), evaluate_every=0, dtype="float32", divergence_bound=1e30, quiet=True,
        )  # fmt: skip
        losses = outcome.history["test_cost"]
        return float(losses.iloc[0]), float(losses.iloc[-1]) if outcome.status == "done" else np.inf

    def final(self, optimizer: str, hyper: dict[str, Any], policy: str, seed: int) -> float:
        """The second of `losses`."""
        return self.losses(optimizer, hyper, policy, seed)[1]


def batches(policy: str, seed: int) -> Array:
    """Rows of all mini-batches (steps, BATCH): one permutation for all epochs ("fixed"), or one for each ("fresh"); the rest is dropped."""
    stream = np.random.RandomState(seed)
    one = BATCHES * BATCH
    if policy == "fixed":
        return np.tile(stream.permutation(ROWS)[:one].reshape(BATCHES, BATCH), (EPOCHS, 1))
    return np.concatenate([stream.permutation(ROWS)[:one].reshape(BATCHES, BATCH) for _ in range(EPOCHS)])


def published(name: str) -> tuple[Array, Array, Array]:
    """(learning rates, final losses of the first seed, infinite where not finite; final losses of all seeds at the best rate)."""
    grid = read("deepobs_quadratic_deep")["optimizers"][name]["grid"]
    finals = [[run["test_loss_at_epoch"][str(EPOCHS)] for run in point["runs"]] for point in grid]
    rates, first = np.array([point["lr"] for point in grid]), np.array([final[0] for final in finals], dtype=np.float64)
    return rates, np.where(np.isnan(first), np.inf, first), np.array(max(finals, key=len))


def window(losses: Array) -> int:
    """How many learning rates come within `WINDOW` of the best."""
    return int((losses <= (1 + WINDOW) * losses.min()).sum())


def numbers(progress: Callable[[str], None], seeds: range = SEEDS, policies: tuple[str, ...] = ("fixed", "fresh")) -> Iterator[Number]:
    """First loss, then for each order policy and rule what is asked of the grid."""
    problem = Quadratic.draw()
    with single_threaded(), ThreadPoolExecutor(os.cpu_count()) as threads:  # BLAS is pinned around all of them, not by each on its own
        yield from _numbers(progress, problem, threads, seeds, policies)


def _numbers(
    progress: Callable[[str], None], problem: Quadratic, threads: ThreadPoolExecutor, seeds: range, policies: tuple[str, ...]
) -> Iterator[Number]:
    source = read("deepobs_quadratic_deep")["source"]
    first = read("deepobs_quadratic_deep")["optimizers"]["MomentumOptimizer"]["grid"][0]["runs"][0]["test_loss_at_epoch"]["0"]
    ours, _ = problem.losses("gd", {"lr": 1e-5}, "fixed", seeds[0])  # compiles, too, before there are threads
    yield relative("test loss before training (float32)", ours, first, source, 1e-7, ".4f")
    for policy in policies:
        for name, optimizer, fixed in _RULES:
            rates, _, _ = published(name)
            ours_at = np.empty((len(rates), len(seeds)))
            for k, lr in enumerate(rates):
                progress(f"{policy} order, {optimizer}, learning rate {k + 1} of {len(rates)}")
                final = functools.partial(problem.final, optimizer, {"lr": float(lr), **fixed}, policy)
                ours_at[k] = list(threads.map(final, seeds))
            asked = _of_fixed if policy == "fixed" else _of_fresh
            yield from asked(f"{policy} order, {optimizer}", name, ours_at, source)


def _of_fixed(label: str, name: str, ours: Array, source: str) -> Iterator[Number]:
    """The published protocol: everything is asked."""
    rates, grid, seeds = published(name)
    medians = np.median(ours, axis=1)
    finite = np.isfinite(grid)
    yield equal(f"{label}: rates of {len(rates)} that end not finite", float((~np.isfinite(medians)).sum()), float((~finite).sum()), source)
    yield equal(f"{label}: rates within 1 % of the best", window(medians), window(grid), source)
    yield equal(f"{label}: best learning rate", rates[medians.argmin()], rates[grid.argmin()], source)
    best = ours[grid.argmin()]
    yield near(f"{label}: mean of ten seeds there", best.mean(), seeds.mean(), source, seeds.std(ddof=1), "their standard deviation", ".3f")
    mean, spread = ours[finite].mean(axis=1), ours[finite].std(axis=1, ddof=1) * np.sqrt(1 + 1 / ours.shape[1])
    inside = int((np.abs(grid[finite] - mean) <= 3 * spread).sum())
    yield equal(f"{label}: published final losses within 3 deviations of our orders'", inside, float(finite.sum()), source)


def _of_fresh(label: str, name: str, ours: Array, source: str) -> Iterator[Number]:
    """Another protocol: shown beside the published numbers, which hide that they depend on the order."""
    why = "published with one order for all epochs"
    rates, grid, seeds = published(name)
    medians, best = np.median(ours, axis=1), ours[grid.argmin()]
    yield remark(f"{label}: rates within 1 % of the best", window(medians), window(grid), source, why)
    yield remark(f"{label}: best learning rate", rates[medians.argmin()], rates[grid.argmin()], source, why)
    yield remark(f"{label}: mean of ten seeds at the published best rate", best.mean(), seeds.mean(), source, why, ".2f")
    yield remark(f"{label}: their standard deviation", best.std(ddof=1), seeds.std(ddof=1), source, why, ".2f")
    if name == "MomentumOptimizer":
        mean, deviation = FRESH_MOMENTUM
        again = "not published: a re-implementation in NumPy with fresh orders"
        error = 2 * deviation * np.sqrt(2 / len(best))
        yield near(f"{label}: the same mean", best.mean(), mean, again, error, "two standard errors", ".2f")
