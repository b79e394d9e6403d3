"""optlab.train: closed forms, penalties, statuses, prediction and saving, and its mistakes."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import optlab
from tests import naive

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(60, 3)), RNG.normal(size=(60, 2))
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int)


def linear(X, Y, **arguments):
    """A linear network with squared error, full batch, gd: a quadratic."""
    defaults = {"layers": (), "cost": "squared_error", "optimizer": "gd", "batch_size": "full", "quiet": True}
    return optlab.train((X, Y), **{**defaults, **arguments})


def quadratic(rng, n=80, d=4):
    centred = rng.normal(size=(n, d)) * [3.0, 1.0, 0.5, 0.2]
    centred -= centred.mean(axis=0)  # so that the bias decouples
    target = centred @ rng.normal(size=(d, 1))
    eigenvalues, vectors = np.linalg.eigh(2 / n * centred.T @ centred)
    return centred, target, eigenvalues, vectors


@pytest.mark.parametrize("steps", [1, 7, 40])
def test_gd_contracts_a_quadratic_mode_by_mode(steps):
    X, Y, eigenvalues, vectors = quadratic(np.random.default_rng(0))
    lr = 0.9 / eigenvalues.max()
    best = np.linalg.lstsq(X, Y, rcond=None)[0][:, 0]
    first = np.append(best + RNG.normal(size=4), 0.0)
    outcome = linear(X, Y, hyper={"lr": lr}, epochs=steps, initial=first)
    modes = vectors.T @ (outcome.parameters[:4] - best)
    expected = (1 - lr * eigenvalues) ** steps * (vectors.T @ (first[:4] - best))
    assert np.allclose(modes, expected, rtol=1e-9, atol=1e-13)


def test_gd_converges_just_below_and_diverges_just_above_the_stability_limit():
    X, Y, eigenvalues, _ = quadratic(np.random.default_rng(1))
    limit = 2 / eigenvalues.max()
    first = RNG.normal(size=5)
    below = linear(X, Y, hyper={"lr": 0.98 * limit}, epochs=2000, initial=first)
    above = linear(X, Y, hyper={"lr": 1.02 * limit}, epochs=2000, initial=first)
    assert below.status == "done" and below.curves[-1, 4] < 1e-3 * below.curves[0, 4]
    assert above.status == "diverged" and "beyond 10000 times the initial" in above.sentence
    assert above.steps < 2000


def test_coupled_l2_converges_to_ridge():
    l2, lr = 0.3, 0.05
    outcome = linear(X, Y[:, :1], l2=l2, hyper={"lr": lr}, epochs=4000)
    A = np.column_stack([X, np.ones(len(X))])
    ridge = np.linalg.solve(2 / len(X) * A.T @ A + np.diag([l2] * 3 + [0.0]), 2 / len(X) * A.T @ Y[:, :1])
    assert np.allclose(outcome.parameters, ridge[:, 0], atol=1e-10)


def test_proximal_l1_converges_to_lasso_with_exact_zeros():
    from sklearn.linear_model import Lasso

    target = X[:, 0] * 2 + 0.05 * Y[:, 0]
    outcome = linear(X, target, l1=0.4, l1_mode="proximal", hyper={"lr": 0.05}, epochs=3000)
    lasso = Lasso(alpha=0.2, tol=1e-12).fit(X, target)  # scikit-learn halves the squared error
    assert np.allclose(outcome.parameters[:3], lasso.coef_, atol=1e-6)
    assert (outcome.parameters[1:3] == 0).all()


def test_decoupled_l2_shrinks_by_the_stated_factor():
    none = linear(X, Y, hyper={"lr": 0.1}, epochs=1, initial=np.arange(8.0))
    both = linear(X, Y, hyper={"lr": 0.1}, l2=0.5, l2_mode="decoupled", epochs=1, initial=np.arange(8.0))
    W = np.arange(6.0)
    assert np.allclose(both.parameters[:6] - none.parameters[:6], -0.1 * 0.5 * W)
    assert np.allclose(both.parameters[6:], none.parameters[6:])


def test_reported_costs_exclude_the_penalty():
    first = np.arange(8.0)
    assert linear(X, Y, l2=5.0, epochs=0, initial=first).curves[0, 4] == linear(X, Y, epochs=0, initial=first).curves[0, 4]


def test_history_and_counters():
    outcome = optlab.train((X, Y), layers=(5,), epochs=4, batch_size=16, evaluate_every=3, validation=0.25, test=(X, Y), quiet=True)
    assert list(outcome.history["epoch"]) == [0, 3, 4]
    assert list(outcome.history["step"]) == [0, 9, 12]
    assert outcome.steps == 12 and outcome.epochs == 4 and outcome.flops == outcome.history["flops"].iloc[-1] > 0
    assert list(outcome.history.columns) == [
        "epoch", "step", "seconds", "flops", "train_cost", "train_metric",
        "validation_cost", "validation_metric", "test_cost", "test_metric",
    ]  # fmt: skip
    assert outcome.metric == "r2"


def test_metrics_equal_those_of_the_predictions():
    regression = optlab.train((X, Y), layers=(5,), epochs=5, quiet=True)
    residual = ((regression.predict(X) - Y) ** 2).sum()
    assert np.abs(regression.predict(X) - naive.outputs(regression.parameters, X, (3, 5, 2), ["sigmoid", "identity"])).max() < 1e-12
    assert regression.curves[-1, 4] == pytest.approx(residual / Y.size, rel=1e-12)
    assert regression.curves[-1, 5] == pytest.approx(1 - residual / ((Y - Y.mean(axis=0)) ** 2).sum(), rel=1e-12)
    binary = optlab.train((X, LABELS), layers=(5,), epochs=30, hyper={"lr": 0.05}, quiet=True)
    assert binary.curves[-1, 5] == ((binary.predict(X)[:, 0] > 0.5) == LABELS).mean() > 0.9
    p = binary.predict(X)[:, 0]
    assert binary.curves[-1, 4] == pytest.approx(-np.mean(np.log(np.where(LABELS == 1, p, 1 - p))), rel=1e-9)
    three = LABELS + (X[:, 2] > 1)
    several = optlab.train((X, three), layers=(5,), epochs=30, hyper={"lr": 0.05}, quiet=True)
    assert several.predict(X).sum(axis=1) == pytest.approx(np.ones(60))
    assert several.curves[-1, 5] == (several.predict(X).argmax(axis=1) == three).mean()


def test_flops_of_one_step_counted_by_hand():
    """3-2 linear, squared error, gd, 60 rows: forward 2*3*2, dW 2*3*2, db and delta*slope 2*2, identity 0, cost as emitted."""
    cost = optlab.catalogue().cost("squared_error").flops(gradient=True)
    outcome = linear(X, Y, epochs=1)
    assert outcome.flops == 60 * (12 + 12 + 4 + 2 * cost) + 8 * 2


def test_saved_runs_come_back_bit_for_bit(tmp_path):
    outcome = optlab.train(
        (X, LABELS), layers=(4, 3), activation=["tanh", "swish"], epochs=3, scale="standard", dtype="float32", quiet=True
    )
    again = optlab.load(outcome.save(tmp_path / "run"))
    assert np.array_equal(again.predict(X), outcome.predict(X))
    assert again.parameters.tobytes() == outcome.parameters.tobytes()
    assert again.curves.tobytes() == outcome.curves.tobytes()
    assert (again.status, again.sentence, again.steps, again.network.classes) == (outcome.status, outcome.sentence, outcome.steps, (0, 1))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"hello"])
def test_foreign_files_are_refused(tmp_path, content):
    (tmp_path / "foreign.npz").write_bytes(content)
    with pytest.raises(optlab.OptlabError, match=r"foreign.npz cannot be read as a saved optlab run"):
        optlab.load(tmp_path / "foreign.npz")


def test_a_pickle_in_a_file_is_never_executed(tmp_path):
    np.savez(tmp_path / "trap.npz", about=np.array([{"format": 1}], dtype=object))
    with pytest.raises(optlab.OptlabError, match="cannot be read"):
        optlab.load(tmp_path / "trap.npz")


def test_same_seed_same_bits_other_seed_other_bits():
    first, second, third = (optlab.train((X, Y), epochs=3, seed=seed, quiet=True).parameters.tobytes() for seed in (1, 1, 2))
    assert first == second != third


@pytest.mark.parametrize("order", ["fresh", "fixed", "cumulative", "replacement"])
def test_order_policies_train(order):
    assert optlab.train((X, LABELS), epochs=20, order=order, hyper={"lr": 0.05}, quiet=True).status == "done"


def test_explicit_orders_replay_a_run():
    orders = np.array([np.random.default_rng(k).permutation(60) for k in range(3)])
    first = np.linspace(-1, 1, 8)
    outcome = optlab.train(
        (X, Y), layers=(), optimizer="gd", hyper={"lr": 0.1}, epochs=3, batch_size=7, initial=first, orders=orders, quiet=True
    )
    w = first.copy()
    for order in orders:
        for at in range(0, 60, 7):
            rows = order[at : at + 7]
            w = w - 0.1 * optlab.gradient(w, X[rows], Y[rows], (3, 2), ["identity"], "squared_error")[1]
    assert np.allclose(outcome.parameters, w, rtol=1e-12, atol=1e-14)


def test_schedule_changes_the_learning_rate_by_epoch():
    outcome = linear(X, Y, hyper={"lr": 0.1}, epochs=3, schedule="step", schedule_hyper={"every": 1, "factor": 0.5}, initial=np.ones(8))
    w = np.ones(8)
    for lr in (0.1, 0.05, 0.025):
        w = w - lr * optlab.gradient(w, X, Y, (3, 2), ["identity"], "squared_error")[1]
    assert np.allclose(outcome.parameters, w, rtol=1e-13)


def test_a_run_that_learns_nothing_is_stuck():
    still = {"optimizer": "gd", "hyper": {"lr": 1e-12}, "epochs": 2, "initializer": "zeros", "quiet": True}
    assert optlab.train((X, LABELS), **still).status == "done"  # nothing to choose by, so nothing is judged
    outcome = optlab.train((X, LABELS), validation=0.25, **still)
    assert outcome.status == "stuck" and "constant prediction" in outcome.sentence


def test_time_limit_stops():
    outcome = optlab.train((X, Y), epochs=10**7, batch_size=4, evaluate_every=0, time_limit=0.05, quiet=True)
    assert outcome.status == "stopped" and "time limit" in outcome.sentence and 0.05 <= outcome.seconds < 5


@pytest.mark.parametrize("problem", ["digits", "breast_cancer", "iris", "wine", "diabetes", "runge", "franke"])
def test_every_problem_trains(problem):
    outcome = optlab.train(problem, layers=(20,), activation="tanh", epochs=40, batch_size=32, hyper={"lr": 1e-2}, quiet=True)
    assert outcome.status == "done"
    assert outcome.history["test_metric"].iloc[-1] > (0.2 if outcome.metric == "r2" else 0.85)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "adm"}, "no optimizer called 'adm'.*'adam'"),
        ({"hyper": {"lr": -1.0}}, "lr = -1.0"),
        ({"hyper": {"learning_rate": 1.0}}, "no hyper-parameter 'learning_rate'"),
        ({"epochs": -1}, "epochs = -1"),
        ({"epochs": 2.5}, "epochs = 2.5"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"l2": float("nan")}, "l2 = nan"),
        ({"layers": (0,)}, "layers = 0"),
        ({"activation": ["tanh", "tanh"]}, "2 activations for 1 hidden"),
        ({"dtype": "float16"}, "dtype = 'float16'"),
        ({"order": "random"}, "order = 'random'"),
        ({"initial": np.zeros(3)}, "initial has shape"),
        ({"orders": np.zeros((1, 60))}, "integers"),
        ({"orders": np.full((1, 60), 60), "epochs": 1}, "from 60 to 60"),
        ({"problem": "digts"}, "no problem called 'digts'.*'digits'"),
        ({"problem": (X, Y[:5])}, "60 rows but y has 5"),
        ({"problem": (np.where(X > 2, np.nan, X), Y)}, "nan at row"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words):
    with pytest.raises(optlab.OptlabError, match=words) as caught:
        optlab.train(**{"problem": (X, Y), "layers": (4,), "quiet": True, **arguments})
    assert "\n" not in str(caught.value)


def test_what_was_inferred_is_printed(capsys):
    optlab.train((X, LABELS), epochs=0)
    assert "classification, 3 features, 2 classes" in (said := capsys.readouterr().err)
    assert "cost binary_cross_entropy" in said


def saved_by(script):
    """What a fresh process that runs `script` adds to the cache of compiled code."""
    environment = os.environ | {"NUMBA_DEBUG_CACHE": "1"}
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment).stdout
    assert "[cache] data loaded" in said
    return [Path(line.split("'")[1]).name for line in said.splitlines() if line.startswith("[cache] data saved")]


def test_a_warm_process_compiles_nothing():
    """A new plugin in a new process does not recompile the kernel, and known plugins are not compiled again."""
    script = """
import numpy as np, optlab
from optlab.plugin import optimizer
@optimizer
def novel(w, g, *, lr: float = 0.1):
    return w - lr * g * FACTOR
optlab.train((np.eye(4), np.eye(4)), epochs=1, optimizer=novel, quiet=True)
"""
    optlab.train((np.eye(4), np.eye(4)), epochs=1, quiet=True)
    never_seen = script.replace("FACTOR", f"{secrets.randbits(50)}.0")
    added = saved_by(never_seen)
    assert added and all(name.startswith("novel") for name in added)
    assert saved_by(never_seen) == []
