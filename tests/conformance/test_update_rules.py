"""The update-rule gate: built-in rules are named right, defects of teaching code for what they are, dialects are told apart."""

import functools
import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import optlab as lab
from optlab.conformance import gates
from optlab.conformance.dialects import DIALECTS
from optlab.conformance.dialects.record import run
from optlab.conformance.update import departure, gate, hypers, tapes
from optlab.conformance.update.families import claim
from optlab.conformance.update.search import Match, Search
from optlab.plugin import Decay, NonNegative, Positive, optimizer, sqrt

RULES = Path(__file__).parent / "rules"
OPTIMIZERS = lab.catalogue()["optimizers"]
FAMILIES = tuple(dict.fromkeys(one.rule for one in DIALECTS))


def named(rule):
    """What the gate says of the rule at its defaults: (passed, sentence)."""
    first = next(iter(gate.check(rule)))
    assert first.section == "Which rule it is"
    return first.passed, first.sentence


# -- built-in rules ----------------------------------------------------------------------------------------------------------------

WORDS = {
    "gd": "gd",
    "momentum": "momentum, dampening, the first velocity being the gradient (torch)",
    "nesterov": "nesterov, lr outside the velocity (torch)",
    "adagrad": "adagrad, eps outside the root, accumulator from a given number, learning rate over 1 + (t - 1) lr_decay (torch)",
    "rmsprop": "rmsprop, eps outside the root, mean square from a given number, momentum with lr outside (torch)",
    "adam": "adam, eps outside the root, bias correction by Algorithm 1",
}


@pytest.mark.parametrize("name", WORDS)
def test_built_in_rules_are_named(name):
    assert named(OPTIMIZERS[name]) == (True, WORDS[name])


def test_each_option_is_named():
    sentences = {one.what: one.sentence for one in gate.check(OPTIMIZERS["adam"])}
    expected = "adam, eps outside the root, bias correction folded into the step (TensorFlow form)"
    assert sentences["update rule, dialect='tensorflow'"] == expected


# -- defects of teaching code ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "passed", "sentence"),
    [
        ("adagrad_by_rows", False, "adagrad, eps outside the root, one accumulator per row of the tensor (the diagonal of g g')"),
        ("rmsprop_by_aliasing", False, "named my_rmsprop, but it is adagrad, eps outside the root, accumulator from 0; rho has no effect"),
        ("adam_reset_every_epoch", False, "my_adam is adam whose moments are reset every 50 steps, eps outside the root"),
        ("adam_counting_epochs", False, "course_adam is adam whose moments are reset every 20 steps, t counting the resets"),
        ("adagrad_reset_every_epoch", False, "adagrad whose state is reset every 30 steps"),
        ("adam_with_a_slip", False, "no dialect of adam: nearest is adam, eps outside the root"),
        ("keras_adam", True, "bias correction folded into the step (TensorFlow form); its eps fixed at 1e-07"),
        ("unknown_rule", None, "no known rule: nearest is "),
    ],
)
def test_what_circulates_is_named_for_what_it_is(file, passed, sentence):
    (rule,) = gates.chosen(str(RULES / f"{file}.py"))
    said = named(rule)
    assert said[0] is passed and sentence in said[1], said


def test_a_departure_shows_the_first_step_the_place_and_both_values():
    (rule,) = gates.chosen(str(RULES / "unknown_rule.py"))
    (check,) = gate.check(rule)
    found, expected, k = check.numbers["found"], check.numbers["expected"], check.numbers["parameter"]
    tape = tapes.ordinary()[0]
    values = hypers.settings(rule, next(hypers.mapped(rule, DIALECTS[0])), rule.values({}))[0]
    path = tape.start - np.cumsum(values["lr"] * np.tanh(tape.gradients), axis=0)
    step = check.numbers["step"]
    assert path[step - 1, k] == pytest.approx(found, rel=1e-12) and found != expected
    assert (
        f"step {step} of the smooth tape, parameter {k} (" in check.sentence and f"{found:.6g} instead of {expected:.6g}" in check.sentence
    )


# -- what a rule leaves open -------------------------------------------------------------------------------------------------------


def test_a_hyper_parameter_of_ones_own_that_is_neutral_at_0_is_said():
    @optimizer
    def my_adam(
        w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8, kick: NonNegative = 0.1
    ):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        return w - lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps) - lr * kick, m, v

    assert named(my_adam) == (None, "adam, eps outside the root, bias correction by Algorithm 1; kick = 0 here")


def test_decay_in_the_gradient_is_no_adamw():
    @optimizer
    def my_adamw(w, g, m, v, *, t, lr: Positive = 1e-3, b1: Decay = 0.9, b2: Decay = 0.999, eps: Positive = 1e-8, wd: NonNegative = 0.01):
        g = g + wd * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        return w - lr * m / (1 - b1**t) / (sqrt(v / (1 - b2**t)) + eps), m, v

    words = "adam, eps outside the root, bias correction by Algorithm 1, decay coupled (added to the gradient)"
    assert named(my_adamw) == (False, f"named my_adamw, but it is {words}")


@pytest.mark.parametrize(
    ("name", "families", "whole"),
    [
        ("adam", ("adam", "adamw", "amsgrad"), True),
        ("MyAdamW2", ("adamw", "amsgrad"), True),
        ("sgd", ("gd", "momentum", "nesterov"), True),
        ("heavy_ball", ("momentum",), True),
        ("schedule_free_sgd", ("schedule_free_sgd",), True),
        ("lazy_adam", ("adam", "adamw", "amsgrad"), False),
        ("swirl", (), False),
    ],
)
def test_what_a_name_claims(name, families, whole):
    said = claim(name, FAMILIES)
    assert said.families == families and said.whole is whole


@pytest.mark.parametrize("name", ["clipped_momentum", "lazy_rmsprop"])
def test_a_name_with_more_in_it_is_not_held_to_the_family(name):
    rule = OPTIMIZERS["adagrad"]
    renamed = replace(rule, name=name)
    passed, sentence = named(renamed)
    assert passed is None and "it is adagrad" in sentence


# -- the dialects themselves -------------------------------------------------------------------------------------------------------


def test_names_of_dialects_are_unique():
    assert [name for name, count in Counter(one.name for one in DIALECTS).items() if count > 1] == []


STEPS = 30


def paths_of(dialect, hyper):
    every = (*tapes.ordinary(), tapes.changing())
    paths = [run(dialect, tape.gradients[:STEPS], tape.start, hyper, tapes.SHAPES, tape.rates) for tape in every]
    return np.stack(paths)


def settings_of(dialect):
    return {name: hypers.SETTINGS[name][0] for name in dialect.hyper if name in hypers.SETTINGS}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tapes_tell_all_dialects_of_a_family_apart(family):
    """Of those with the same hyper-parameters: others are told apart by what they can be given."""
    groups = {}
    for one in DIALECTS:
        if one.rule == family:
            groups.setdefault(frozenset(one.hyper), []).append((one, paths_of(one, settings_of(one))))
    start = tapes.ordinary()[0].start
    for group in groups.values():
        for (one, first), (other, second) in itertools.combinations(group, 2):
            gone = [departure.first(a, b, start, "") for a, b in zip(first, second, strict=True)]
            assert any(gone), f"{one.name} / {other.words}"


@functools.cache
def short_path(name):
    one, tape = next(one for one in DIALECTS if one.name == name), tapes.ordinary()[0]
    return run(one, tape.gradients[:20], tape.start, settings_of(one), tapes.SHAPES)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_dialect_is_that_of_another_family(family):
    """At the settings of the gate, so that what passes for another rule is another rule by name alone."""
    start = tapes.ordinary()[0].start
    own = [one for one in DIALECTS if one.rule == family]
    others = [one for one in DIALECTS if one.rule != family]
    for one, other in itertools.product(own, others):
        if set(other.hyper) == set(one.hyper):
            gone = departure.first(short_path(one.name), short_path(other.name), start, "")
            assert gone is not None, f"{one.name} / {other.name}"


def test_the_gradient_inside_the_velocity_shows_when_the_learning_rate_changes():
    outside, inside = (
        next(one for one in DIALECTS if one.rule == "momentum" and one.words.startswith(words)) for words in ("lr outside", "lr inside")
    )
    tape, changing = tapes.ordinary()[0], tapes.changing()
    hyper = {"lr": 0.1, "mu": 0.9}
    same = [run(one, tape.gradients, tape.start, hyper) for one in (outside, inside)]
    moved = [run(one, tape.gradients, tape.start, hyper, rates=changing.rates) for one in (outside, inside)]
    assert np.allclose(*same, rtol=1e-12) and departure.first(*moved, tape.start, "") is not None


def test_adam_by_hand():
    """Two steps of Algorithm 1 worked out with pencil and paper: g = 1, then 3."""
    adam = next(one for one in DIALECTS if one.name == "adam, eps outside the root, bias correction by Algorithm 1")
    path = run(adam, np.array([[1.0], [3.0]]), np.zeros(1), {"lr": 0.1, "beta1": 0.5, "beta2": 0.75, "eps": 0.0})
    second = (0.25 + 1.5) / 0.75 / np.sqrt((0.75 * 0.25 + 0.25 * 9.0) / (1 - 0.75**2))
    assert path[:, 0] == pytest.approx([-0.1, -0.1 - 0.1 * second], rel=1e-14)


def test_a_departure_is_found_at_its_step():
    tape = tapes.ordinary()[0]
    path = run(DIALECTS[0], tape.gradients, tape.start, {"lr": 0.1})
    other = path.copy()
    other[40:, 5] *= 1 + 1e-6
    gone = departure.first(other, path, tape.start, tape.name)
    assert (gone.step, gone.coordinate, gone.found, gone.expected) == (41, 5, other[40, 5], path[40, 5])
    assert departure.first(path, path, tape.start, tape.name) is None
    assert departure.parameter(5) == "W1[1,2]" and departure.parameter(7) == "b1[1]"


def test_rounding_alone_is_no_departure():
    """Centered second moments of a constant gradient are all rounding: the reference's own doubt is allowed for."""
    rule = OPTIMIZERS["rmsprop"]
    search = Search(rule, rule.values({"centered": True}))
    assert all(isinstance(one, Match) for one in search.among(("rmsprop",)).matches)
    assert search.among(("rmsprop",)).matches
