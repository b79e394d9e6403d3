"""The fixture `conformance`, as a package of plugins uses it: in a pytest of its own."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

MINE = """
from optlab.plugin import activation, hookimpl, optimizer, sqrt, tanh, where

@activation
def fine(z):
    return tanh(z)

@activation
def blind(z):
    return where(z > 0, z, 0.0)

@optimizer
def normalised(w, g):
    return w - g / sqrt(g * g)

@hookimpl
def register_activations(register):
    register(fine)
    register(blind)
"""


def outcomes(pytester, text):
    pytester.makepyfile(mine=MINE, test_it=text)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")


@pytest.mark.parametrize("given", ["'tanh'", "fine", "optlab.catalogue()['costs']['huber']"])
def test_a_good_plugin_passes_by_name_and_as_an_object(pytester, given):
    text = f"import optlab\nfrom mine import fine\ndef test_it(conformance):\n    (report,) = conformance({given})\n    assert report.ok\n"
    outcomes(pytester, text).assert_outcomes(passed=1)


def test_a_bad_one_fails_with_the_sentences_of_its_report(pytester):
    found = outcomes(pytester, "from mine import blind\ndef test_it(conformance):\n    conformance(blind)\n")
    found.assert_outcomes(failed=1)
    text = found.stdout.str()
    assert "AssertionError: activation blind: 2 of" in text
    said = [line for line in text.splitlines() if line.startswith("E ")]  # pytest's summary repeats them where CI is set
    assert sum("Extremes, float64: nan: blind(nan) is 0, which hides a divergence" in line for line in said) == 1
    assert sum("Extremes, float32: nan: blind(nan) is 0, which hides a divergence" in line for line in said) == 1
    assert ">   " in text and "conformance(blind)" in text and "pytest_plugin.py" not in text, "the test's own line is shown, not ours"


def test_a_file_stands_for_all_its_plugins(pytester):
    text = "from pathlib import Path\ndef test_it(conformance):\n    conformance({})\n"
    for given in ("'mine.py'", "Path('mine.py')"):
        found = outcomes(pytester, text.format(given))
        found.assert_outcomes(failed=1)
        assert "activation blind" in found.stdout.str() and "activation fine" not in found.stdout.str()


def test_the_rule_that_fails_on_zeros_is_named(pytester):
    found = outcomes(pytester, "from mine import normalised\ndef test_it(conformance):\n    conformance(normalised)\n")
    assert "a zero gradient makes parameters nan at step 1" in found.stdout.str()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("'no_such_rule'", "there is no plugin or file called 'no_such_rule'"),
        ("'digits'", "'digits' is a problem, which has no derivative or rule to check"),
        ("len", "is no plugin; give a name, a file, or a function decorated with @optimizer or its like"),
    ],
)
def test_what_cannot_be_checked_is_said(pytester, given, sentence):
    found = outcomes(pytester, f"def test_it(conformance):\n    conformance({given})\n")
    found.assert_outcomes(failed=1)
    text = found.stdout.str()
    assert "OptlabError: " in text and sentence in text and "gates.py" not in text


def test_pytest_starts_as_quickly_as_before(tmp_path):
    """pytest loads the plugin in every project of an environment where optlab is installed."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    assert 'optlab.pytest_plugin' in sys.modules\n"
        "    assert not {'numba', 'numpy', 'pandas', 'jinja2', 'rich', 'typer', 'optlab.registry', 'optlab.plugin'} & set(sys.modules)\n"
    )
    others = ["-p", "no:benchmark", "-p", "no:hypothesispytest"]
    found = subprocess.run([sys.executable, "-m", "pytest", *others, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 0, found.stdout


def test_the_fixture_is_documented(pytester):
    text = pytester.runpytest_subprocess("--fixtures").stdout.str()
    assert "conformance [session scope]" in text and "`optlab check` as an assertion" in text
