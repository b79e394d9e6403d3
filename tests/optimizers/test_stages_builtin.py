"""The built-in stages against torch and optax, alone and in chains, and against themselves in plain Python."""

import inspect

import numpy as np
import pytest

import optlab
from optlab.conformance.interpreted import interpreted
from optlab.conformance.peers.record import joined, tensors
from tests.optimizers.support import SIZES, N, start, tapes

STAGES = optlab.catalogue()["stages"]
TAPES = tapes()


def by_torch(tape, change_gradients, rule="SGD", **hyper):
    """The path of torch's optimizer when `change_gradients` sees all tensors before each step."""
    torch = pytest.importorskip("torch")
    parameters = [torch.tensor(part, requires_grad=True) for part in tensors(start(), SIZES)]
    optimizer = getattr(torch.optim, rule)(parameters, **hyper)
    path = []
    for gradients in zip(*tensors(tape, SIZES), strict=True):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
        change_gradients(torch, parameters)
        optimizer.step()
        path.append([parameter.detach().numpy().copy() for parameter in parameters])
    return joined([list(parts) for parts in zip(*path, strict=True)], len(tape))


def by_optax(tape, make):
    """The path of an optax transformation, and what it reports beside it."""
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    with jax.enable_x64(True):
        rule, path = make(optax), []
        w = [jax.numpy.asarray(part) for part in tensors(start(), SIZES)]
        state, update = rule.init(w), jax.jit(rule.update)
        for gradients in zip(*tensors(tape, SIZES), strict=True):
            updates, state = update(list(gradients), state, w)
            w = optax.apply_updates(w, updates)
            path.append([np.asarray(part) for part in w])
    return joined([list(parts) for parts in zip(*path, strict=True)], len(tape))


def agree(chain, hyper, theirs, tape):
    ours = optlab.trajectory(chain, tape, start(), hyper, sizes=SIZES)
    assert np.abs(ours - theirs).max() <= 1e-10 * np.abs(theirs).max()


@pytest.mark.parametrize("tape", TAPES.values(), ids=TAPES)
@pytest.mark.parametrize("limit", [0.5, 3.0, 1e3])
def test_clipping_equals_torch(tape, limit):
    for name, stage in (("clip_grad_value_", "clip_value"), ("clip_grad_norm_", "clip_norm")):

        def clip(torch, parameters, name=name):
            getattr(torch.nn.utils, name)(parameters, limit)

        agree(f"{stage}+gd", {"limit": limit, "lr": 0.1}, by_torch(tape, clip, lr=0.1), tape)
        agree(f"{stage}+adam", {"limit": limit, "lr": 0.1}, by_torch(tape, clip, "Adam", lr=0.1), tape)


@pytest.mark.parametrize("tape", TAPES.values(), ids=TAPES)
def test_clipping_equals_optax(tape):
    for limit in (0.5, 3.0):
        theirs = by_optax(tape, lambda ox, limit=limit: ox.chain(ox.clip_by_global_norm(limit), ox.sgd(0.1)))
        agree("clip_norm+gd", {"limit": limit, "lr": 0.1, "dialect": "optax"}, theirs, tape)
        theirs = by_optax(tape, lambda ox, limit=limit: ox.chain(ox.clip(limit), ox.sgd(0.1)))
        agree("clip_value+gd", {"limit": limit, "lr": 0.1}, theirs, tape)


@pytest.mark.parametrize("tape", TAPES.values(), ids=TAPES)
@pytest.mark.parametrize("decay", [0.001, 0.05])
def test_weight_decay_equals_adamw(tape, decay):
    hyper = {"weight_decay": decay, "lr": 0.1}
    agree("weight_decay+adam", hyper, by_torch(tape, lambda *_: None, "AdamW", lr=0.1, weight_decay=decay / 0.1), tape)
    theirs = by_optax(tape, lambda ox: ox.chain(ox.adam(0.1), ox.add_decayed_weights(-decay)))
    agree("weight_decay+adam", hyper, theirs, tape)


def test_weight_decay_behind_shrinks_the_new_weights():
    path = optlab.trajectory("gd+weight_decay", np.ones((2, N)), start(), {"weight_decay": 0.5, "lr": 0.1})
    np.testing.assert_allclose(path, [0.5 * (start() - 0.1), 0.25 * (start() - 0.1) - 0.05], rtol=1e-12)


def test_gradient_centralization_equals_its_equation():
    """Equation 1 of the paper, on torch's (n_out, n_in) weights: the mean over all axes but the first."""

    def centralise(torch, parameters):
        for each in parameters:
            if each.ndim > 1:
                transposed = each.grad.T
                each.grad = (transposed - transposed.mean(dim=tuple(range(1, transposed.ndim)), keepdim=True)).T

    for tape in TAPES.values():
        agree("gradient_centralization+momentum", {"lr": 0.1}, by_torch(tape, centralise, lr=0.1, momentum=0.9), tape)


@pytest.mark.parametrize("tape", TAPES.values(), ids=TAPES)
@pytest.mark.parametrize(("k", "alpha"), [(5, 0.5), (1, 0.3), (7, 1.0), (3, 0.0)])
def test_lookahead_equals_optax(tape, k, alpha):
    """The fast weights, and the slow ones, which are the fast ones of every k-th step."""
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    with jax.enable_x64(True):
        rule = optax.lookahead(optax.adam(0.1), k, alpha)
        w = optax.LookaheadParams.init_synced(jax.numpy.asarray(start()))
        state, update, path = rule.init(w), jax.jit(rule.update), []
        for gradient in tape:
            updates, state = update(jax.numpy.asarray(gradient), state, w)
            w = optax.apply_updates(w, updates)
            path.append((np.asarray(w.fast), np.asarray(w.slow)))
    fast, slow = (np.array(each) for each in zip(*path, strict=True))
    hyper = {"k": k, "alpha": alpha, "lr": 0.1}
    agree("adam+lookahead", hyper, fast, tape)
    met = np.concatenate([[start()], optlab.trajectory("adam+lookahead", tape, start(), hyper)])
    np.testing.assert_allclose(met[np.arange(1, len(met)) // k * k], slow, rtol=1e-10, atol=1e-13)


def evaluated(name, weights, hyper):
    """What the stage's history evaluates while the weights go this way, by its formulas in plain Python."""
    stage = STAGES[name]
    values = stage.values(hyper)
    slots = [start() if isinstance(first, slice) else np.full(N, first) for first in stage.slot_starts(values)]
    named = inspect.signature(stage.evaluate).parameters
    path = []
    for t, w in enumerate(weights, 1):
        w, _, *slots = stage(w, np.zeros(N), *slots, t=float(t), **values)
        path.append(stage.evaluate(w, *slots, **{name: value for name, value in {"t": float(t), **values}.items() if name in named}))
    return np.array(path)


@pytest.mark.parametrize("decay", [0.9, 0.999])
def test_ema_equals_torch_and_optax(decay):
    torch, optax, jax = pytest.importorskip("torch"), pytest.importorskip("optax"), pytest.importorskip("jax")
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    weights = optlab.trajectory("adam", TAPES["smooth"], start(), {"lr": 0.1})
    model = torch.nn.Linear(N, 1, bias=False, dtype=torch.float64)
    averaged, theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay)), []
    with jax.enable_x64(True):
        rule = optax.ema(decay)
        state, corrected = rule.init(jax.numpy.zeros(N)), []
        for w in weights:
            model.weight.data[:] = torch.tensor(w)
            averaged.update_parameters(model)
            theirs.append(averaged.module.weight.detach().numpy()[0].copy())
            average, state = rule.update(jax.numpy.asarray(w), state)
            corrected.append(np.asarray(average))
    np.testing.assert_allclose(evaluated("ema", weights, {"decay": decay}), theirs, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(evaluated("ema", weights, {"decay": decay, "dialect": "corrected"}), corrected, rtol=1e-10, atol=1e-13)
    first = evaluated("ema", weights, {"decay": decay, "dialect": "start"})[0]
    np.testing.assert_allclose(first, decay * start() + (1 - decay) * weights[0])


@pytest.mark.parametrize("stage", ["ema", "lookahead"])
def test_the_history_evaluates_what_the_stage_says(stage):
    """In training: the curve is that of the averaged or slow weights, the parameters go their way."""
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.random.default_rng(1).normal(size=40)
    hyper = {"decay": 0.8} if stage == "ema" else {"k": 3}
    given = {"layers": (), "epochs": 8, "batch_size": "full", "quiet": True, "dtype": "float64"}
    outcome = optlab.train((X, y), optimizer=f"gd+{stage}", hyper={"lr": 0.1, **hyper}, **given)
    costs, w, slot = [], optlab.train((X, y), optimizer="gd", **given | {"epochs": 0}).parameters.copy(), None
    slot = w.copy()
    for t in range(1, 9):
        residual = X @ w[:2] + w[2] - y
        w = w - 0.1 * 2 * np.append(X.T @ residual, residual.sum()) / len(X)
        if stage == "ema":
            slot = w if t == 1 else 0.8 * slot + 0.2 * w
        elif t % 3 == 0:
            w = slot = slot + 0.5 * (w - slot)
        costs.append(np.mean((X @ slot[:2] + slot[2] - y) ** 2))
    np.testing.assert_allclose(outcome.history["train_cost"][1:], costs, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("stage", STAGES)
def test_extremes_and_plain_python(stage, dtype):
    chain = f"{stage}+adam" if stage in ("clip_norm", "clip_value", "gradient_centralization", "weight_decay") else f"adam+{stage}"
    still = {"weight_decay": 0.0} if stage == "weight_decay" else {}
    first = start().astype(dtype)
    found = optlab.trajectory(chain, np.zeros((20, N)), first, still, dtype=dtype, sizes=SIZES)
    assert np.abs(found - first).max() <= 4 * np.finfo(dtype).eps
    noise = np.random.default_rng(0).normal(size=(20, N))
    for size in (1e-20, 1e20):
        assert np.isfinite(optlab.trajectory(chain, size * noise, first, dtype=dtype, sizes=SIZES)).all()
    broken = noise.copy()
    broken[2, 1] = np.nan
    assert np.isnan(optlab.trajectory(chain, broken, first, dtype=dtype, sizes=SIZES)[2:, 1]).all()
    if dtype == "float64":
        rule = optlab.catalogue().optimizer(chain)
        plain = interpreted(rule, rule.values({}), noise, start(), SIZES)
        np.testing.assert_allclose(optlab.trajectory(chain, noise, start(), sizes=SIZES), plain, rtol=1e-10, atol=1e-13)


def test_a_long_chain_trains():
    chain = "clip_norm+gradient_centralization+weight_decay+adam+lookahead+ema"
    outcome = optlab.train("breast_cancer", (20,), optimizer=chain, hyper={"lr": 0.01, "decay": 0.9}, epochs=10, batch_size=32, seed=11)
    assert outcome.history["test_metric"].iloc[-1] >= 0.94
