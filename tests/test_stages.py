"""Array code over tensors and vectors, stages, chains of them: compiled code against the same functions in plain Python."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

import optlab
from optlab.chains import chain
from optlab.conformance.interpreted import interpreted
from optlab.errors import OptlabError
from optlab.plugin import DONE, EVALUATE, Count, Decay, NonNegative, Positive, layer_rule, maximum, minimum, optimizer, stage, vector_rule

SIZES = (3, 4, 2)
N = 3 * 4 + 4 + 4 * 2 + 2
START = np.linspace(-1, 1, N)


def tape(steps=30):
    return np.random.default_rng(5).normal(size=(steps, N))


@layer_rule(operations=lambda rows, columns, every: rows * columns / every, state={"across": "rows", "count": "scalar"}, start={"m": "lr"})
def lopsided(w, g, m, across, count, *, t, bias, lr: Positive = 0.1, every: Count = 3):
    count[0] += 1.0 / t
    m[:] = 0.5 * m + g
    if t % every == 0:
        for i in range(w.shape[0]):
            across[i] += np.sum(g[i] ** 2)
    scale = 2.0 if bias else 1.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            w[i, j] -= scale * lr * m[i, j] / (1.0 + across[i] + count[0])


@vector_rule(operations=3.0, state={"past": "memory n"}, start={"first": "w"})
def remembering(w, g, past, first, *, t, lr: Positive = 0.1, memory: Count = 2):
    past[t % memory] = g
    norm = np.sqrt(np.sum(past**2))
    w -= lr * past[(t + 1) % memory] / (1.0 + norm) + 0.01 * (w - first)


def halved(x):
    return x / shrink(2.0)


def shrink(by):
    return by


@layer_rule(operations=2.0)
def assisted(w, g, *, lr: Positive = 0.1):
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            w[i, j] -= lr * halved(g[i, j])


def endless(x):
    return endless(x - 1)


@layer_rule(operations=2.0)
def recursive(w, g, *, lr: Positive = 0.1):
    w[0, 0] -= lr * endless(g[0, 0])


@stage
def clipping(w, g, *, limit: Positive = 0.5):
    return w, minimum(maximum(g, -limit), limit)


@stage(start={"average": "w"}, evaluate=lambda w, average: average)
def averaging(w, g, average, *, decay: Decay = 0.9):
    return w, g, decay * average + (1 - decay) * w


@optimizer
def plain(w, g, *, lr: NonNegative = 0.1):
    return w - lr * g


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sizes", [SIZES, None])
@pytest.mark.parametrize("rule", [lopsided, remembering, assisted], ids=lambda rule: rule.name)
def test_array_code_equals_itself_in_plain_python(rule, sizes, dtype):
    found = optlab.trajectory(rule, tape(), START, dtype=dtype, sizes=sizes)
    error = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(found, interpreted(rule, rule.values({}), tape(), START, sizes), rtol=error, atol=error)


def test_a_tensor_does_not_see_another_one():
    wider = (3, 4, 2, 5)
    more = 2 * 5 + 5
    long = np.hstack([tape(), np.ones((30, more))])
    found = optlab.trajectory(lopsided, long, np.concatenate([START, np.ones(more)]), sizes=wider)
    assert np.array_equal(found[:, :N], optlab.trajectory(lopsided, tape(), START, sizes=SIZES))


def test_a_chain_runs_its_stages_in_order():
    rule = chain(clipping, plain, averaging)
    found = optlab.trajectory(rule, tape(), START)
    by_hand = START - 0.1 * np.cumsum(np.clip(tape(), -0.5, 0.5), axis=0)
    np.testing.assert_allclose(found, by_hand, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found, interpreted(rule, rule.values({}), tape(), START), rtol=1e-12, atol=1e-14)
    late = optlab.trajectory(chain(plain, clipping), tape(), START)
    np.testing.assert_allclose(late, START - 0.1 * np.cumsum(tape(), axis=0), rtol=1e-12, atol=1e-14)


def test_a_chain_of_array_code_and_formulas():
    rule = chain(clipping, lopsided, averaging)
    found = optlab.trajectory(rule, tape(), START, sizes=SIZES)
    np.testing.assert_allclose(found, interpreted(rule, rule.values({}), tape(), START, SIZES), rtol=1e-12)


def test_hyper_parameters_of_a_chain():
    @stage
    def shrinking(w, g, *, limit: Positive = 1.0, lr: Positive = 0.5):
        return w * (1 - lr * limit), g

    rule = chain(clipping, shrinking, plain)
    assert list(rule.hyper) == ["clipping.limit", "shrinking.limit", "shrinking.lr", "plain.lr"]
    values = {"clipping.limit": 2.0, "shrinking.limit": 0.25, "shrinking.lr": 1.0, "plain.lr": 0.0}
    found = optlab.trajectory(rule, tape(3), START, values)
    np.testing.assert_allclose(found, START * 0.75 ** np.arange(1, 4)[:, None])
    assert rule.digest() != chain(shrinking, clipping, plain).digest()


def test_the_history_evaluates_the_average():
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.random.default_rng(1).normal(size=40)
    given = {"layers": (), "optimizer": chain(plain, averaging), "epochs": 4, "batch_size": "full", "quiet": True, "hyper": {"decay": 0.75}}
    averaged = optlab.train((X, y), **given)
    w, average, costs = raw_start(X, y), raw_start(X, y), []
    for _ in range(4):
        w = w - 0.1 * slope(w, X, y)
        average = 0.75 * average + 0.25 * w
        costs.append(np.mean((X @ average[:3] + average[3] - y) ** 2))
    np.testing.assert_allclose(averaged.history.train_cost[1:], costs, rtol=1e-10)
    np.testing.assert_allclose(averaged.parameters, average, rtol=1e-10)


def raw_start(X, y):
    return optlab.train((X, y), layers=(), optimizer="gd", epochs=0, quiet=True).parameters.copy()


def slope(w, X, y):
    residual = X @ w[:3] + w[3] - y
    return np.append(2 * X.T @ residual, 2 * residual.sum()) / len(X)


@vector_rule(operations=1.0, state={"origin": "n", "descent": "n", "cost_there": "scalar", "step": "scalar"})
def backtracking(w, g, origin, descent, cost_there, step, *, call, cost, lr: Positive = 100.0):
    """Armijo's rule, by halving."""
    if call == 0:
        origin[:], descent[:] = w, g
        cost_there[0], step[0] = cost, lr
    elif cost <= cost_there[0] - 1e-4 * step[0] * np.sum(descent**2):
        return DONE
    else:
        step[0] *= 0.5
    w[:] = origin - step[0] * descent
    return EVALUATE


def test_a_rule_that_asks_for_further_evaluations():
    costs = optlab.minimise("rosenbrock", backtracking, steps=50)
    assert costs.status == "done" and (np.diff(costs.values) < 0).all()
    assert costs.evaluations[-1] > 51


def test_the_objective_that_a_rule_sees_has_the_penalty_in_it_from_the_first_call_on():
    """Else a line search under a penalty compares two objectives; recording the objective has it computed anyway."""
    given = {"layers": (3,), "optimizer": backtracking, "l2": 0.5, "epochs": 30, "batch_size": "full", "quiet": True}
    recorded, silent = (optlab.train("iris", running=running, **given) for running in (True, False))
    assert (np.diff(recorded.running) <= 0).all() and np.array_equal(recorded.parameters, silent.parameters)


def test_an_exception_in_array_code_ends_the_run_with_a_sentence():
    @layer_rule(operations=1.0)
    def failing(w, g, *, lr: Positive = 0.1):
        if w[0, 0] > -1e9:
            raise ValueError("never")

    assert "failing raised an exception in step 1" in optlab.train("iris", optimizer=failing, epochs=1, quiet=True).sentence
    with pytest.raises(OptlabError, match="failing raised an exception in step 1"):
        optlab.trajectory(failing, tape(), START)


def test_a_gradient_that_is_not_finite_shows_in_the_parameters():
    broken = tape()
    broken[2, 1] = np.inf
    path = optlab.trajectory(lopsided, broken, START, sizes=SIZES)
    assert np.isfinite(path[:2]).all() and np.isnan(path[2:]).all()


def test_chains_are_found_by_name():
    catalogue = optlab.catalogue().including([clipping, averaging])
    assert catalogue.optimizer("clipping+adam+averaging").name == "clipping+adam+averaging"
    with pytest.raises(OptlabError, match="exactly one optimizer"):
        catalogue.optimizer("adam+gd")
    with pytest.raises(OptlabError, match="a stage comes twice"):
        catalogue.optimizer("clipping+adam+clipping")
    with pytest.raises(OptlabError, match="no optimizer called 'clippin'"):
        catalogue.optimizer("clippin+adam")
    with pytest.raises(OptlabError, match="no optimizer called 'clipping'"):
        catalogue.optimizer("clipping")


@pytest.mark.parametrize(
    ("state", "start", "why"),
    [
        ({"m": "rows colums"}, {}, "a size other than columns, n, rows"),
        ({"x": "rows"}, {}, "names no slot"),
        ({"m": "rows"}, {"m": "w"}, "cannot start at w"),
        ({}, {"m": "rho"}, "neither a hyper-parameter nor 'w'"),
    ],
)
def test_declarations_that_mean_nothing_are_refused(state, start, why):
    with pytest.raises(OptlabError, match=why):

        @layer_rule(operations=1.0, state=state, start=start)
        def wrong(w, g, m, *, lr: Positive = 0.1):
            w -= lr * g


def test_operations_follow_the_shape():
    assert lopsided.flops({"every": 2}) == 0.5
    assert remembering.flops() == 3.0


def test_array_code_that_calls_itself_is_refused():
    with pytest.raises(OptlabError, match="endless calls itself"):
        optlab.trajectory(recursive, tape(), START)


@pytest.mark.parametrize("rule", ["adam+ema", "adam+lookahead", "schedule_free_sgd"])
def test_what_predicts_is_what_was_evaluated(rule):
    X, y = load_iris(return_X_y=True)
    outcome = optlab.train((X, y), layers=(5,), optimizer=rule, epochs=4, seed=1, test=(X, y), quiet=True)
    right = np.mean(outcome.predict(X).argmax(axis=1) == y)
    assert right == outcome.history["test_metric"].iloc[-1] == outcome.history["train_metric"].iloc[-1]
    w = outcome.parameters
    value, _ = optlab.gradient(w, X, np.eye(3)[y], outcome.network.sizes, ["sigmoid", "identity"], "softmax_cross_entropy")
    assert value == pytest.approx(outcome.history["test_cost"].iloc[-1], rel=1e-12)
