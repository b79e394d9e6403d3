"""The gates of `optlab check`: built-in plugins pass, wrong ones are named with their factor, references agree with mpmath."""

import json

import numpy as np
import pytest

import optlab as lab
from optlab.conformance import gates, kinks, ratio, references
from optlab.plugin import activation, cost, exp, log, logaddexp, maximum, objective, optimizer, row_cost, sigmoid, sqrt, tanh, where

CATALOGUE = lab.catalogue()
BUILTIN = [plugin for kind in ("activations", "costs", "objectives") for plugin in CATALOGUE[kind].values()]


def failures(plugin):
    return [one.sentence for one in gates.check(plugin).failures]


@pytest.mark.parametrize("plugin", BUILTIN, ids=lambda plugin: f"{plugin.kind}-{plugin.name}")
def test_built_in_plugins_pass(plugin):
    report = gates.check(plugin)
    assert report.ok, report.failures
    assert any(one.what.startswith("float32 follows float64") and one.passed for one in report.checks)


# -- what is wrong is named ------------------------------------------------------------------------------------------------------


def test_hidden_nan_is_named():
    @activation
    def rectifier(z):
        return where(z > 0, z, 0.0)

    assert any(each.startswith("rectifier(nan) is 0, which hides a divergence") for each in failures(rectifier))


def test_overflow_to_nan_is_named():
    @activation
    def naive(z):
        return exp(z) / (1 + exp(z))

    assert "the value is nan at z = 710; it was a number at z = 1" in failures(naive)
    assert "the value is nan at z = 89; it was a number at z = 1" in failures(naive)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda g, k: 2.0 * g, "the gradient of mine is 2.0x too large"),
        (lambda g, k: -g, "the gradient of mine is of the wrong sign"),
        (lambda g, k: 0.0 * g, "the gradient of mine is zero"),
        (lambda g, k: g * k, "too large by the number of outputs: 3.0x too large with 3, 5.0x too large with 5"),
        (lambda g, k: g / k, "too small by the number of outputs: 3.0x too small with 3, 5.0x too small with 5"),
    ],
)
def test_a_wrong_row_wise_gradient_is_named_with_its_factor(wrong, sentence):
    change = {3: float(wrong(1.0, 3)), 5: float(wrong(1.0, 5))}
    three, five = change[3], change[5]

    @row_cost(link="softmax", operations=(8, 11))
    def mine(y, t, gradient):
        largest = y[0]
        for k in range(1, y.size):
            largest = max(largest, y[k])
        total = y[0] - y[0]
        for k in range(y.size):
            gradient[k] = exp(y[k] - largest)
            total += gradient[k]
        value = total - total
        factor = three if y.size == 3 else five
        for k in range(y.size):
            value += t[k] * (log(total) - (y[k] - largest))
            gradient[k] = (gradient[k] / total - t[k]) * factor
        return value

    assert any(sentence in each for each in failures(mine)), failures(mine)


def test_one_wrong_output_is_named():
    @row_cost(operations=(2, 3))
    def mine(y, t, gradient):
        value = y[0] - y[0]
        for k in range(y.size):
            value += (y[k] - t[k]) ** 2
            gradient[k] = 2 * (y[k] - t[k])
        gradient[1] = 0
        return value

    assert any("wrong at output 1 alone" in each for each in failures(mine))


def test_a_slope_that_departs_from_the_formula_is_given_as_a_factor(monkeypatch):
    """A wrong derivative rule: what the gate is there for, though no plugin author can make one."""
    from optlab.formula.table import TABLE

    monkeypatch.setitem(TABLE, "tanh", TABLE["tanh"].__class__(**{**vars(TABLE["tanh"]), "partials": (lambda y, x: 2.0 - 2.0 * y * y,)}))

    @activation
    def doubled(z):
        return tanh(z) + 0 * z

    assert failures(doubled).count("the slope of doubled is 2.0x too large") == 2


def test_array_code_that_does_not_compile_is_a_finding():
    @row_cost(operations=(1, 1))
    def broken(y, t, gradient):
        gradient[0] = undefined_name(y[0])  # noqa: F821
        return y[0]

    (sentence,) = failures(broken)
    assert sentence.startswith("broken cannot be compiled or evaluated") and "undefined_name" in sentence


def test_a_rule_that_fails_on_zeros_is_named():
    @optimizer
    def normalised(w, g):
        return w - g / sqrt(g * g)

    assert any("a zero gradient makes parameters nan at step 1" in each for each in failures(normalised))


# -- kinks -----------------------------------------------------------------------------------------------------------------------


def test_kinks_are_found_where_they_are():
    def bent(x):
        return np.abs(x - 1.5) + np.maximum(x + 4.0, 0.0) + np.sin(x)

    found = kinks.find(bent)
    assert [kink.at for kink in found] == [-4.0, 1.5]
    assert found[0].right - found[0].left == pytest.approx(1.0, abs=1e-6)
    assert found[1].right - found[1].left == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("smooth", [np.tanh, np.sin, np.exp, np.square, lambda x: np.logaddexp(0.0, 8.0 * x), lambda x: 0.0 * x])
def test_smooth_functions_have_no_kinks(smooth):
    assert kinks.find(smooth) == []


def test_a_jump_is_a_kink():
    (kink,) = kinks.find(lambda x: np.where(x > 0.5, 2.0, x))
    assert kink.at == 0.5 and kink.jump == pytest.approx(1.5)


def test_the_slope_at_a_kink_is_reported():
    @activation
    def rectifier(z):
        return maximum(0, z)

    (kink,) = [one for one in gates.check(rectifier).checks if one.section == "Kinks"]
    assert kink.what == "z = 0" and kink.passed
    assert kink.sentence == "the slope is 0 from the left and 1 from the right; the convention gives 0"


# -- references --------------------------------------------------------------------------------------------------------------------


@activation
def everything(z):
    return tanh(z) * logaddexp(z, 0.3) + abs(z) * sigmoid(3 * z) - sqrt(z * z + 2) / (1 + exp(-z))


def test_complex_step_equals_mpmath():
    mpmath = pytest.importorskip("mpmath")

    def f(z):
        m = mpmath
        return (
            m.tanh(z) * m.log(m.exp(z) + m.exp(m.mpf(0.3)))
            + abs(z) / (1 + m.exp(-3 * z))
            - m.sqrt(z * z + 2) / (1 + m.exp(-z))
        )  # fmt: skip

    x = np.array([-3.0, -0.7, 0.4, 2.0, 5.0])
    found = references.complex_step(everything.graph(), (x,), 0, {})
    with mpmath.workdps(40):
        expected = [float(mpmath.diff(f, mpmath.mpf(each))) for each in x]
    assert found == pytest.approx(expected, rel=1e-14)


def test_differences_know_their_error():
    x = np.linspace(-3, 3, 41)
    found, doubt = references.differences(np.sin, x)
    assert np.abs(found - np.cos(x)).max() < 1e-11
    assert doubt.max() < 1e-9
    _, doubt = references.differences(np.abs, np.array([1e-3]))
    assert doubt[0] > 1e-6 or references.differences(np.abs, np.array([1e-3]))[0][0] == pytest.approx(1.0)


def test_every_elementary_function_has_analytic_pieces():
    """One without them would silently lose the complex step for all formulas that use it."""
    from optlab.formula.table import TABLE

    known = references._ANALYTIC | references._PIECES.keys() | references._COMPARISONS
    assert TABLE.keys() <= known


@pytest.mark.parametrize(
    ("factor", "words"),
    [(100.0, "100.0x too large"), (0.5, "2.0x too small"), (-1.0, "of the wrong sign"), (-3.0, "of the wrong sign and 3.0x too large")],
)
def test_factors_in_words(factor, words):
    assert ratio.words(factor) == words
    found = ratio.fit(factor * np.arange(1.0, 9.0), np.arange(1.0, 9.0))
    assert found.factor == pytest.approx(factor) and found.constant()


def test_a_few_wild_entries_do_not_move_the_factor():
    expected = np.arange(1.0, 20.0)
    found = 3.0 * expected
    found[4] = -77.0
    fitted = ratio.fit(found, expected)
    assert fitted.factor == 3.0 and not fitted.constant()


# -- objectives --------------------------------------------------------------------------------------------------------------------


def test_objectives_pass_and_hidden_nan_is_named():
    @objective
    def valley(x, y, *, b=100.0):
        return (1 - x) ** 2 + b * (y - x**2) ** 2

    @objective
    def blind(x, y):
        return x * x + where(y > 0, y, 0.0)

    assert failures(valley) == []
    assert failures(blind) == ["a nan in y gives the value 0.25, which hides a divergence"]


def test_a_cost_with_a_kink_away_from_0():
    @cost
    def distance(y, t):
        return abs(y - t)

    report = gates.check(distance)
    assert report.ok
    assert {one.what for one in report.checks if one.section == "Kinks"} == {f"y = {t:g} (t = {t:g})" for t in (1.0, 0.0, 0.3, -1.0)}


# -- the command -------------------------------------------------------------------------------------------------------------------

FILE = """
from optlab.plugin import activation, hookimpl, tanh, where

@activation
def fine(z):
    return tanh(z)

@activation
def blind(z):
    return where(z > 0, z, 0.0)

@hookimpl
def register_activations(register):
    register(fine)
    register(blind)
"""


def test_all_plugins_of_a_file_are_checked(tmp_path, optlab):
    (tmp_path / "mine.py").write_text(FILE)
    code, out, _ = optlab("check", str(tmp_path / "mine.py"))
    assert code == 1
    assert "fine: all" in out and "checks passed" in out and "blind: 2 of" in out and "blind(nan) is 0" in out
    code, out, _ = optlab("check", str(tmp_path / "mine.py"), "--json")
    reports = json.loads(out)
    assert code == 1 and {one["name"]: one["ok"] for one in reports} == {"fine": True, "blind": False}


def test_the_page_and_the_json_of_a_good_plugin(optlab):
    code, out, _ = optlab("check", "tanh")
    assert code == 0
    for heading in ("Derivative", "Compiled code", "Kinks", "Extremes"):
        assert heading in out
    assert len(out.splitlines()) < 40
    code, out, _ = optlab("check", "tanh", "--json")
    (report,) = json.loads(out)
    assert code == 0 and report["ok"] and report["checks"][0]["numbers"]["largest error"] < 1e-9


def test_aliases_are_names_too(optlab):
    assert [one.name for one in gates.chosen("sgd")] == ["gd"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gelo"], "there is no plugin or file called 'gelo' (did you mean 'gelu'?)"),
        (["runge"], "'runge' is a problem, which has no derivative or rule to check"),
        (["missing.py"], "the plugin file missing.py cannot be read"),
        ([], "Missing argument"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(words, sentence, optlab):
    code, _, err = optlab("check", *words)
    assert code == 2 and sentence in err and err.count("\n") == 1


def test_a_file_without_plugins(tmp_path, optlab):
    (tmp_path / "empty.py").write_text("x = 1\n")
    code, _, err = optlab("check", str(tmp_path / "empty.py"))
    assert code == 2 and "registers no plugin" in err


def test_findings_print_as_sentences():
    found = lab.check_order([np.zeros(4, dtype=int)], 4)
    assert str(found).splitlines()[0] == "order of 4 rows: WRONG"
    assert repr(found) == str(found)
