"""Trials that go to the kernel together come out as if each were alone."""

import dataclasses

import numpy as np
import pytest

from optlab import catalogue
from optlab.blas import single_threaded
from optlab.data import prepare
from optlab.errors import OptlabError
from optlab.execution import Executor, execute
from optlab.settings import Settings, pairs
from optlab.streams import Streams

RULES = ["adam", "rprop", "ema+clip_norm+momentum", "l_bfgs", "newton"]


def dataset(rows=60):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(rows, 4)), rng.integers(3, size=rows)
    return prepare(X, y, scale="none", validation=0.2, test=0.2, task="classification", rng=rng)


def settings(rule="adam", **changes):
    found = catalogue().optimizer(rule)
    given = Settings(
        (5,), ("tanh",), "identity", "softmax_cross_entropy", rule, pairs(found.values({})), activation_hyper=((),), epochs=3, batch_size=8,
        initializer="glorot_uniform",
    )  # fmt: skip
    return dataclasses.replace(given, **changes)


def same(one, other):
    assert one.status == other.status and one.sentence == other.sentence
    assert np.array_equal(one.parameters, other.parameters, equal_nan=True)
    kept = [k for k in range(one.curves.shape[1]) if k != 2]  # seconds
    assert np.array_equal(one.curves[:, kept], other.curves[:, kept], equal_nan=True)
    assert np.array_equal(one.confusion, other.confusion) if one.confusion is not None else other.confusion is None
    assert one.roc_auc == other.roc_auc or (np.isnan(one.roc_auc) and np.isnan(other.roc_auc))
    assert (one.steps, one.epochs, one.flops, one.bad_step, one.diagnosis) == (
        other.steps, other.epochs, other.flops, other.bad_step, other.diagnosis,
    )  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_together_as_alone(rule):
    data, known = dataset(), catalogue()
    base = settings(rule)
    strengths = [0.0, 1e-2, 0.0, 3.0]
    trials = [(dataclasses.replace(base, l2=l2, dtype=dtype), Streams(0, k)) for dtype in ("float64", "float32") for k, l2 in
              enumerate(strengths)]  # fmt: skip
    with single_threaded():
        alone = [execute(one, data, streams, known) for one, streams in trials]
        together = Executor(known)(trials, data)
    for one, other in zip(alone, together, strict=True):
        same(one, other)


def test_what_cannot_go_together_is_run_apart():
    data, known = dataset(), catalogue()
    lr = {"lr": 0.1}
    changes = [
        {}, {"epochs": 5}, {"layers": (7,)}, {"batch_size": "full"}, {"evaluate_every": 0}, {"order": "replacement"}, {"l1": 0.1},
        {"schedule": "step", "schedule_hyper": ()}, {"hyper": pairs(known.optimizer("adam").values(lr) | {"lr": 1e200})}, {},
    ]  # fmt: skip
    trials = [(settings(**each), Streams(0, k)) for k, each in enumerate(changes)]
    trials += [(settings("gd", l2_mode="decoupled", l2=0.1), Streams(0)), (settings("gd"), Streams(0))]
    with single_threaded():
        together = Executor(known)(trials, data, diagnostics=True)
        for (one, streams), other in zip(trials, together, strict=True):
            same(execute(one, data, streams, known, diagnostics=True), other)
    assert "diverged" in [one.status for one in together]


def test_one_that_cannot_run_does_not_take_the_others_along():
    data, known = dataset(), catalogue()
    wrong = settings(hyper=pairs({"lr": -1.0}))
    with single_threaded():
        first, broken, last = Executor(known)([(settings(), Streams(0)), (wrong, Streams(0)), (settings(), Streams(0))], data)
        same(first, last)
        same(first, execute(settings(), data, Streams(0), known))
    assert isinstance(broken, OptlabError) and "lr" in str(broken)


def test_asked_to_stop_all_of_them_end():
    data, known = dataset(), catalogue()
    with single_threaded():
        ended = Executor(known, np.ones(1, dtype=np.int64))([(settings(), Streams(0, k)) for k in range(3)], data)
    assert [one.status for one in ended] == ["stopped"] * 3
