"""One training step here, in JAX and in torch, side by side: run in turn in one process on one core, so that a busy machine or a
changing clock speed meets all alike. The FMA peak of the core is measured in the same turns.

    python -m benchmarks.peers [--seconds 10] [--cases ABCDE] [--dtypes float32,float64] [--json FILE]

Each peer has its fastest idiom. JAX: one jitted `lax.scan` over the mini-batches of several epochs, parameters and moments donated, in
two rows: "jax, scan alone" finds its rows gathered by permutations made on the host, which is not timed; "jax" pays for that: it draws
each epoch's permutation with NumPy, gathers into one array and hands it over. torch: fused Adam, rows gathered by index in the loop.
Ours draws the order and gathers, timed by the kernel's clock. All: forward, backward, L2 penalty, Adam; whole batches only.

The share of peak counts the operations that a step executes as the lab counts FLOPs: products (the first layer needs no gradient of its
input), activations and cost with exp and its kin as one operation each, penalty, update.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import optlab
from benchmarks.test_kernel import CASES, example
from optlab.outcome import Outcome

LR, L2, BETA1, BETA2, EPS = 1e-4, 1e-4, 0.9, 0.999, 1e-8
EPOCHS = {"A": 20, "B": 20, "C": 5, "D": 1, "E": 1}  # per turn: a few milliseconds, short enough to fall between interruptions
Turn = Callable[[], float]  # one turn: seconds per step


def data(case: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    """(X, y, batch), as many rows as fill whole batches."""
    X, y = example(case)
    batch = CASES[case][5]
    rows = len(X) // batch * batch
    return X[:rows], y[:rows], batch


def targets(case: str, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Targets as a matrix: one-hot for several classes."""
    return np.eye(CASES[case][2])[y] if CASES[case][4] == "classes" else y.reshape(len(y), -1).astype(float)


def parameters(case: str) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    inputs, hidden, outputs = CASES[case][:3]
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(a, b)) / np.sqrt(a), np.zeros(b)) for a, b in itertools.pairwise((inputs, *hidden, outputs))]


def _train(case: str, dtype: str, epochs: int) -> Outcome:
    X, y, batch = data(case)
    _, hidden, _, activations, task, *_ = CASES[case]
    return optlab.train(
        (X, y), layers=hidden, activation=activations, optimizer="adam", hyper={"lr": LR}, l2=L2, epochs=epochs, batch_size=batch,
        dtype=dtype, evaluate_every=0, scale="none", quiet=True, task="regression" if task == "regression" else "classification",
    )  # type: ignore[arg-type]  # fmt: skip


def ours(case: str, dtype: str) -> Turn:
    def turn() -> float:
        outcome = _train(case, dtype, EPOCHS[case[0]])
        return outcome.seconds / outcome.steps

    return turn


def flops(case: str) -> float:
    """Operations of one step."""
    outcome = _train(case, "float32", 1)
    return outcome.flops / outcome.steps


def with_jax(case: str, dtype: str) -> Turn:
    """The scan, and the rows put into order for it on the host."""
    return _with_jax(case, dtype, ordering=True)


def with_jax_scan(case: str, dtype: str) -> Turn:
    """The scan alone, over rows in their order."""
    return _with_jax(case, dtype, ordering=False)


def _with_jax(case: str, dtype: str, ordering: bool) -> Turn:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", dtype == "float64")
    X, y, batch = data(case)
    T, activations, task = targets(case, y), CASES[case][3], CASES[case][4]
    known = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}

    def objective(p: Any, x: Any, t: Any) -> Any:
        for (W, b), name in zip(p[:-1], activations, strict=True):
            x = known[name](x @ W + b)
        z = x @ p[-1][0] + p[-1][1]
        if task == "regression":
            cost = jnp.mean((z - t) ** 2)
        elif task == "binary":
            cost = jnp.mean(jax.nn.softplus(z) - t * z)
        else:
            cost = -jnp.sum(t * jax.nn.log_softmax(z)) / batch
        return cost + 0.5 * L2 * sum((W * W).sum() for W, _ in p)

    def step(state: Any, rows: Any) -> Any:
        p, m, v, k = state
        g = jax.grad(objective)(p, *rows)
        k = k + 1
        m = jax.tree.map(lambda a, b: BETA1 * a + (1 - BETA1) * b, m, g)
        v = jax.tree.map(lambda a, b: BETA2 * a + (1 - BETA2) * b * b, v, g)
        c1, c2 = 1 - BETA1**k, 1 - BETA2**k
        p = jax.tree.map(lambda w, a, b: w - LR * (a / c1) / (jnp.sqrt(b / c2) + EPS), p, m, v)
        return (p, m, v, k), None

    run = jax.jit(lambda state, rows: jax.lax.scan(step, state, rows)[0], donate_argnums=0)
    p = jax.tree.map(lambda a: jnp.array(a, dtype), parameters(case))
    state = [(p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.array(0, dtype))]
    rng, epochs, host = np.random.default_rng(0), EPOCHS[case[0]], [np.asarray(a, dtype) for a in (X, T)]
    steps = len(X) // batch * epochs

    def ordered() -> list[Any]:
        order = np.concatenate([rng.permutation(len(X)) for _ in range(epochs)])
        return [jnp.asarray(np.take(a, order, axis=0).reshape(steps, batch, -1)) for a in host]

    rows = jax.block_until_ready(ordered())

    def turn() -> float:
        begin = time.perf_counter()
        state[0] = jax.block_until_ready(run(state[0], ordered() if ordering else rows))
        return (time.perf_counter() - begin) / steps

    return turn


def with_torch(case: str, dtype: str) -> Turn:
    import torch

    torch.set_num_threads(1)
    X, y, batch = data(case)
    T, activations, task = targets(case, y), CASES[case][3], CASES[case][4]
    real = getattr(torch, dtype)
    known = {"tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}
    layers: list[Any] = []
    for k, (W, _) in enumerate(parameters(case)):
        layers.append(torch.nn.Linear(*W.shape, dtype=real))
        layers += [known[activations[k]]()] if k < len(activations) else []
    network = torch.nn.Sequential(*layers)
    cost = {"regression": torch.nn.MSELoss, "binary": torch.nn.BCEWithLogitsLoss, "classes": torch.nn.CrossEntropyLoss}[task]()
    rule = torch.optim.Adam(network.parameters(), lr=LR, weight_decay=L2, fused=True)
    inputs, wanted = torch.tensor(X, dtype=real), torch.tensor(y) if task == "classes" else torch.tensor(T, dtype=real)
    order, turns = torch.randperm(len(X)), itertools.count()

    def turn() -> float:
        # 20 steps a turn are enough: a step of torch costs tens of microseconds even for the smallest network.
        begin, steps = time.perf_counter(), min(20, len(X) // batch)
        next(turns)
        for k in range(steps):
            rows = order[k * batch : (k + 1) * batch]
            rule.zero_grad()
            cost(network(inputs[rows]), wanted[rows]).backward()
            rule.step()
        return (time.perf_counter() - begin) / steps

    return turn


def fma_peak(dtype: str) -> Turn:
    """Seconds per floating-point operation of a loop of independent fused multiply-adds: the peak of this core."""
    from numba import types
    from numba.extending import intrinsic

    from optlab import abi, jit
    from optlab.kernel.vectors import I64, Vectors, loop

    chains, count = 12, 100_000

    @intrinsic
    def fused(typingctx: Any, out: Any, n: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            v = Vectors(context, builder, signature.args[0].dtype)
            factor = v.load(args[0])
            sums = loop(builder, I64(0), args[1], 1, [factor] * chains, lambda _, held: [v.fused(each, factor, factor) for each in held])
            for k, each in enumerate(sums):
                v.store(each, v.at(args[0], k * v.lanes))
            return context.get_dummy_value()

        return types.void(out, types.int64), codegen

    def body(out: Any, n: Any) -> Any:
        fused(out, n)
        return 0

    real = abi.REALS[dtype]
    with jit.compiling("peak"):
        compiled = jit.callback(types.int64(types.CPointer(real), types.int64))(body)
    memory = np.full(chains * 8, 0.5, dtype)
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)(compiled.address)
    operations = 2 * chains * (32 // memory.itemsize) * count

    def turn() -> float:
        seconds = []
        for _ in range(5):
            memory[:] = 0.5
            begin = time.perf_counter()
            call(memory.ctypes.data, count)
            seconds.append(time.perf_counter() - begin)
        return min(seconds) / operations

    turn.kept = compiled  # type: ignore[attr-defined]
    return turn


SCAN = "jax, scan alone"
CONTENDERS: dict[str, Callable[[str, str], Turn]] = {"optlab": ours, "jax": with_jax, SCAN: with_jax_scan, "torch": with_torch}


def contenders(dtype: str) -> tuple[str, ...]:
    """Who runs in a dtype: torch in float32 alone."""
    return tuple(CONTENDERS) if dtype == "float32" else ("optlab", "jax", SCAN)


def interleaved(case: str, dtype: str, seconds: float, contenders: tuple[str, ...] = tuple(CONTENDERS)) -> dict[str, Any]:
    """Minima and medians of the step in microseconds, ratios to ours, share of the peak; all in turn for `seconds` at least."""
    turns = {name: CONTENDERS[name](case, dtype) for name in contenders} | {"peak": fma_peak(dtype)}
    for turn in turns.values():
        turn()
    found: dict[str, list[float]] = {name: [] for name in turns}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(found["peak"]) < 7:
        for name, turn in turns.items():
            found[name].append(turn())
    least, middle = ({name: pick(values) for name, values in found.items()} for pick in (min, statistics.median))
    row: dict[str, Any] = {"case": case, "dtype": dtype, "rounds": len(found["peak"]), "peak_gflops": 1e-9 / least["peak"]}
    for name in contenders:
        row[name] = {"min_us": 1e6 * least[name], "median_us": 1e6 * middle[name]}
        if name != "optlab":
            row[name] |= {"ratio_of_minima": least[name] / least["optlab"], "ratio_of_medians": middle[name] / middle["optlab"]}
    row["share_of_peak"] = flops(case) * least["peak"] / least["optlab"]
    return row


def on_one_core() -> None:
    """Pin this process; to be called before JAX starts its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--cases", default="ABCDE")
    parser.add_argument("--dtypes", default="float32,float64")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    on_one_core()
    rows = []
    for case, dtype in itertools.product((case for case in CASES if case[0] in given.cases), given.dtypes.split(",")):
        names = contenders(dtype)
        row = interleaved(case, dtype, given.seconds, names)
        rows.append(row)
        peers = "  ".join(
            f"{name} {row[name]['min_us']:9.1f} us x{row[name]['ratio_of_minima']:.2f} (medians x{row[name]['ratio_of_medians']:.2f})"
            for name in names[1:]
        )
        share = f"{100 * row['share_of_peak']:.0f} % of {row['peak_gflops']:.0f} GFLOP/s"
        print(f"{case:20} {dtype} {row['optlab']['min_us']:10.2f} us  {share}  {peers}  {row['rounds']} rounds", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
