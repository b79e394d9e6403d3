"""Update rules alone on tapes of gradients: plain twins, torch.optim, dtype, schedules of state."""

import numpy as np
import pytest

import optlab
from tests import naive

RULES = ("gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
SETTINGS = [
    ("gd", {"lr": 0.1}),
    ("momentum", {"lr": 0.02, "mu": 0.9}),
    ("momentum", {"lr": 0.5, "mu": 0.0}),
    ("nesterov", {"lr": 0.02, "mu": 0.95}),
    ("adagrad", {"lr": 0.1, "eps": 1e-10}),
    ("rmsprop", {"lr": 0.01, "rho": 0.99, "eps": 1e-8}),
    ("rmsprop", {"lr": 0.01, "rho": 0.5, "eps": 1e-2}),
    ("adam", {"lr": 0.01}),
    ("adam", {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3}),
]
STEPS, N = 200, 13


def tapes():
    rng = np.random.default_rng(5)
    smooth = np.cos(np.linspace(0, 9, STEPS)[:, None] + np.arange(N))
    return {"smooth": smooth, "noise": rng.normal(size=(STEPS, N)), "sparse": smooth * (rng.random((STEPS, N)) < 0.1)}


@pytest.mark.parametrize("tape", tapes())
@pytest.mark.parametrize(("name", "hyper"), SETTINGS)
def test_rule_equals_its_plain_twin(name, hyper, tape):
    gradients, start = tapes()[tape], np.linspace(-1, 1, N)
    ours = optlab.trajectory(name, gradients, start, hyper)
    assert np.abs(ours - naive.trajectory(name, gradients, start, **hyper)).max() <= 1e-12


@pytest.mark.parametrize("tape", tapes())
@pytest.mark.parametrize(("name", "hyper"), SETTINGS)
def test_rule_equals_torch(name, hyper, tape):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra `peers`)")
    make = {
        "gd": lambda p, lr: torch.optim.SGD(p, lr=lr),
        "momentum": lambda p, lr, mu: torch.optim.SGD(p, lr=lr, momentum=mu),
        "nesterov": lambda p, lr, mu: torch.optim.SGD(p, lr=lr, momentum=mu, nesterov=True),
        "adagrad": lambda p, lr, eps: torch.optim.Adagrad(p, lr=lr, eps=eps),
        "rmsprop": lambda p, lr, rho, eps: torch.optim.RMSprop(p, lr=lr, alpha=rho, eps=eps),
        "adam": lambda p, lr, beta1=0.9, beta2=0.999, eps=1e-8: torch.optim.Adam(p, lr=lr, betas=(beta1, beta2), eps=eps),
    }
    gradients, start = tapes()[tape], np.linspace(-1, 1, N)
    w = torch.tensor(start, requires_grad=True)
    rule, path = make[name]([w], **hyper), []
    for g in gradients:
        w.grad = torch.tensor(g)
        rule.step()
        path.append(w.detach().numpy().copy())
    assert np.abs(optlab.trajectory(name, gradients, start, hyper) - np.array(path)).max() <= 1e-12


def test_adam_in_the_tensorflow_dialect_equals_its_formula():
    gradients, start, lr, b1, b2, eps = tapes()["noise"], np.zeros(N), 0.01, 0.9, 0.999, 1e-3
    w, m, v, path = start, np.zeros(N), np.zeros(N), []
    for t, g in enumerate(gradients, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        w = w - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)
        path.append(w)
    ours = optlab.trajectory("adam", gradients, start, {"lr": lr, "eps": eps, "dialect": "tensorflow"})
    assert np.abs(ours - path).max() <= 1e-12
    assert np.abs(ours - optlab.trajectory("adam", gradients, start, {"lr": lr, "eps": eps})).max() > 1e-4


@pytest.mark.parametrize("name", RULES)
def test_float32_follows_float64(name):
    gradients, start = tapes()["noise"], np.linspace(-1, 1, N)
    single = optlab.trajectory(name, gradients, start, dtype="float32")
    assert single.dtype == np.float32
    double = optlab.trajectory(name, gradients, start)
    assert np.abs(single - double).max() <= 1e-4 * max(1.0, np.abs(double).max())


def test_a_decorated_function_is_enough():
    from optlab.plugin import Positive, optimizer

    @optimizer(start={"s": "s0"})
    def halving(w, g, s, *, t, lr: Positive = 1.0, s0: Positive = 4.0):
        return w - lr * s * g / t, s / 2

    path = optlab.trajectory(halving, np.ones((3, 2)), np.zeros(2), {"lr": 0.5})
    assert path[:, 0].tolist() == [-2.0, -2.5, pytest.approx(-2.5 - 0.5 / 3)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gd", np.ones((3, 2)), np.zeros(3)), r"\(3, 2\) and start \(3,\)"),
        (("gd", np.ones(3), np.zeros(3)), "do not fit"),
        (("gdd", np.ones((3, 2)), np.zeros(2)), "no optimizer called 'gdd'.*'gd'"),
        (("gd", np.ones((3, 2)), np.zeros(2), {"lr": 0.0}), "lr = 0.0"),
        (("gd", np.ones((3, 2)), np.zeros(2), {}, "float16"), "float16"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words):
    with pytest.raises(optlab.OptlabError, match=words):
        optlab.trajectory(*arguments)
