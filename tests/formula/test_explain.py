"""Formulas as text: what is printed means what was traced, and LaTeX is balanced."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlab.formula import elementary as e
from optlab.formula import explain
from optlab.formula.graph import trace
from tests.formula.calling import ADAM, NOTES
from tests.formula.test_derive import formulas, run


def test_adam_reads_as_its_author_wrote_it():
    assert explain.text(ADAM, ("w", "m", "v")) == [
        "m_new = beta1 * m + (1 - beta1) * g",
        "v_new = beta2 * v + (1 - beta2) * g * g",
        "m_hat = m_new / (1 - beta1**t)",
        "v_hat = v_new / (1 - beta2**t)",
        "w_new = w - lr * m_hat / (sqrt(v_hat) + eps)",
    ]


def test_latex():
    assert explain.latex(NOTES, ("f",)) == [r"f = \sqrt{{x}^{2} + e^{{x}^{2}}}"]
    assert explain.latex(ADAM, ("w", "m", "v"))[-1] == r"w' = w - \frac{\mathrm{lr}\,\hat{m}}{\sqrt{\hat{v}} + \varepsilon}"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(formulas(), st.floats(-2, 2), st.floats(-2, 2))
def test_printed_text_evaluates_to_the_same_bits(steps, x, y):
    graph = trace(lambda x, y: run(steps, x, y, lambda name: getattr(e, name), e.where, e.maximum), ("x", "y"))
    names = {name: getattr(e, name) for name in e.__all__} | {"x": x, "y": y}
    for line in explain.text(graph, ("f",)):
        left, right = line.split(" = ", 1)
        names[left] = eval(right, names)
    np.testing.assert_array_equal(names["f"], graph.evaluate(x, y)[0])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(formulas())
def test_latex_braces_and_parentheses_balance(steps):
    graph = trace(lambda x, y: run(steps, x, y, lambda name: getattr(e, name), e.where, e.maximum), ("x", "y"))
    for line in explain.latex(graph):
        assert line.count("{") == line.count("}")
        assert line.count(r"\left(") == line.count(r"\right)")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("beta1", r"\beta_{1}"), ("m_hat", r"\hat{m}"), ("lr", r"\mathrm{lr}"), ("w_new", "w'"), ("x", "x")],
)
def test_latex_names(name, shown):
    assert explain.latex_name(name) == shown
