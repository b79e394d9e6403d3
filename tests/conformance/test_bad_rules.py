"""A broken rule gets one sentence that names what is wrong: where it is registered, or in its report."""

import pytest

HEAD = """
import numpy as np
from math import sqrt

from optlab.plugin import Positive, hookimpl, layer_rule, optimizer

{code}

@hookimpl
def register_optimizers(register):
    register(rule)
"""


def written(tmp_path, decorator, signature, *body):
    code = "\n".join([decorator, f"def rule({signature}):", *(f"    {line}" for line in body)])
    file = tmp_path / "mine.py"
    file.write_text(HEAD.format(code=code))
    return str(file)


@pytest.mark.parametrize(
    ("signature", "body", "sentence"),
    [
        ("w, g, m, v", ["return w - g, m"], "optimizer rule returns 2 values, but must return 3: the new w, the new m, the new v"),
        ("w, g", ["return w - g, g"], "optimizer rule returns 2 values, but must return 1: the new w"),
        ("w, g, m", ["m = m + g"], "rule returns NoneType None where a number is expected"),
        ("w, g", ["return [w - g, w]"], "rule returns list ["),
        ("w, g", ["return w - scale * g"], "NameError: name 'scale' is not defined"),
        ("w, g", ["return np.sum(w - g)"], "rule calls a NumPy function on a traced value"),
        ("w, g", ["return w[0] - g"], "'Traced' object is not subscriptable"),
        ("w, g", ["raise ValueError('not today')"], "ValueError: not today"),
        ("w, g", ["return w - g if g > 0 else w"], "decides with Python's if"),
        ("w, g", ["return w - sqrt(g * g)"], "turns a traced value into a number or array"),
        ("w, g, *, lr: Positive = float('nan')", ["return w - lr * g"], "lr = nan is not allowed; it must be a number > 0"),
        ("w, g, *, lr: float = float('inf')", ["return w - lr * g"], "lr = inf is not allowed; it must be a finite number"),
    ],
)
def test_a_broken_formula_is_refused_in_one_sentence(signature, body, sentence, tmp_path, optlab):
    code, out, err = optlab("check", written(tmp_path, "@optimizer", signature, *body))
    assert code == 2 and sentence in err and err.count("\n") == 1 and "Traceback" not in err + out


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (["w -= lr * scale * g"], "NameError: name 'scale' is not defined"),
        (["w -= lr * g[:2, :]"], "ValueError: operands could not be broadcast together"),
        (["w[w.shape[0] + 3, 0] -= lr * g[0, 0]"], "IndexError: index 5 is out of bounds for axis 0 with size 2"),
        (["if w[0, 0] > -1e9:", "    raise ValueError('not today')", "w -= lr * g"], "ValueError: not today"),
    ],
)
def test_broken_array_code_is_a_finding(body, sentence, tmp_path):
    from optlab.conformance import gates

    (rule,) = gates.chosen(written(tmp_path, "@layer_rule(operations=2.0)", "w, g, *, lr: Positive = 0.1", *body))
    (failure,) = gates.check(rule).failures
    assert failure.sentence.startswith("rule cannot be compiled or evaluated: ") and sentence in failure.sentence


@pytest.mark.parametrize("body", ["w = w - lr * g", "return w - lr * g"])
def test_array_code_that_does_not_work_in_place_is_named(body, tmp_path):
    from optlab.conformance import gates, rules

    (rule,) = gates.chosen(written(tmp_path, "@layer_rule(operations=2.0)", "w, g, *, lr: Positive = 0.1", body))
    first = next(rules.check(rule))  # found in Python, before anything is compiled
    assert first.passed is False
    assert first.sentence == "no step changes a parameter; array code changes w in place: write w -= ..., not w = w - ..."


def test_an_unknown_hyper_parameter_is_named(optlab):
    import optlab as lab

    with pytest.raises(lab.OptlabError, match="optimizer adam has no hyper-parameter 'beta' .*it has: lr, beta1, beta2, eps"):
        lab.trajectory("adam", [[1.0]], [0.0], {"beta": 0.9})
