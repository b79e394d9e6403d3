"""The training loop against the plain twin, and what it promises about status, history, requests and threads."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from optlab import abi, requests
from optlab.kernel import layout
from tests import naive
from tests.kernel import callbacks
from tests.kernel.support import Array, Chain, Network, Outcome, run
from tests.kernel.test_network import example, relative
from tests.kernel.test_random import POLICIES

SIZES, ACTIVATIONS, COST = [6, 9, 3], ["tanh", "identity"], "softmax_cross_entropy"
NAMES = ("lr", "mu", "eps", "rho", "beta1", "beta2")
RULES: dict[str, dict[str, float]] = {
    "gd": {"lr": 0.3},
    "momentum": {"lr": 0.1, "mu": 0.9},
    "nesterov": {"lr": 0.1, "mu": 0.8},
    "adagrad": {"lr": 0.1, "eps": 1e-10},
    "rmsprop": {"lr": 0.01, "rho": 0.99, "eps": 1e-8},
    "adam": {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
}


def quadratic(h: Array, dtype: str) -> tuple[Array, list[Array]]:
    """Model array of 1/2 sum h_i (w_i - 1)^2, and what it points to."""
    h = np.ascontiguousarray(h, dtype)
    context = np.array([h.ctypes.data, len(h)], np.int64)
    model = np.zeros(layout.MODEL_COLUMNS, np.int64)
    model[layout.MODEL_GRADIENT] = callbacks.address(callbacks.quadratic_gradient, "model_gradient", dtype)
    model[layout.MODEL_EVALUATE] = callbacks.address(callbacks.quadratic_evaluate, "model_evaluate", dtype)
    model[layout.MODEL_CONTEXT] = model[layout.MODEL_TRAIN] = context.ctypes.data
    model[layout.MODEL_TRAIN_ROWS] = 1
    return model, [h, context]


def compare(
    dtype: str, rule: str = "gd", *, rows: int = 23, batch: int = 5, epochs: int = 3, policy: str = "fresh", **options: Any
) -> None:  # fmt: skip
    """Train with the kernel and with the twin: same parameters, curve and running objectives."""
    w, X, Y = example(SIZES, COST, rows)
    network = Network(SIZES, ACTIVATIONS, COST, X, Y, dtype)
    hyper = RULES[rule]
    codes = {"l1_mode": {"subgradient": 0, "proximal": 1}, "l2_mode": {"coupled": 0, "decoupled": 1, "in model": 2}}
    coded = {key: codes[key][value] if key in codes else value for key, value in options.items()}
    chain = Chain(len(w), dtype, (rule, list(hyper.values())))
    outcome = run(w, chain, dtype=dtype, network=network, epochs=epochs, batch=batch, order=POLICIES[policy], key=(3, 4), **coded)
    options.pop("terms", None)
    if options.get("l2_mode") == "in model":
        options["l2_mode"] = "coupled"
    orders = naive.orders(rows, epochs, policy, (3, 4))
    expected, curve, running = naive.train(
        w, X, Y, sizes=SIZES, activations=ACTIVATIONS, cost=COST, rule=rule, hyper=lambda t: hyper, batch=batch, orders=orders,
        terms=coded.get("terms", 1), **options,
    )  # fmt: skip
    tight = {"float64": 1e-9, "float32": 2e-3}[dtype]
    assert outcome.status == layout.DONE
    assert relative(outcome.w, expected) < tight
    assert outcome.history[:, layout.HISTORY_TRAIN_COST] == pytest.approx(curve, rel=tight)
    assert outcome.running == pytest.approx(running, rel=tight)
    assert list(outcome.history[:, layout.HISTORY_EPOCH]) == list(range(epochs + 1))
    steps = -(-rows // batch)
    assert list(outcome.history[:, layout.HISTORY_STEP]) == [steps * epoch for epoch in range(epochs + 1)]
    assert list(outcome.history[:, layout.HISTORY_ROWS]) == [rows * epoch for epoch in range(epochs + 1)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", RULES)
def test_rules(rule: str, dtype: str) -> None:
    compare(dtype, rule)


@pytest.mark.parametrize("policy", POLICIES)
def test_order_policies(policy: str) -> None:
    compare("float64", policy=policy)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("l1_mode", ["subgradient", "proximal"])
@pytest.mark.parametrize("l2_mode", ["coupled", "decoupled", "in model"])
@pytest.mark.parametrize("biases", [False, True])
def test_penalties(l1_mode: str, l2_mode: str, biases: bool, dtype: str) -> None:
    if biases and l2_mode == "in model":
        pytest.skip("a network adds the penalty of its weights alone")
    compare(dtype, l1=0.01, l2=0.1, l1_mode=l1_mode, l2_mode=l2_mode, penalise_biases=biases)


def test_penalties_alone() -> None:
    compare("float64", "adam", l1=0.02)
    compare("float64", "adam", l2=0.3, terms=3)
    # More rows than a chunk: the penalty joins the gradient once.
    compare("float64", rows=2 * layout.CHUNK_ROWS + 5, batch=5000, l2=0.3, l2_mode="in model")


@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (1, 64), (7, 7), (7, 100), (13, 1), (31, 17)])
@pytest.mark.parametrize("policy", ["fresh", "replacement"])
def test_edge_sizes(rows: int, batch: int, policy: str) -> None:
    compare("float64", rows=rows, batch=min(batch, rows), policy=policy)
    compare("float64", rows=rows, batch=batch, policy=policy)


def test_the_subgradient_of_l1_at_zero_is_zero_and_the_prox_reaches_zero() -> None:
    h = np.array([1.0, 1.0, 0.0])
    model, _keep = quadratic(h, "float64")
    chain = Chain(3, "float64", ("gd", [0.5]))
    outcome = run(np.array([0.9, -0.2, 0.0]), chain, dtype="float64", model=model, epochs=60, l1=0.4)
    assert outcome.w[2] == 0
    chain = Chain(3, "float64", ("gd", [0.5]))
    outcome = run(np.array([0.9, -0.2, 0.3]), chain, dtype="float64", model=model, epochs=60, l1=0.4, l1_mode=layout.L1_PROXIMAL)
    assert outcome.w == pytest.approx([0.6, 0.6, 0.0], abs=1e-9)
    assert outcome.w[2] == 0
    nan = run(np.array([np.nan, 1, 1]), Chain(3, "float64", ("gd", [0.5])), dtype="float64", model=model, l1=0.4)
    assert nan.status == layout.DIVERGED


def test_explicit_orders_win() -> None:
    w, X, Y = example(SIZES, COST, rows=12)
    network = Network(SIZES, ACTIVATIONS, COST, X, Y, "float64")
    orders = np.array([[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], np.arange(12)[::-1]])
    for batch in (5, 12, 100):
        outcome = run(w, Chain(len(w), "float64", ("gd", [0.3])), dtype="float64", network=network, epochs=2, batch=batch, orders=orders)
        expected, *_ = naive.train(
            w, X, Y, sizes=SIZES, activations=ACTIVATIONS, cost=COST, rule="gd", hyper=lambda t: {"lr": 0.3}, batch=batch, orders=orders
        )
        assert relative(outcome.w, expected) < 1e-12


@pytest.mark.parametrize("period", [1, 2, 3])
def test_hyper_table(period: int) -> None:
    rates = [0.5, 0.25, 0.125, 0.3]
    w, X, Y = example(SIZES, COST, rows=12)
    network = Network(SIZES, ACTIVATIONS, COST, X, Y, "float64")
    chain = Chain(len(w), "float64", ("momentum", [rates, 0.9]))
    options: dict[str, Any] = {"l1": 0.01, "l2": 0.1, "l1_mode": 1, "l2_mode": 1}
    outcome = run(w, chain, dtype="float64", network=network, epochs=6, batch=6, period=period, **options)
    expected, *_ = naive.train(
        w, X, Y, sizes=SIZES, activations=ACTIVATIONS, cost=COST, rule="momentum", batch=6, orders=naive.orders(12, 6, "fresh", (0, 0)),
        hyper=lambda t: {"lr": rates[min((t - 1) // period, 3)], "mu": 0.9}, l1=0.01, l2=0.1, l1_mode="proximal", l2_mode="decoupled",
    )  # fmt: skip
    assert relative(outcome.w, expected) < 1e-12


def test_gd_contracts_a_quadratic_mode_by_mode_and_diverges_beyond_its_limit() -> None:
    h = np.array([0.1, 1.0, 4.0])
    model, _keep = quadratic(h, "float64")
    outcome = run(np.zeros(3), Chain(3, "float64", ("gd", [0.4])), dtype="float64", model=model, epochs=20)
    assert outcome.status == layout.DONE
    assert 1 - outcome.w == pytest.approx((1 - 0.4 * h) ** 20, rel=1e-10)
    outcome = run(np.zeros(3), Chain(3, "float64", ("gd", [0.51])), dtype="float64", model=model, epochs=2000, bound=1e3)
    assert outcome.status == layout.DIVERGED


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_divergence_stops_at_once_and_says_where(dtype: str) -> None:
    w, X, Y = example([3, 4, 5, 1], "squared_error", rows=20)
    network = Network([3, 4, 5, 1], ["leaky", "leaky", "identity"], "squared_error", X, Y, dtype)
    outcome = run(w, Chain(len(w), dtype, ("gd", [50.0])), dtype=dtype, network=network, epochs=30, batch=7)
    assert outcome.status == layout.DIVERGED
    bad_step, epoch = int(outcome.result[layout.RESULT_BAD_STEP]), int(outcome.result[layout.RESULT_BAD_EPOCH])
    assert bad_step <= outcome.result[layout.RESULT_STEPS] + 1
    assert (epoch - 1) * 3 < bad_step <= epoch * 3
    assert 0 <= outcome.result[layout.RESULT_BAD_LAYER] < 3
    last = outcome.history[-1]
    assert last[layout.HISTORY_EPOCH] == epoch
    assert np.isnan(last[layout.HISTORY_TRAIN_COST])
    assert outcome.result[layout.RESULT_EPOCHS] == epoch - 1
    bounded = run(w, Chain(len(w), dtype, ("gd", [50.0])), dtype=dtype, network=network, epochs=30, batch=7, bound=100.0)
    assert bounded.status == layout.DIVERGED
    assert bounded.result[layout.RESULT_BAD_STEP] < bad_step
    assert bounded.result[layout.RESULT_BAD_LAYER] == -1
    assert bounded.result[layout.RESULT_BAD_COST] > 100 * bounded.result[layout.RESULT_INITIAL_COST]


def test_divergence_in_the_last_update_is_seen() -> None:
    model, _keep = quadratic(np.array([1.0]), "float64")
    outcome = run(np.zeros(1), Chain(1, "float64", ("gd", [np.inf])), dtype="float64", model=model, epochs=1)
    assert outcome.status == layout.DIVERGED
    assert outcome.result[layout.RESULT_BAD_STEP] == 1
    assert np.isnan(outcome.result[layout.RESULT_BAD_COST])


@pytest.mark.parametrize("every", [0, 1, 2, 3, 7, 100])
def test_history_rows(every: int) -> None:
    w, X, Y = example(SIZES, COST, rows=10)
    network = Network(SIZES, ACTIVATIONS, COST, X, Y, "float64", metric="accuracy_by_argmax")
    other = Network(SIZES, ACTIVATIONS, COST, X[:4], Y[:4], "float64", metric="accuracy_by_argmax")
    chain = Chain(len(w), "float64", ("gd", [0.1]))
    outcome = run(w, chain, dtype="float64", network=network, validation=other, epochs=7, batch=3, evaluate_every=every)
    expected = sorted({0, 7} | (set(range(0, 8, every)) if every else set()))
    assert list(outcome.history[:, layout.HISTORY_EPOCH]) == expected
    last = outcome.history[-1]
    for data, column in ((network, layout.HISTORY_TRAIN_COST), (other, layout.HISTORY_VALIDATION_COST)):
        y = naive.outputs(outcome.w, data.X, SIZES, ACTIVATIONS)
        assert last[column] == pytest.approx(naive.softmax_cross_entropy(y, data.Y)[0] / len(data.X), rel=1e-12)
        assert last[column + 1] == (y.argmax(axis=1) == data.Y.argmax(axis=1)).sum()
    assert np.isnan(last[layout.HISTORY_TEST_COST])
    assert np.isnan(last[layout.HISTORY_TEST_METRIC])
    assert (np.diff(outcome.history[:, layout.HISTORY_SECONDS]) > 0).all()
    assert outcome.result[layout.RESULT_EVALUATIONS] == 28


def test_metrics() -> None:
    X, sizes = np.array([[-2.0], [-0.1], [0.3], [np.nan]]), [1, 1]
    w, Y = np.array([1.0, 0.0]), np.array([[0.0], [1.0], [1.0], [1.0]])
    logits = Network(sizes, ["identity"], "binary_cross_entropy", X, Y, "float64", metric="accuracy_by_threshold")
    assert logits.evaluate(w)[1] == 2
    probabilities = Network(sizes, ["identity"], "squared_error", X, Y, "float64", metric="accuracy_by_threshold")
    assert probabilities.evaluate(w)[1] == 1
    residual = Network(sizes, ["identity"], "squared_error", X[:3], Y[:3], "float64", metric="squared_residual")
    assert residual.evaluate(w)[1] == pytest.approx(4 + 1.21 + 0.49)
    lost = Network([1, 2], ["identity"], "squared_error", X[3:], np.array([[1.0, 0.0]]), "float64", metric="accuracy_by_argmax")
    assert lost.evaluate(np.array([1.0, 1.0, 0.0, 0.0]))[1] == 0


def test_a_chain_clips_and_averages() -> None:
    model, _keep = quadratic(np.array([1.0, 10.0]), "float64")
    chain = Chain(2, "float64", ("clip", [0.5]), ("gd", [0.1]), ("polyak", []))
    outcome = run(np.zeros(2), chain, dtype="float64", model=model, epochs=40)
    w, path = np.zeros(2), []
    for _ in range(40):
        g = np.array([1.0, 10.0]) * (w - 1)
        w = w - 0.1 * g * min(1, 0.5 / np.linalg.norm(g))
        path.append(w)
    mean = np.mean(path, axis=0)
    assert outcome.w == pytest.approx(w, rel=1e-10)
    assert outcome.memory[2:4] == pytest.approx(mean, rel=1e-10)
    assert chain.scalars[0] > 0
    expected = 0.5 * (np.array([1.0, 10.0]) * (mean - 1) ** 2).sum()
    assert outcome.history[-1, layout.HISTORY_TRAIN_COST] == pytest.approx(expected, rel=1e-9)
    assert outcome.history[0, layout.HISTORY_TRAIN_COST] == 5.5


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_line_search_asks_for_evaluations(dtype: str) -> None:
    w, X, Y = example(SIZES, COST, rows=20)
    network = Network(SIZES, ACTIVATIONS, COST, X, Y, dtype)
    chain = Chain(len(w), dtype, ("backtrack", [64.0, 1e-4]))
    outcome = run(w, chain, dtype=dtype, network=network, epochs=25, batch=20, l2=0.01, penalty_value=True)
    assert outcome.status == layout.DONE
    objective = outcome.running
    assert (np.diff(objective) < 0).all()
    assert objective[-1] < 0.5 * objective[0]
    assert outcome.result[layout.RESULT_EVALUATIONS] > 2 * 25
    assert outcome.result[layout.RESULT_ROWS] == 20 * outcome.result[layout.RESULT_EVALUATIONS]
    mask = naive.weights_mask(SIZES)
    mean = naive.network_gradient(w, X, Y, SIZES, ACTIVATIONS, COST)[0] / 20
    assert objective[0] == pytest.approx(mean + naive.penalty(w[mask], 0, 0.01), rel=1e-5)


@pytest.mark.parametrize(("stage", "request_code"), [("second_order", requests.HESSIAN_VECTOR), ("insatiable", requests.EVALUATE)])
def test_a_request_that_is_not_served_ends_the_trial(stage: str, request_code: int) -> None:
    model, _keep = quadratic(np.array([1.0]), "float64")
    outcome = run(np.zeros(1), Chain(1, "float64", (stage, [0.0])), dtype="float64", model=model, epochs=5)
    assert outcome.status == layout.ERROR
    assert outcome.result[layout.RESULT_REQUEST] == request_code
    assert outcome.result[layout.RESULT_EVALUATIONS] <= layout.REQUEST_LIMIT + 1


def test_the_stop_flag_and_the_time_limit() -> None:
    model, _keep = quadratic(np.array([1.0]), "float64")
    stop = np.ones(1, np.int64)
    outcome = run(np.zeros(1), Chain(1, "float64", ("gd", [0.1])), dtype="float64", model=model, epochs=5, stop=stop)
    assert (outcome.status, outcome.result[layout.RESULT_STEPS]) == (layout.STOPPED, 0)
    stop[0] = 0
    options: dict[str, Any] = {"dtype": "float64", "model": model, "epochs": 50_000_000, "evaluate_every": 0}
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, np.zeros(1), Chain(1, "float64", ("gd", [1e-9])), stop=stop, **options)
        time.sleep(0.05)
        stop[0] = 1
        assert future.result(timeout=20).status == layout.STOPPED
    outcome = run(np.zeros(1), Chain(1, "float64", ("gd", [1e-9])), time_limit=0.02, **options)
    assert outcome.status == layout.STOPPED
    assert 0.02 <= outcome.result[layout.RESULT_SECONDS] < 1
    assert np.isfinite(outcome.history[-1, layout.HISTORY_TRAIN_COST])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_same_bits_for_any_number_of_threads_and_any_place_in_memory(dtype: str) -> None:
    w, X, Y = example([30, 33, 10], COST, rows=70)

    def trial(index: int) -> Outcome:
        shifted = np.empty(X.size + index, dtype)[index:].reshape(X.shape)
        shifted[:] = X
        network = Network([30, 33, 10], ["tanh", "identity"], COST, X, Y, dtype)
        network.X = shifted
        network.context[abi.NET_X] = shifted.ctypes.data
        chain = Chain(len(w), dtype, ("adam", [0.01, 0.9, 0.999, 1e-8]))
        return run(w, chain, dtype=dtype, network=network, epochs=20, batch=16, l2=1e-3, key=(1, 2))

    outcomes = [trial(0)]
    for threads in (1, 4):
        with ThreadPoolExecutor(threads) as pool:
            outcomes += pool.map(trial, range(8))
    for a, b in itertools.pairwise(outcomes):
        assert a.w.tobytes() == b.w.tobytes()
        columns = [c for c in range(layout.HISTORY_COLUMNS) if c != layout.HISTORY_SECONDS]
        assert a.history[:, columns].tobytes() == b.history[:, columns].tobytes()
