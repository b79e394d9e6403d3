"""Every elementwise rule trains digits and breast_cancer above a stated test accuracy at its own learning rate.

The rates come from a search over 1e-5, 3e-5, ..., 300 with seeds 0, 1 and 2, in the middle of what served well; the seed here is a fresh
one. On seeds 11, 12 and 13 the lowest accuracies were 0.942 and 0.956.
"""

import pytest

import optlab
from optlab.rules import Optimizer

RULES = [name for name, rule in optlab.catalogue()["optimizers"].items() if isinstance(rule, Optimizer) and not rule.transforms]
ACCURACY = {"digits": 0.93, "breast_cancer": 0.95}
RATES = {  # rule: digits, breast_cancer
    "adabelief": (0.03, 0.003),
    "adadelta": (10.0, 1.0),
    "adagrad": (0.1, 0.03),
    "adam": (0.03, 0.003),
    "adamax": (0.03, 0.01),
    "adamw": (0.03, 0.003),
    "adan": (0.03, 0.01),
    "ademamix": (0.03, 0.003),
    "adopt": (0.03, 0.003),
    "aggmo": (0.1, 0.03),
    "amsgrad": (0.03, 0.003),
    "asgd": (3.0, 0.3),
    "gd": (3.0, 0.3),
    "laprop": (0.03, 0.003),
    "lion": (0.01, 0.003),
    "madgrad": (0.1, 0.003),
    "momentum": (0.3, 0.03),
    "nadam": (0.03, 0.003),
    "nesterov": (0.3, 0.03),
    "qhadam": (0.03, 0.003),
    "radam": (0.1, 0.03),
    "rmsprop": (0.01, 0.003),
    "rprop": (0.001, 0.01),
    "schedule_free_adamw": (0.1, 0.01),
    "schedule_free_sgd": (3.0, 0.3),
    "signsgd": (0.01, 0.003),
    "signum": (0.01, 0.003),
    "yogi": (0.03, 0.01),
}


@pytest.mark.parametrize("seed", [11, *(pytest.param(seed, marks=pytest.mark.long) for seed in (12, 13))])
@pytest.mark.parametrize("problem", ACCURACY)
@pytest.mark.parametrize("name", RULES)
def test_rule_trains(name, problem, seed):
    lr = RATES[name][list(ACCURACY).index(problem)]
    protocol = {"epochs": 60, "batch_size": "full"} if name == "rprop" else {"epochs": 10, "batch_size": 32}
    outcome = optlab.train(problem, layers=(20,), optimizer=name, hyper={"lr": lr}, seed=seed, evaluate_every=0, **protocol)
    assert outcome.history["test_metric"].iloc[-1] >= ACCURACY[problem]
