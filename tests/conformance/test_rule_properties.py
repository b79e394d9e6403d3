"""Properties of update rules: measured values against those that theory gives, and rules that break them."""

import itertools
import math

import numpy as np
import pytest

import optlab as lab
from optlab.conformance import properties, rules
from optlab.conformance.properties import behaviour, convergence, cost, symmetries
from optlab.plugin import Positive, optimizer, where

OPTIMIZERS = lab.catalogue()["optimizers"]


def sentences(part, name):
    rule = OPTIMIZERS[name] if isinstance(name, str) else name
    return {one.what: one for one in part.check(rule)}


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_built_in_rules_run_as_written(name):
    failed = [one for one in rules.check(OPTIMIZERS[name]) if one.passed is False]
    assert failed == []


@pytest.mark.parametrize(
    ("name", "objective", "parameters", "rotated"),
    [
        ("gd", "steps x 10 (linear)", "steps / 10 (not equivariant)", True),
        ("momentum", "steps x 10 (linear)", "steps / 10 (not equivariant)", True),
        ("adam", "the same steps (invariant), to ", "the same steps (not equivariant), to ", False),
        ("signsgd", "the same steps (invariant)", "the same steps (not equivariant)", False),
        ("adadelta", None, None, False),
    ],
)
def test_symmetries_are_those_of_theory(name, objective, parameters, rotated):
    found = sentences(symmetries, name)
    assert objective is None or found["objective x 10"].sentence.startswith(objective)
    assert parameters is None or found["parameters x 10"].sentence.startswith(parameters)
    assert found["parameters permuted"].numbers["difference"] < 1e-12
    assert (found["axes rotated"].numbers["difference"] < 1e-9) is rotated


def test_the_power_is_measured():
    @optimizer
    def cubed(w, g, *, lr: Positive = 1e-2):
        return w - lr * g**3

    found = sentences(symmetries, cubed)["objective x 10"]
    assert found.numbers["power"] == pytest.approx(3.0) and found.sentence == "steps x 10^3"


def test_behaviour_of_adam():
    found = sentences(behaviour, "adam")
    assert found["first step, t = 1"].sentence == "for gradients 0.001, 1, 1000: 1 lr, 1 lr, 1 lr"
    assert found["step at t = 1e6"].numbers["t = 1e6"] == pytest.approx(1e-3, rel=1e-6)
    assert found["zero gradients, 20 steps"].numbers["at first"] == 0.0
    assert found["the same run twice"].passed and found["trials apart"].passed


def test_the_millionth_step_of_adagrad():
    found = sentences(behaviour, "adagrad")["step at t = 1e6"]
    assert found.passed and found.numbers["t = 1e6"] == pytest.approx(1e-2 / math.sqrt(1e6), rel=0.01)


def test_a_rule_that_fails_late_is_named():
    @optimizer
    def brittle(w, g, *, t, lr: Positive = 1e-2):
        return w - lr * g / where(t < 5e5, 1.0, 0.0)

    found = sentences(behaviour, brittle)["step at t = 1e6"]
    assert found.passed is False and "from step 500000 on" in found.sentence


def test_gradient_descent_on_the_quadratic():
    """What is left after k steps at rate r follows from the eigenvalues alone."""
    found = sentences(convergence, "gd")["convex quadratic, condition 100"]
    spectrum, r = np.geomspace(1, 100, 10), found.numbers["rate"]
    assert r == 0.01 and found.passed
    from optlab.objectives.quadratics import quadratic

    Q = quadratic(spectrum).matrix
    values, vectors = np.linalg.eigh(Q)
    parts = (vectors.T @ np.ones(10)) ** 2 * values
    assert found.numbers["left"] == pytest.approx(np.sum(parts * (1 - r * values) ** (2 * convergence.STEPS)) / np.sum(parts), rel=1e-6)


def test_logistic_regression_has_its_optimum():
    _, _, first, optimum = convergence.logistic()
    assert first == pytest.approx(math.log(2)) and 0.2 < optimum < first
    found = sentences(convergence, "adam")["logistic regression"]
    assert found.passed and found.numbers["left"] < 1e-6


def test_a_rule_that_climbs_fails():
    @optimizer
    def ascent(w, g, *, lr: Positive = 1e-2):
        return w + lr * g

    failed = [one.what for one in convergence.check(ascent) if one.passed is False]
    assert failed == ["convex quadratic, condition 100"]


def test_costs_are_counted():
    found = sentences(cost, "adam")
    assert found["state"].sentence == "2 numbers per parameter: m, v" and found["operations"].numbers["operations"] == 13
    assert found["time"].passed is None and found["time"].numbers["nanoseconds"] >= 0
    assert sentences(cost, "gd")["state"].sentence == "none"


def test_the_sections_are_headings_of_the_report():
    sections = [one.section for one in properties.check(OPTIMIZERS["gd"])]
    assert [key for key, _ in itertools.groupby(sections)] == ["Properties"]
