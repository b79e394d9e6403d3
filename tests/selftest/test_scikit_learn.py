"""scikit-learn's curves: the published ones on iris here, all of them with the long tests; and those of the installed scikit-learn."""

import warnings

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from optlab.selftest import scikit_learn

MOMENTUM = {"lr": 0.2, "mu": 0.9, "form": "inside"}


def test_published_numbers_on_iris():
    found = list(scikit_learn.numbers(lambda words: None, ("iris",)))
    assert len(found) == 14
    assert [one.what for one in found if not one.ok] == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("momentum", MOMENTUM, False), {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False}),
        (("nesterov", MOMENTUM, True), {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True, "learning_rate": "invscaling"}),
        (("adam", {"lr": 0.01, "dialect": "tensorflow"}, False), {"solver": "adam", "learning_rate_init": 0.01}),
    ],
)
def test_the_installed_scikit_learn_agrees(ours, theirs):
    X, y = scikit_learn.data("iris")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = MLPClassifier(**{"learning_rate_init": 0.2, "random_state": 0, "max_iter": 400, **theirs}).fit(X, y)
    score, loss = scikit_learn.fit("iris", *ours)
    assert loss == pytest.approx(fitted.loss_, rel=1e-9)
    assert score == fitted.score(X, y)


def test_another_dialect_is_told_apart():
    _, loss = scikit_learn.fit("iris", "adam", {"lr": 0.01}, False)
    assert round(loss, 6) != 0.045311


def test_patience():
    improving = [1.0, 0.5, 0.25]
    assert scikit_learn.epochs_until_stop(improving + [0.25] * 30) == 3 + 11
    assert scikit_learn.epochs_until_stop(improving) == 3
