"""Plugins: found, checked, and the broken one named with plugin, module, distribution and cause."""

import textwrap

import pytest

from optlab import catalogue, registry
from optlab.errors import OptlabError

HEAD = "from optlab.plugin import *\n"


@pytest.fixture
def plugin_file(tmp_path):
    def write(body, name="mine.py"):
        path = tmp_path / name
        path.write_text(HEAD + textwrap.dedent(body))
        return path

    return write


GOOD = """
    @optimizer
    def mine(w, g, v, *, lr: Positive = 0.1, mu: Decay = 0.5):
        v = mu * v + g
        return w - lr * v, v

    @hookimpl
    def register_optimizers(register):
        register(mine)
"""


def test_built_ins_come_through_entry_points():
    found = catalogue()
    assert {"gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"} <= set(found["optimizers"])
    assert {"identity", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "softplus", "swish"} <= set(found["activations"])
    assert {"squared_error", "binary_cross_entropy", "softmax_cross_entropy"} <= set(found["costs"])
    assert {"digits", "breast_cancer", "iris", "wine", "diabetes", "runge", "franke"} <= set(found["problems"])
    assert all(plugin.distribution.startswith("optlab ") for names in found.values() for plugin in names.values())


def test_every_built_in_has_a_docstring():
    for names in catalogue().values():
        for plugin in names.values():
            assert len(plugin.doc) > 10, plugin.name


def test_a_file_adds_a_plugin(plugin_file):
    found = registry.load([plugin_file(GOOD)])
    assert found["optimizers"]["mine"].slots == ("v",)
    assert found["optimizers"]["mine"].distribution == "file mine.py"
    assert "mine" not in catalogue()["optimizers"]


def test_sgd_is_an_alias_of_gd():
    assert catalogue().optimizer("sgd").name == "gd"


def test_unknown_name_offers_the_nearest():
    with pytest.raises(OptlabError, match="no optimizer called 'adm'.*'adam'"):
        catalogue().optimizer("adm")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('boom')", ["'mine'", "file", "RuntimeError: boom"]),
        ("def broken(:", ["'mine'", "SyntaxError"]),
        ("@hookimpl\ndef register_optimizer(register):\n    pass", ["'mine'", "register_optimizer"]),
        ("@hookimpl\ndef register_optimizers(registrar):\n    pass", ["'mine'", "registrar"]),
        ("@hookimpl\ndef register_optimizers(register):\n    register(len)", ["'mine'", "len", "@optimizer"]),
        ("@hookimpl\ndef register_optimizers(register):\n    1 / 0", ["'mine'", "ZeroDivisionError"]),
        (GOOD.replace("mine", "adam"), ["already registered by optlab", "rename"]),
        (GOOD.replace("mine", "sgd"), ["alias of 'gd'"]),
        ("@optimizer\ndef mine(w, g, *, lr):\n    return w", ["lr has no default"]),
        ("@optimizer\ndef mine(w, *, lr=1.0):\n    return w", ["(w, g)"]),
        ("@optimizer\ndef mine(w, g, *, lr: Positive = -1.0):\n    return w", ["lr = -1.0", "> 0"]),
        ("@optimizer\ndef mine(w, g, *, lr: Positive = float('nan')):\n    return w", ["lr = nan"]),
        ("@optimizer\ndef mine(w, g, *slots, lr: Positive = 1.0):\n    return w", ["slots"]),
        ("@optimizer(start={'u': 1.0})\ndef mine(w, g, v, *, lr: Positive = 1.0):\n    return w, v", ["'u'"]),
    ],
)  # fmt: skip
def test_a_broken_plugin_is_named(plugin_file, body, words):
    with pytest.raises(OptlabError) as caught:
        registry.load([plugin_file(body)])
    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence


REGISTERED = """
    @hookimpl
    def register_optimizers(register):
        register(mine)
"""


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("def mine(w, g, *, lr: Positive = 1.0):\n    return w - lr * g if g > 0 else w", ["mine", "where"]),
        ("def mine(w, g, *, lr: Positive = 1.0):\n    return w - lr * float(g)", ["mine", "float"]),
        (
            "def mine(w, g, v, *, lr: Positive = 1.0):\n    return w - lr * g",
            ["mine returns 1 values", "must return 2: the new w, the new v"],
        ),
        ("def mine(w, g, *, lr: Positive = 1.0):\n    import numpy\n    return w - lr * numpy.sign(g)", ["mine"]),
    ],
)
def test_a_formula_that_cannot_be_traced_is_refused_at_registration(plugin_file, rule, words):
    with pytest.raises(OptlabError) as caught:
        registry.load([plugin_file("@optimizer\n" + rule + "\n" + textwrap.dedent(REGISTERED))])
    for word in words:
        assert word in str(caught.value)


def test_the_same_plugin_twice(plugin_file):
    with pytest.raises(OptlabError, match="already registered"):
        registry.load([plugin_file(GOOD), plugin_file(GOOD, "again.py")])


def test_the_same_file_twice_is_one_plugin(plugin_file):
    path = plugin_file(GOOD)
    assert "mine" in registry.load([path, path])["optimizers"]


def test_missing_file():
    with pytest.raises(OptlabError, match="nowhere.py cannot be read"):
        registry.load(["nowhere.py"])


def test_digest_follows_the_formula_and_not_its_wording(plugin_file):
    digests = [
        registry.load([plugin_file(body, f"v{k}.py")])["optimizers"]["mine"].digest()
        for k, body in enumerate([GOOD, GOOD.replace("v = mu", "v = (mu)"), GOOD.replace("mu * v + g", "mu * v + 2 * g")])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_options_enter_the_digest_and_swept_values_do_not():
    adam = catalogue().optimizer("adam")
    assert adam.digest({"dialect": "torch"}) != adam.digest({"dialect": "tensorflow"})
    assert adam.digest(adam.values({"lr": 0.1})) == adam.digest(adam.values({"lr": 0.2}))


def test_hyper_parameters_are_checked():
    adam = catalogue().optimizer("adam")
    with pytest.raises(OptlabError, match=r"lr = -1.*> 0"):
        adam.values({"lr": -1})
    with pytest.raises(OptlabError, match="no hyper-parameter 'beta3'.*'beta2'"):
        adam.values({"beta3": 0.9})
    with pytest.raises(OptlabError, match="dialect = 'keras'.*'torch', 'tensorflow'"):
        adam.values({"dialect": "keras"})
