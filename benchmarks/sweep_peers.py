"""A sweep of 256 trainings, here and elsewhere: case B (30-32-32-1, batch 32, float32), 16 learning rates x 16 L2 strengths, 20 epochs.

    python -m benchmarks.sweep_peers [--rounds 5] [--slow-rounds 1] [--without torch sklearn] [--json FILE]

All on the same cores, one after the other in turn, in their fastest idiom and compiled before: ours trains a trial per thread; JAX trains
all of them in one jitted `scan` over `vmap`ped steps, parameters and moments donated, mini-batches gathered by permutations made on the
host (timed; "jax, scan alone" is given them); torch does as JAX with `torch.func.vmap`; scikit-learn fits an `MLPClassifier` each
(ReLU in both layers: it has no other way) in as many joblib processes as there are cores. Nobody evaluates on the way; "optlab, evaluated
each epoch" does. 17 whole mini-batches of the data set's 569 rows an epoch for all: JAX could not take the rest of 25 without a second
compiled step.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.support import CORES, case_b, sweep
from optlab.data import Dataset, Part

BATCH, EPOCHS = 32, 20
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
RATES, STRENGTHS = np.geomspace(1e-4, 1e-1, 16), np.geomspace(1e-6, 1e-1, 16)
SCAN, EVALUATED = "jax, scan alone", "optlab, evaluated each epoch"
Turn = Callable[[], float]  # one sweep: seconds


def data() -> Dataset:
    """The standardised rows that fill whole mini-batches."""
    dataset, _ = case_b([1e-3], [0.0])
    rows = len(dataset.train) // BATCH * BATCH
    return dataclasses.replace(dataset, train=Part(dataset.train.X[:rows], dataset.train.Y[:rows]))


def timed(run: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def ours(every: int = 0, threads: int = CORES) -> Turn:
    dataset, (_, trials) = data(), case_b(RATES.tolist(), STRENGTHS.tolist())
    trials = [dataclasses.replace(settings, evaluate_every=every) for settings in trials]
    return lambda: timed(lambda: sweep(dataset, trials, threads))


def hyper() -> np.ndarray[Any, Any]:
    """(256, 2): learning rate and L2 strength of each trial."""
    return np.array(list(itertools.product(RATES, STRENGTHS)), dtype=np.float32)


def starts() -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """First W and b of each layer, the same for all trials."""
    rng = np.random.default_rng(0)
    shapes = itertools.pairwise((30, 32, 32, 1))
    return [((rng.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32), np.zeros(b, np.float32)) for a, b in shapes]


def ordered(dataset: Dataset, rng: np.random.Generator) -> list[np.ndarray[Any, Any]]:
    """X (steps, batch, 30) and Y (steps, batch, 1) of all epochs, each freshly permuted."""
    rows = len(dataset.train)
    order = np.concatenate([rng.permutation(rows) for _ in range(EPOCHS)])
    return [np.take(a, order, axis=0).astype(np.float32).reshape(-1, BATCH, a.shape[1]) for a in (dataset.train.X, dataset.train.Y)]


def with_jax(ordering: bool = True) -> Turn:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", False)
    dataset, rng = data(), np.random.default_rng(0)

    def objective(p: Any, l2: Any, x: Any, y: Any) -> Any:
        a = jax.nn.sigmoid(x @ p[0][0] + p[0][1])
        a = jax.nn.relu(a @ p[1][0] + p[1][1])
        z = a @ p[2][0] + p[2][1]
        return jnp.mean(jax.nn.softplus(z) - y * z) + 0.5 * l2 * sum((W * W).sum() for W, _ in p)

    def train(p: Any, lr_l2: Any, rows: Any) -> Any:
        def step(state: Any, xy: Any) -> Any:
            p, m, v, k = state
            g = jax.grad(objective)(p, lr_l2[1], *xy)
            k = k + 1
            m = jax.tree.map(lambda a, b: BETA1 * a + (1 - BETA1) * b, m, g)
            v = jax.tree.map(lambda a, b: BETA2 * a + (1 - BETA2) * b * b, v, g)
            c1, c2 = 1 - BETA1**k, 1 - BETA2**k
            p = jax.tree.map(lambda w, a, b: w - lr_l2[0] * (a / c1) / (jnp.sqrt(b / c2) + EPS), p, m, v)
            return (p, m, v, k), None

        zeros = jax.tree.map(jnp.zeros_like, p)
        return jax.lax.scan(step, (p, zeros, zeros, jnp.float32(0)), rows)[0][0]

    run = jax.jit(jax.vmap(train, in_axes=(None, 0, None)))
    p, trials = jax.tree.map(jnp.asarray, starts()), jnp.asarray(hyper())
    rows = [jnp.asarray(a) for a in ordered(dataset, rng)]
    return lambda: timed(
        lambda: jax.block_until_ready(run(p, trials, [jnp.asarray(a) for a in ordered(dataset, rng)] if ordering else rows))
    )


def with_torch() -> Turn:
    import torch

    dataset, rng = data(), np.random.default_rng(0)
    flat = [torch.tensor(a) for pair in starts() for a in pair]
    lr, l2 = torch.tensor(hyper()).unbind(1)

    def objective(p: Any, l2: Any, x: Any, y: Any) -> Any:
        a = torch.sigmoid(x @ p[0] + p[1])
        a = torch.relu(a @ p[2] + p[3])
        z = a @ p[4] + p[5]
        return (torch.nn.functional.softplus(z) - y * z).mean() + 0.5 * l2 * sum((W * W).sum() for W in p[::2])

    gradient = torch.func.vmap(torch.func.grad(objective), in_dims=(0, 0, None, None))

    def run() -> None:
        torch.set_num_threads(CORES)
        X, Y = (torch.tensor(a) for a in ordered(dataset, rng))
        p = [each.expand(len(lr), *each.shape).contiguous() for each in flat]
        m, v = [torch.zeros_like(each) for each in p], [torch.zeros_like(each) for each in p]
        rates = [lr.reshape(-1, *[1] * (each.ndim - 1)) for each in p]
        for k, (x, y) in enumerate(zip(X, Y, strict=True), start=1):
            g = gradient(p, l2, x, y)
            torch._foreach_lerp_(m, g, 1 - BETA1)
            torch._foreach_mul_(v, BETA2)
            torch._foreach_addcmul_(v, g, g, 1 - BETA2)
            size = torch._foreach_sqrt(torch._foreach_div(v, 1 - BETA2**k))
            torch._foreach_add_(size, EPS)
            torch._foreach_sub_(p, torch._foreach_mul(torch._foreach_div(m, size), [rate / (1 - BETA1**k) for rate in rates]))

    return lambda: timed(run)


def _fit(X: Any, y: Any, lr: float, l2: float) -> None:
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 20 epochs are no convergence, and are not meant to be
        MLPClassifier(
            (32, 32), alpha=float(l2), batch_size=BATCH, learning_rate_init=float(lr), max_iter=EPOCHS, tol=0.0, n_iter_no_change=EPOCHS
        ).fit(X, y)


def with_sklearn() -> Turn:
    from joblib import Parallel, delayed

    train = data().train
    X, y = train.X.astype(np.float32), train.Y[:, 0].astype(int)
    pool = Parallel(n_jobs=CORES)
    pool(delayed(_fit)(X, y, 1e-3, 1e-4) for _ in range(CORES))  # starts the processes
    return lambda: timed(lambda: pool(delayed(_fit)(X, y, lr, l2) for lr, l2 in hyper()))


CONTENDERS: dict[str, Callable[[], Turn]] = {
    "optlab": ours,
    EVALUATED: lambda: ours(every=1),
    "optlab, 1 thread": lambda: ours(threads=1),
    "jax": with_jax,
    SCAN: lambda: with_jax(ordering=False),
    "torch": with_torch,
    "sklearn": with_sklearn,
}
SLOW = ("torch", "sklearn")
"""Run in the first rounds alone: a sweep of theirs takes seconds, so that an interruption hardly matters."""


def interleaved(rounds: int, slow_rounds: int = 1, names: tuple[str, ...] = tuple(CONTENDERS)) -> dict[str, Any]:
    """Seconds of a sweep by contender, {"min_us", "median_us", ratios to ours}, all in turn."""
    turns = {name: CONTENDERS[name]() for name in names}
    for name, turn in turns.items():
        if name not in SLOW:
            turn()
    found: dict[str, list[float]] = {name: [] for name in names}
    for k in range(rounds):
        for name, turn in turns.items():
            if name not in SLOW or k < slow_rounds:
                found[name].append(turn())
    row: dict[str, Any] = {"case": f"256 x B, {CORES} threads", "dtype": "float32", "rounds": rounds, "trials": len(hyper())}
    for name, values in found.items():
        row[name] = {"min_us": 1e6 * min(values), "median_us": 1e6 * median(values)}
        row[name] |= {"ratio_of_minima": min(values) / min(found["optlab"]), "ratio_of_medians": median(values) / median(found["optlab"])}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=1)
    parser.add_argument(
        "--without", nargs="*", default=[], choices=list(CONTENDERS), help="leave out, as torch and sklearn, which are slow"
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    names = tuple(name for name in CONTENDERS if name not in given.without)
    row = interleaved(given.rounds, given.slow_rounds, names)
    for name in names:
        one = row[name]
        print(f"{name:30} {one['min_us'] / 1e6:8.3f} s x{one['ratio_of_minima']:.2f}  medians x{one['ratio_of_medians']:.2f}")
    if given.json:
        given.json.write_text(json.dumps([row], indent=1))


if __name__ == "__main__":
    main()
