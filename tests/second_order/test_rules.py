"""Every rule that asks for curvature trains, and names the references that it is compared with."""

from importlib.metadata import version

import pytest

import optlab
from tests.second_order.cases import QUIET, RULES
from tests.second_order.test_sophia import RECORDED

TRAINED = {  # hyper-parameters, epochs, test accuracy; the lowest on seeds 11 to 15 was 0.92 of newton, 0.956 of the others
    "newton": ({}, 20, 0.91),
    "gauss_newton": ({}, 20, 0.95),
    "levenberg_marquardt": ({}, 20, 0.95),
    "sophia_g": ({"lr": 0.03}, 100, 0.95),
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_trains(name):
    hyper, epochs, accuracy = TRAINED[name]
    outcome = optlab.train("breast_cancer", layers=(3,), optimizer=name, hyper=hyper, epochs=epochs, l2=1e-3, seed=11, **QUIET)
    assert outcome.history["test_metric"].iloc[-1] >= accuracy


def test_every_reference_that_a_rule_names_is_compared_with():
    compared = {
        "newton": {"sklearn.linear_model.LogisticRegression 1.9"},
        "gauss_newton": {"sklearn.linear_model.LogisticRegression 1.9"},
        "levenberg_marquardt": {"scipy.optimize.least_squares 1.17"},
        "sophia_g": {"optax.contrib.sophia 0.2.8", *(case["source"] for case in RECORDED["cases"])},
    }
    assert {name: set(rule.verified) for name, rule in RULES.items()} == compared


@pytest.mark.parametrize(("package", "wanted"), [("scikit-learn", "1.9"), ("scipy", "1.17"), ("optax", "0.2.8")])
def test_the_versions_named_are_those_compared_with(package, wanted):
    pytest.importorskip({"scikit-learn": "sklearn"}.get(package, package))
    assert version(package).startswith(wanted)
