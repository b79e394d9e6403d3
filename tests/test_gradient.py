"""Gradients of whole networks: central differences, the plain twin, torch, and the lecture notes' smallest network."""

import itertools

import numpy as np
import pytest

import optlab

ACTIVATIONS = sorted(set(optlab.catalogue()["activations"]) - {"step"})  # its slope is not the derivative of its value
COSTS = sorted(optlab.catalogue()["costs"])
CLASSES = {"binary_cross_entropy", "focal", "hinge", "squared_hinge"}  # targets 0 or 1
ROWS = {"kl_divergence", "softmax_cross_entropy"}


def pairs(shift=0):
    """Each activation with some cost, each cost with some activation."""
    count = max(len(ACTIVATIONS), len(COSTS))
    return [(ACTIVATIONS[k % len(ACTIVATIONS)], COSTS[(k + shift) % len(COSTS)]) for k in range(count)]


def network(rng, depth, activations, cost, dtype=np.float64):
    sizes = (int(rng.integers(1, 6)), *(int(rng.integers(1, 8)) for _ in range(depth)), 1 if cost in CLASSES else 3)
    rows = int(rng.integers(1, 9))
    X = rng.normal(size=(rows, sizes[0]))
    if cost in ROWS:
        Y = np.eye(sizes[-1])[rng.integers(0, sizes[-1], rows)]
    elif cost in CLASSES:
        Y = rng.integers(0, 2, (rows, 1)).astype(float)
    elif cost == "poisson":
        Y = rng.poisson(2.0, size=(rows, sizes[-1])).astype(float)
    else:
        Y = rng.normal(size=(rows, sizes[-1]))
    w = rng.normal(size=sum((a + 1) * b for a, b in itertools.pairwise(sizes))) * 0.7
    return sizes, X.astype(dtype), Y.astype(dtype), w.astype(dtype)


def differences(f, w, h=1e-6):
    out = np.empty_like(w)
    for k in range(w.size):
        up, down = w.copy(), w.copy()
        up[k] += h
        down[k] -= h
        out[k] = (f(up) - f(down)) / (2 * h)
    return out


@pytest.mark.parametrize(("depth", "activation", "cost"), [(depth, *pair) for depth in (1, 2, 3, 4) for pair in pairs(depth)])
def test_gradient_equals_central_differences(depth, activation, cost):
    rng = np.random.default_rng([depth, ACTIVATIONS.index(activation), COSTS.index(cost)])
    names = [activation] * depth + ["identity"]
    sizes, X, Y, w = network(rng, depth, names, cost)
    l1, l2 = (0.01, 0.1) if depth % 2 else (0.0, 0.0)
    _, g = optlab.gradient(w, X, Y, sizes, names, cost, l1=l1, l2=l2)
    expected = differences(lambda v: optlab.gradient(v, X, Y, sizes, names, cost, l1=l1, l2=l2)[0], w)
    assert np.linalg.norm(g - expected) <= 1e-6 * max(1e-3, np.linalg.norm(expected))


@pytest.mark.parametrize(("activation", "cost"), pairs())
def test_float32_follows_float64(activation, cost):
    rng = np.random.default_rng(7)
    names = [activation, activation, "identity"]
    sizes, X, Y, w = network(rng, 2, names, cost, np.float32)
    value, g = optlab.gradient(w, X, Y, sizes, names, cost, l2=0.1)
    exact, expected = optlab.gradient(w.astype(float), X, Y, sizes, names, cost, l2=0.1)
    assert g.dtype == np.float32
    assert value == pytest.approx(exact, rel=1e-4)
    assert np.linalg.norm(g - expected) <= 1e-3 * np.linalg.norm(expected)


def test_the_smallest_network_of_the_lecture_notes():
    """a1 = w1 x, y = w2 a1, C = (t - y)^2 / 2: dC/dw2 = (y - t) a1, dC/dw1 = (y - t) w2 x, and the first update."""
    x, t, w1, w2, lr = 0.7, 2.0, 0.3, -1.1, 0.05
    a1 = w1 * x
    y = w2 * a1
    parameters, X, Y = np.array([w1, 0.0, w2, 0.0]), np.array([[x]]), np.array([[t]])
    value, g = optlab.gradient(parameters, X, Y, (1, 1, 1), ["identity", "identity"], "squared_error")
    assert value / 2 == pytest.approx((t - y) ** 2 / 2, rel=1e-15)  # the cost's factor is 1 by default
    assert g[0] / 2 == pytest.approx((y - t) * w2 * x, rel=1e-15)
    assert g[2] / 2 == pytest.approx((y - t) * a1, rel=1e-15)
    outcome = optlab.train(
        (X, Y), layers=(1,), activation="identity", cost="squared_error", cost_hyper={"factor": 0.5}, optimizer="gd", hyper={"lr": lr},
        epochs=1, batch_size="full", initial=parameters, quiet=True,
    )  # fmt: skip
    assert outcome.parameters[0] == pytest.approx(w1 - lr * (y - t) * w2 * x, rel=1e-15)
    assert outcome.parameters[2] == pytest.approx(w2 - lr * (y - t) * a1, rel=1e-15)


TORCH_ACTIVATIONS = {
    "identity": lambda F, z: z,
    "sigmoid": lambda F, z: z.sigmoid(),
    "tanh": lambda F, z: z.tanh(),
    "relu": lambda F, z: F.relu(z),
    "leaky_relu": lambda F, z: F.leaky_relu(z),
    "gelu": lambda F, z: F.gelu(z),
    "softplus": lambda F, z: F.softplus(z, threshold=1e9),
    "swish": lambda F, z: F.silu(z),
}
TORCH_COSTS = {
    "squared_error": lambda F, y, t: F.mse_loss(y, t),
    "binary_cross_entropy": lambda F, y, t: F.binary_cross_entropy_with_logits(y, t),
    "softmax_cross_entropy": lambda F, y, t: F.cross_entropy(y, t),
}


@pytest.mark.parametrize("cost", TORCH_COSTS)
@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
def test_gradient_equals_torch(activation, cost):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra `peers`)")
    F = torch.nn.functional
    rng = np.random.default_rng(11)
    names = [activation, activation, "identity"]
    sizes, X, Y, w = network(rng, 2, names, cost)
    value, g = optlab.gradient(w, X, Y, sizes, names, cost)
    theta = torch.tensor(w, requires_grad=True)
    a, at = torch.tensor(X), 0
    for n_in, n_out, name in zip(sizes, sizes[1:], names, strict=False):
        W, b = theta[at : at + n_in * n_out].reshape(n_in, n_out), theta[at + n_in * n_out : at + (n_in + 1) * n_out]
        a = TORCH_ACTIVATIONS[name](F, a @ W + b)
        at += (n_in + 1) * n_out
    loss = TORCH_COSTS[cost](F, a, torch.tensor(Y))
    loss.backward()
    assert value == pytest.approx(loss.item(), rel=1e-10)
    assert np.abs(g - theta.grad.numpy()).max() <= 1e-10 * max(1.0, np.abs(g).max())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X": np.zeros((3, 9))}, "do not fit"),
        ({"Y": np.zeros((2, 1))}, "do not fit"),
        ({"parameters": np.zeros(4)}, "need 7 parameters"),
        ({"activations": ["tanh"]}, "2 activations"),
        ({"activations": ["tanh", "softmaxx"]}, "no activation called 'softmaxx'"),
    ],
)
def test_bad_input_is_one_sentence(change, words):
    good = {"parameters": np.zeros(7), "X": np.zeros((3, 2)), "Y": np.zeros((3, 2)), "activations": ["tanh", "identity"]}
    with pytest.raises(optlab.OptlabError, match=words):
        optlab.gradient(**{**good, **change}, sizes=(2, 1, 2), cost="squared_error")


@pytest.mark.parametrize("target", [0.0, 1.0])
@pytest.mark.parametrize("logit", [0.0, 1e-3, 40.0, -40.0, 700.0, -700.0])
def test_binary_cross_entropy_keeps_its_digits(logit, target):
    """Cost log(1 + exp(y)) - t y and slope sigmoid(y) - t against 400 digits."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(400):
        y = mpmath.mpf(logit)
        value, slope = mpmath.log(1 + mpmath.exp(y)) - target * y, 1 / (1 + mpmath.exp(-y)) - target
    X, Y = np.array([[logit]]), np.array([[target]])
    found, g = optlab.gradient(np.array([1.0, 0.0]), X, Y, (1, 1), ["identity"], "binary_cross_entropy")
    assert found == pytest.approx(float(value), rel=1e-14, abs=0)
    assert g[1] == pytest.approx(float(slope), rel=1e-14, abs=0)
