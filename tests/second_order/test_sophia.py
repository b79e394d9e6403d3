"""Sophia: its authors' code, optax, and a whole training with sampled labels against the plain twins."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import optlab
from optlab.plugin import DONE, SAMPLED_GRADIENT
from optlab.streams import Streams
from tests import naive
from tests.kernel.test_curvature import drawn
from tests.second_order.cases import RANDOM, RULES, X

RECORDED = json.loads((Path(__file__).parents[1] / "optimizers" / "published_sophia.json").read_text())


def sophia_in_python(gradients, samples, start, terms, hyper):
    """The author's function, called as the training loop calls it."""
    rule, w, m, h, path = RULES["sophia_g"], start.copy(), np.zeros(len(start)), np.zeros(len(start)), []
    values = rule.values(hyper)
    for t, (g, sample) in enumerate(zip(gradients, samples, strict=True), start=1):
        asked = rule(w, g, m, h, t=t, call=0, sampled=np.full(len(w), np.nan), terms=terms, **values)
        if asked == SAMPLED_GRADIENT:
            assert rule(w, g, m, h, t=t, call=1, sampled=sample, terms=terms, **values) == DONE
        path.append(w.copy())
    return np.array(path)


def tape():
    t, k = np.arange(1, 41)[:, None], np.arange(1, 12)
    return np.cos(0.7 * k * k * t), 0.1 * np.sin(0.3 * k * t * t + 1)


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: f"{case['hyper']['lr']}")
def test_sophia_equals_its_authors_code(case):
    """Theirs steps by lr clip(m / h, gamma), h the mean of squared sampled gradients: lr, gamma and decay were put in its terms."""
    path = sophia_in_python(*tape(), np.linspace(-1, 1, 11), RECORDED["terms"], case["hyper"])[np.array(RECORDED["steps"]) - 1]
    assert np.abs(path - case["w"]).max() <= 1e-11


@pytest.mark.parametrize("hyper", [{"lr": 0.01}, {"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "gamma": 2.0, "weight_decay": 0.01, "every": 3}])
def test_sophia_equals_optax(hyper):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    contrib = pytest.importorskip("optax.contrib")
    given = RULES["sophia_g"].values({**hyper, "dialect": "optax"})
    estimate = optax.GradientTransformationExtraArgs(lambda w: optax.EmptyState(), lambda g, state, w=None, *, sample, **_: (sample, state))
    with jax.enable_x64(True):
        keys = {"b1": "beta1", "b2": "beta2", "eps": "eps", "weight_decay": "weight_decay", "gamma": "gamma", "update_interval": "every"}
        theirs = contrib.sophia(given["lr"], hessian_diagonal_fn=estimate, **{name: given[own] for name, own in keys.items()})
        w, path = jax.numpy.linspace(-1, 1, 11), []
        state = theirs.init(w)
        for g, sample in zip(*tape(), strict=True):
            step, state = theirs.update(jax.numpy.array(g), state, w, sample=32 * jax.numpy.array(sample) ** 2)
            w = w + step
            path.append(np.array(w))
    np.testing.assert_allclose(sophia_in_python(*tape(), np.linspace(-1, 1, 11), 32, given), path, rtol=1e-10, atol=1e-13)


def test_sophia_trains_with_labels_drawn_from_the_trials_stream():
    """Mini-batches, softmax: the whole training against the plain twins of network, generator and rule."""
    labels = RANDOM.integers(3, size=30)
    orders = np.array([np.random.default_rng(k).permutation(30) for k in range(4)])
    start, sizes, hyper = RANDOM.normal(size=31), (3, 4, 3), {"lr": 0.1, "every": 3}
    given = {"layers": (4,), "activation": "tanh", "optimizer": "sophia_g", "hyper": hyper, "epochs": 4, "batch_size": 10, "quiet": True}
    ours = optlab.train((X, labels), initial=start, orders=orders, seed=7, **given).parameters
    rule, w, m, h = RULES["sophia_g"], start.copy(), np.zeros(31), np.zeros(31)
    key, layers = Streams(7).order_key(), ["tanh", "identity"]
    for t, rows in enumerate(orders.reshape(12, 10), start=1):
        g = naive.network_gradient(w, X[rows], np.eye(3)[labels[rows]], sizes, layers, "softmax_cross_entropy")[1] / 10
        said = drawn(naive.outputs(w, X[rows], sizes, layers), True, t, 0, key)
        sampled = naive.network_gradient(w, X[rows], said, sizes, layers, "softmax_cross_entropy")[1] / 10
        rule(w, g, m, h, t=t, call=1, sampled=sampled, terms=10, **rule.values(hyper))
    np.testing.assert_allclose(ours, w, rtol=1e-10, atol=1e-12)


def test_sampled_labels_are_the_same_in_any_thread():
    def trained(seed):
        return optlab.train("iris", layers=(4,), optimizer="sophia_g", seed=seed, epochs=5, quiet=True).parameters.tobytes()

    alone = [trained(seed) for seed in (0, 0, 1)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(trained, (0, 0, 1))) == alone
    assert alone[0] == alone[1] != alone[2]
