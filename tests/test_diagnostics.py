"""What is said of a trained network is what plain NumPy, and torch where it is, find in its weights."""

import dataclasses
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optlab
import optlab.outcome
from optlab import diagnostics
from optlab.errors import OptlabError
from tests import naive

RNG = np.random.default_rng(5)
X = RNG.normal(size=(50, 3))
SHARED: dict[str, Any] = {"batch_size": 16, "epochs": 3, "quiet": True, "diagnostics": True}
CASES = {
    "squared_error": (X @ RNG.normal(size=(3, 2)) + 0.1, ["tanh", "sigmoid", "identity"]),
    "binary_cross_entropy": ((X[:, 0] > 0).astype(int), ["sigmoid", "tanh", "identity"]),
    "softmax_cross_entropy": ((X[:, 0] > 0).astype(int) + (X[:, 1] > 0), ["softplus", "tanh", "identity"]),
}


def trained(cost: str, **changes: Any) -> tuple[optlab.Outcome, np.ndarray, list[str]]:
    y, activations = CASES[cost]
    outcome = optlab.train((X, y), layers=(4, 3), activation=activations[:2], cost=cost, **SHARED | changes)
    Y = y if y.ndim == 2 else (y[:, None].astype(float) if y.max() == 1 else np.eye(3)[y])
    return outcome, Y, activations


def gradient(w: np.ndarray, Y: np.ndarray, sizes: tuple[int, ...], activations: list[str], cost: str) -> np.ndarray:
    terms = len(X) * (1 if cost == "softmax_cross_entropy" else Y.shape[1])
    return naive.network_gradient(w, X, Y, sizes, activations, cost)[1] / terms


@pytest.mark.parametrize("cost", CASES)
def test_gradients_and_sharpness_are_those_of_the_plain_twin(cost: str) -> None:
    outcome, Y, activations = trained(cost)
    w, sizes, found = outcome.parameters, outcome.network.sizes, outcome.diagnosis
    assert found is not None and found.rows == len(X)
    slope = gradient(w, Y, sizes, activations, cost)
    norms = [np.linalg.norm(W) for W, _ in naive.unpack(slope, sizes)]
    np.testing.assert_allclose(found.gradient_norm, norms, rtol=1e-10)
    hessian, h = np.empty((len(w), len(w))), 1e-5
    for k in range(len(w)):
        step = h * np.eye(len(w))[k]
        ahead, behind = (gradient(w + sign * step, Y, sizes, activations, cost) for sign in (1, -1))
        hessian[k] = (ahead - behind) / (2 * h)
    assert found.sharpness == pytest.approx(np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1], rel=2e-5)


def test_gradients_and_sharpness_are_torchs() -> None:
    torch = pytest.importorskip("torch")
    outcome, Y, _ = trained("softmax_cross_entropy")
    sizes = outcome.network.sizes

    def mean(w: Any) -> Any:
        a, at = torch.tensor(X), 0
        for k, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
            z = a @ w[at : at + n_in * n_out].reshape(n_in, n_out) + w[at + n_in * n_out : at + (n_in + 1) * n_out]
            a, at = (torch.nn.functional.softplus(z), torch.tanh(z), z)[k], at + (n_in + 1) * n_out
        return torch.nn.functional.cross_entropy(a, torch.tensor(Y))

    w = torch.tensor(outcome.parameters.copy(), requires_grad=True)
    (slope,) = torch.autograd.grad(mean(w), w)
    hessian = torch.autograd.functional.hessian(mean, w)
    norms = [np.linalg.norm(W) for W, _ in naive.unpack(slope.numpy(), sizes)]
    np.testing.assert_allclose(outcome.diagnosis.gradient_norm, norms, rtol=1e-10)
    assert outcome.diagnosis.sharpness == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=2e-5)


@pytest.mark.parametrize("n", [2, 3, 7, 40, 300])
def test_the_largest_eigenvalue_is_the_largest_not_the_longest(n: int) -> None:
    A = RNG.normal(size=(n, n))
    A = A + A.T - 3 * np.sqrt(n) * np.eye(n)  # most eigenvalues are negative, and larger in size
    assert diagnostics.largest_eigenvalue(lambda v: A @ v, n) == pytest.approx(np.linalg.eigvalsh(A)[-1], rel=1e-4)


def test_a_flat_place_has_sharpness_0_and_overflow_has_none() -> None:
    assert diagnostics.largest_eigenvalue(np.zeros_like, 5) == 0.0
    assert diagnostics.largest_eigenvalue(lambda v: v * np.nan, 5) is None


@pytest.mark.parametrize("changes", [{}, {"l2": 0.1}, {"l1": 0.05, "l1_mode": "proximal"}, {"optimizer": "clip_norm+momentum"}])
def test_the_last_update_is_the_last_of_the_steps(changes: dict[str, Any]) -> None:
    start = 0.3 * RNG.normal(size=(3 + 1) * 4 + (4 + 1) * 1)
    shared = SHARED | {"layers": (4,), "initial": start, "hyper": {"lr": 0.05}, "batch_size": "full"} | changes
    long, short = (optlab.train((X, X[:, 0] * X[:, 1]), **shared | {"epochs": epochs}) for epochs in (3, 2))
    pairs = zip(naive.unpack(short.parameters, (3, 4, 1)), naive.unpack(long.parameters, (3, 4, 1)), strict=True)
    expected = [np.linalg.norm(new - old) / np.linalg.norm(old) for (old, _), (new, _) in pairs]
    np.testing.assert_allclose(long.diagnosis.update_ratio, expected, rtol=1e-9)


def test_weights_of_zero_and_runs_without_a_step_have_no_ratio() -> None:
    outcome, _, _ = trained("squared_error", epochs=0)
    assert outcome.diagnosis.update_ratio is None
    start = np.zeros(len(outcome.parameters))
    assert trained("squared_error", epochs=1, batch_size="full", initial=start)[0].diagnosis.update_ratio == (None, None, None)


def test_dead_units_are_those_that_never_change() -> None:
    start = RNG.normal(size=(3 + 1) * 4 + (4 + 1) * 5 + (5 + 1) * 1)
    (_, b), (W2, b2), _ = naive.unpack(start, (3, 4, 5, 1))
    b[1] = -100.0  # relu: 0 for every row
    W2[:, 2:4], b2[2:4] = 0.0, [0.5, -0.5]  # two units that no longer depend on the inputs
    outcome = optlab.train((X, X[:, 0]), layers=(4, 5), activation="relu", initial=start, **SHARED | {"epochs": 0})
    found = outcome.diagnosis
    deep = [naive.outputs(start[:size], X, sizes, ["relu"] * depth) for depth, sizes, size in ((1, (3, 4), 16), (2, (3, 4, 5), 41))]
    assert found.dead_units == tuple(int((np.ptp(a, axis=0) == 0).sum()) for a in deep) and found.dead_units >= (1, 2)
    assert (found.units, found.zero_weights, found.weights) == ((4, 5), (0, 8, 0), (12, 20, 5))


def test_proximal_l1_makes_exact_zeros() -> None:
    outcome, _, _ = trained("squared_error", l1=0.3, l1_mode="proximal", optimizer="gd", hyper={"lr": 0.1}, epochs=30)
    counted = [int((W == 0).sum()) for W, _ in naive.unpack(outcome.parameters, outcome.network.sizes)]
    assert list(outcome.diagnosis.zero_weights) == counted and sum(counted) > 10


@pytest.mark.parametrize("optimizer", ["adam", "l_bfgs", "clip_norm+schedule_free_sgd", "shampoo"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_looking_changes_no_bit(optimizer: str, dtype: str) -> None:
    runs = [trained("binary_cross_entropy", optimizer=optimizer, dtype=dtype, diagnostics=look)[0] for look in (True, False)]
    assert np.array_equal(runs[0].parameters, runs[1].parameters) and runs[0].flops == runs[1].flops
    assert runs[0].diagnosis is not None and runs[1].diagnosis is None
    columns = [k for k, name in enumerate(optlab.outcome.CURVES) if name != "seconds"]
    assert np.array_equal(runs[0].curves[:, columns], runs[1].curves[:, columns], equal_nan=True)


def test_a_network_can_be_looked_at_over_any_rows_and_after_loading(tmp_path: Path) -> None:
    outcome, _, _ = trained("softmax_cross_entropy", scale="standard")
    y = CASES["softmax_cross_entropy"][0]
    again = optlab.load(outcome.save(tmp_path / "run"))
    for one in (outcome, again):
        found = optlab.diagnose(one, X, y)
        for name, value in dataclasses.asdict(outcome.diagnosis).items():
            assert getattr(found, name) == pytest.approx(value, rel=1e-9), name
    assert again.diagnosis == outcome.diagnosis
    half = optlab.diagnose(again, X[:25], y[:25])
    assert half.rows == 25 and half.sharpness != found.sharpness and half.weights == found.weights


def test_another_cost_can_be_asked_for() -> None:
    outcome, Y, activations = trained("binary_cross_entropy")
    found = optlab.diagnose(outcome, X, CASES["binary_cross_entropy"][0], cost="squared_error")
    slope = gradient(outcome.parameters, Y, outcome.network.sizes, activations, "squared_error")
    np.testing.assert_allclose(found.gradient_norm, [np.linalg.norm(W) for W, _ in naive.unpack(slope, (3, 4, 3, 1))], rtol=1e-10)


def test_rows_that_do_not_fit_are_named() -> None:
    outcome, _, _ = trained("squared_error")
    Y = CASES["squared_error"][0]
    for inputs, targets, sentence in (
        (X[:, :2], Y, "diagnose: X has shape"),
        (X, Y[:3], "rows"),
        (X, Y[:, :1], "diagnose: y has 1 columns, but the network has 2"),
    ):
        with pytest.raises(OptlabError, match=sentence):
            optlab.diagnose(outcome, inputs, targets)
    with pytest.raises(OptlabError, match="does not know its cost"):
        optlab.diagnose(dataclasses.replace(outcome, cost=None), X, Y)


def test_a_diverged_run_has_no_diagnosis() -> None:
    outcome, _, _ = trained("squared_error", optimizer="gd", hyper={"lr": 1e12}, epochs=20)
    assert outcome.status == "diverged" and outcome.diagnosis is None and math.isnan(outcome.roc_auc)
