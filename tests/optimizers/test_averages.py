"""Rules whose history evaluates an average of weights: what they evaluate is what the library evaluates."""

from functools import partial

import numpy as np
import pytest

import optlab
from tests.optimizers.support import N, start, tapes


def evaluated(name, tape, hyper):
    """The weights that the history would evaluate after each step, by the formulas in plain Python."""
    rule = optlab.catalogue().optimizer(name)
    values, w = rule.values(hyper), start()
    slots = [w if isinstance(first, slice) else np.full(N, first) for first in rule.slot_starts(values)]
    path = []
    for t, g in enumerate(tape, 1):
        w, *slots = rule(w, g, *slots, **({"t": float(t)} if rule.timed else {}), **values)
        path.append(rule.evaluate(w, *slots))
    return np.array(path)


@pytest.mark.parametrize("name", ["schedule_free_sgd", "schedule_free_adamw"])
def test_schedule_free_evaluates_what_optax_does(name):
    optax, contrib, jax = pytest.importorskip("optax"), pytest.importorskip("optax.contrib"), pytest.importorskip("jax")
    hyper = {"lr": 0.1, "beta1": 0.8, "weight_decay": 0.01}
    tape = np.concatenate(list(tapes().values()), axis=1)

    def step(rule, carry, gradient):
        w, state = carry
        updates, state = rule.update(gradient, state, w)
        w = optax.apply_updates(w, updates)
        return (w, state), contrib.schedule_free_eval_params(state, w)

    with jax.enable_x64(True):
        rule = getattr(contrib, name)(0.1, b1=0.8, weight_decay=0.01)
        first = jax.numpy.asarray(np.tile(start(), 3))
        theirs = np.asarray(jax.lax.scan(partial(step, rule), (first, rule.init(first)), jax.numpy.asarray(tape))[1])
    for ours, part in zip((evaluated(name, each, hyper) for each in tapes().values()), np.split(theirs, 3, axis=1), strict=True):
        assert np.abs(ours - part).max() <= 1e-10 * np.abs(part).max()


@pytest.mark.parametrize("tape", tapes())
def test_asgd_evaluates_torch_s_average(tape):
    torch = pytest.importorskip("torch")
    gradients, hyper = tapes()[tape], {"lr": 0.5, "lambd": 0.1, "alpha": 0.5, "t0": 20.0}
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # of the average's weights
    try:
        w, theirs = torch.tensor(start(), requires_grad=True), []
        rule = torch.optim.ASGD([w], **hyper)
        for gradient in gradients:
            w.grad = torch.tensor(gradient)
            rule.step()
            theirs.append(rule.state[w]["ax"].numpy().copy())
    finally:
        torch.set_default_dtype(before)
    assert np.abs(evaluated("asgd", gradients, hyper) - theirs).max() <= 1e-10 * np.abs(theirs).max()


def test_a_history_shows_the_average():
    """A mean over all steps lags behind w, which is what the other one shows: their steps are the same."""
    mean, plain = (
        optlab.train("iris", layers=(), optimizer="asgd", hyper={"lr": 0.1, "t0": t0}, epochs=30, seed=0).history["train_cost"]
        for t0 in (0.0, 1e6)
    )
    assert mean.iloc[0] == plain.iloc[0]
    assert mean.iloc[-1] > 1.05 * plain.iloc[-1]
