"""Costs as compiled, value and slope by the output: against torch and against the definitions in 40 digits; links and metrics."""

import ctypes

import mpmath
import numpy as np
import pytest

import optlab
from optlab.network import LINKS

FOUND = optlab.catalogue()["costs"]
REALS = ("absolute_error", "huber", "log_cosh", "quantile", "smooth_l1", "squared_error")
CLASSES = ("binary_cross_entropy", "focal", "hinge", "squared_hinge")
ROWS = ("kl_divergence", "softmax_cross_entropy")


def compiled(name, hyper, y, t, dtype="float64"):
    """(sum, d(sum)/dy) of what the kernel calls; the value alone must be the same sum up to the fusing of a product and a sum."""
    plugin = FOUND[name]
    values = plugin.values(hyper)
    addresses, block = plugin.compiled(dtype, plugin.options(values)), np.array([*plugin.block(values), 0.0])
    y, t = np.ascontiguousarray(np.atleast_2d(y), dtype), np.ascontiguousarray(np.atleast_2d(t), dtype)
    d, pointer = np.empty_like(y), ctypes.c_void_p
    whole = ctypes.CFUNCTYPE(ctypes.c_double, pointer, pointer, pointer, ctypes.c_int64, ctypes.c_int64, pointer, ctypes.c_double)
    alone = ctypes.CFUNCTYPE(ctypes.c_double, pointer, pointer, ctypes.c_int64, ctypes.c_int64, pointer)
    total = whole(addresses.value_gradient)(y.ctypes.data, t.ctypes.data, d.ctypes.data, *y.shape, block.ctypes.data, 1.0)
    value = alone(addresses.value)(y.ctypes.data, t.ctypes.data, *y.shape, block.ctypes.data)
    assert value == pytest.approx(total, rel=1e-15 if dtype == "float64" else 1e-7, nan_ok=True)
    return total, d


def drawn(name, rows=50, columns=4):
    """Outputs and targets of the cost's kind, ties and far-off outputs among them."""
    rng = np.random.default_rng(sorted(FOUND).index(name))
    y = rng.normal(0, 3, (rows, columns))
    if name in CLASSES:
        t = rng.integers(0, 2, y.shape).astype(float)
        y[0] = [0.0, 40.0, -40.0, 1.0]
    elif name in ROWS:
        t = rng.dirichlet(np.ones(columns), rows)
        t[:10] = np.eye(columns)[rng.integers(0, columns, 10)]
    elif name == "poisson":
        t = rng.poisson(2.0, y.shape).astype(float)
    else:
        t = rng.normal(0, 3, y.shape)
        y[0] = t[0] + [0.0, 1.0, -1.0, 100.0]
    return y, t


TORCH = {
    "absolute_error": [({}, lambda F, y, t: F.l1_loss(y, t, reduction="sum"))],
    "binary_cross_entropy": [({}, lambda F, y, t: F.binary_cross_entropy_with_logits(y, t, reduction="sum"))],
    "hinge": [({}, lambda F, y, t: F.relu(1 - (2 * t - 1) * y).sum())],
    "huber": [
        ({}, lambda F, y, t: F.huber_loss(y, t, reduction="sum")),
        ({"delta": 2.5}, lambda F, y, t: F.huber_loss(y, t, reduction="sum", delta=2.5)),
    ],
    "kl_divergence": [({}, lambda F, y, t: F.kl_div(F.log_softmax(y, 1), t, reduction="sum"))],
    "poisson": [({}, lambda F, y, t: F.poisson_nll_loss(y, t, reduction="sum"))],
    "smooth_l1": [
        ({}, lambda F, y, t: F.smooth_l1_loss(y, t, reduction="sum")),
        ({"beta": 2.5}, lambda F, y, t: F.smooth_l1_loss(y, t, reduction="sum", beta=2.5)),
    ],
    "softmax_cross_entropy": [
        ({}, lambda F, y, t: F.cross_entropy(y, t, reduction="sum")),
        ({"label_smoothing": 0.1}, lambda F, y, t: F.cross_entropy(y, t, reduction="sum", label_smoothing=0.1)),
        ({"label_smoothing": 1.0}, lambda F, y, t: F.cross_entropy(y, t, reduction="sum", label_smoothing=1.0)),
    ],
    "squared_error": [({}, lambda F, y, t: F.mse_loss(y, t, reduction="sum"))],
    "squared_hinge": [({}, lambda F, y, t: F.relu(1 - (2 * t - 1) * y).square().sum())],
}


@pytest.mark.parametrize(("name", "case"), [(name, k) for name, cases in TORCH.items() for k in range(len(cases))])
def test_value_and_slope_are_torchs(name, case):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra `peers`)")
    (hyper, cost), (y, t) = TORCH[name][case], drawn(name)
    outputs = torch.tensor(y, requires_grad=True)
    expected = cost(torch.nn.functional, outputs, torch.tensor(t))
    expected.backward()
    total, slopes = compiled(name, hyper, y, t)
    assert total == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(slopes, outputs.grad.numpy(), rtol=1e-12, atol=1e-12)


def sigma(y):
    return 1 / (1 + mpmath.exp(-y))


def p_true(y, t):
    return sigma(y) if t == 1 else 1 - sigma(y)


# As the sources define them, without a thought for overflow or cancellation.
EXACT = {
    "focal": lambda y, t, gamma=2, alpha=0.25: -(alpha if t == 1 else 1 - alpha) * (1 - p_true(y, t)) ** gamma * mpmath.log(p_true(y, t)),
    "log_cosh": lambda y, t: mpmath.log(mpmath.cosh(y - t)),
    "quantile": lambda y, t, q=0.5: max(q * (t - y), (q - 1) * (t - y)),
}


@pytest.mark.parametrize(
    ("name", "hyper"),
    [("focal", {}), ("focal", {"gamma": 0.5, "alpha": 0.6}), ("focal", {"gamma": 0.0}), ("log_cosh", {}), ("quantile", {"q": 0.9})],
)
def test_value_and_slope_to_400_digits(name, hyper):
    for y in (-300.0, -30.0, -1.3, -1.0, -1e-3, 1e-9, 0.4, 0.999, 1.0, 1.001, 2.0, 35.0, 300.0):
        for t in (0.0, 1.0):
            if name == "quantile" and y == t:
                continue
            with mpmath.workdps(400):
                value = float(EXACT[name](mpmath.mpf(y), t, **hyper))
                slope = float(mpmath.diff(lambda x, t=t: EXACT[name](x, t, **hyper), mpmath.mpf(y)))
            total, slopes = compiled(name, hyper, [y], [t])
            assert total == pytest.approx(value, rel=1e-12, abs=1e-300), (y, t)
            assert slopes[0, 0] == pytest.approx(slope, rel=1e-12, abs=1e-300), (y, t)


def test_focal_without_focus_is_half_the_cross_entropy():
    y, t = drawn("focal")
    focal, slopes = compiled("focal", {"gamma": 0.0, "alpha": 0.5}, y, t)
    entropy, others = compiled("binary_cross_entropy", {}, y, t)
    assert 2 * focal == pytest.approx(entropy, rel=1e-13)
    np.testing.assert_allclose(2 * slopes, others, rtol=1e-12)


def test_huber_is_a_scaled_smooth_l1():
    y, t = drawn("huber")
    assert compiled("huber", {"delta": 0.7}, y, t)[0] == pytest.approx(0.7 * compiled("smooth_l1", {"beta": 0.7}, y, t)[0], rel=1e-13)


def test_kl_divergence_is_zero_at_the_target_and_has_the_cross_entropys_gradient():
    y, t = drawn("kl_divergence")
    np.testing.assert_array_equal(compiled("kl_divergence", {}, y, t)[1], compiled("softmax_cross_entropy", {}, y, t)[1])
    total, slopes = compiled("kl_divergence", {}, np.log(t[10:]), t[10:])
    assert abs(total) < 1e-12 and np.abs(slopes).max() < 1e-14


def test_the_constant_minimiser_of_quantile_is_the_quantile():
    t = np.random.default_rng(0).normal(size=(1001, 1))
    for q in (0.1, 0.5, 0.9):
        _, slopes = compiled("quantile", {"q": q}, np.full_like(t, np.quantile(t, q)), t)
        assert abs(slopes.sum()) <= 1  # between the slopes on either side of one sample


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FOUND))
def test_nan_stays_nan_and_far_outputs_stay_finite(name, dtype):
    t = np.eye(3)[:1] if name in (*CLASSES, *ROWS) else np.array([[1.0, 2.0, 0.0]])
    assert np.isnan(compiled(name, {}, [[np.nan, 1.0, 0.5]], t, dtype)[0])
    total, slopes = compiled(name, {}, [[80.0, -1e4, 3.0]], t, dtype)
    assert np.isfinite(total) and np.isfinite(slopes).all()


@pytest.mark.parametrize("name", sorted(FOUND))
def test_float32_follows_float64(name):
    y, t = (a.astype(np.float32) for a in drawn(name))
    single, double = compiled(name, {}, y, t, "float32"), compiled(name, {}, y, t)
    assert single[0] == pytest.approx(double[0], rel=1e-5)
    np.testing.assert_allclose(single[1], double[1], rtol=2e-5, atol=2e-6)


def test_all_are_tested_and_documented():
    own = {name for name, each in FOUND.items() if each.distribution.startswith("optlab ")}
    assert own == {*TORCH, *EXACT}
    assert all(FOUND[name].link in LINKS for name in own)


def test_poisson_predicts_rates_and_its_r2_is_of_rates():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    counts = rng.poisson(np.exp(0.5 + 0.8 * X[:, 0])).astype(float)
    outcome = optlab.train(
        (X, counts), layers=(), cost="poisson", optimizer="adam", hyper={"lr": 0.05}, epochs=60, task="regression", quiet=True
    )
    rates = outcome.predict(X)[:, 0]
    assert outcome.parameters == pytest.approx([0.8, 0.5], abs=0.1)  # the generalised linear model the counts were drawn from
    r2 = 1 - ((counts - rates) ** 2).sum() / ((counts - counts.mean()) ** 2).sum()
    assert outcome.history["train_metric"].iloc[-1] == pytest.approx(r2, rel=1e-10)


def test_hinge_predicts_classes_and_its_accuracy_is_of_signs():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 2))
    labels = (X @ [1.0, -2.0] > 0.3).astype(int)
    outcome = optlab.train((X, labels), layers=(), cost="hinge", optimizer="adam", hyper={"lr": 0.1}, epochs=100, quiet=True)
    predicted = outcome.predict(X)[:, 0]
    assert set(predicted) == {0.0, 1.0}
    assert outcome.history["train_metric"].iloc[-1] == (predicted == labels).mean() > 0.97


def test_label_smoothing_is_a_hyper_parameter_of_training():
    X = np.eye(3)
    settings = {"layers": (), "cost": "softmax_cross_entropy", "optimizer": "gd", "hyper": {"lr": 5.0}, "epochs": 2000, "quiet": True}
    outcome = optlab.train((X, np.arange(3)), cost_hyper={"label_smoothing": 0.3}, batch_size="full", **settings)
    np.testing.assert_allclose(outcome.predict(X), 0.7 * np.eye(3) + 0.1, atol=1e-3)  # the smoothed target is learnt
    with pytest.raises(optlab.OptlabError, match=r"label_smoothing = 1\.5"):
        optlab.train((X, np.arange(3)), cost_hyper={"label_smoothing": 1.5}, **settings)
