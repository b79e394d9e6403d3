"""`optlab plugins show NAME --plot FILE`: which plugins have a picture, what is drawn, and one sentence where there is none."""

import json

import numpy as np
import pytest

from optlab import catalogue
from optlab.cli import pictures
from optlab.report import plugin_picture


@pytest.mark.parametrize(
    ("name", "file", "begins"),
    [
        ("cosine", "one.png", b"\x89PNG\r\n\x1a\n"),
        ("warmup then cosine", "one.SVG", b"<?xml"),
        ("one_cycle and mu: cyclic", "one.pdf", b"%PDF-"),
        ("swish", "one.svg", b"<?xml"),
        ("huber", "one.svg", b"<?xml"),
        ("rosenbrock", "one.svg", b"<?xml"),
    ],
)
def test_a_picture_of_the_kind_that_its_name_says(optlab, tmp_path, name, file, begins):
    code, out, err = optlab("plugins", "show", name, "--plot", str(tmp_path / file))
    assert (code, err) == (0, "")
    assert (tmp_path / file).read_bytes().startswith(begins)
    assert out.strip().endswith(file)


def test_json_stays_json(optlab, tmp_path):
    code, out, _ = optlab("plugins", "show", "warmup+cosine", "--json", "--plot", str(tmp_path / "one.svg"))
    assert code == 0 and [one["name"] for one in json.loads(out)] == ["warmup+cosine"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("cosine", "one.gif"), "--plot one.gif: a picture is a .png, .svg or .pdf file"),
        (("adam", "one.png"), "there is no picture of the optimizer adam; schedules, activations"),
        (("digits", "one.png"), "there is no picture of the problem digits"),
        (("softmax_cross_entropy", "one.png"), "there is no picture of the cost softmax_cross_entropy"),
        (("warmup+cosin", "one.png"), "there is no schedule called 'cosin' (did you mean 'cosine'?)"),
        (("cosine", "no/such/folder/one.png"), "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(optlab, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    name, file = words
    code, out, err = optlab("plugins", "show", name, "--plot", file)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1
    assert not (tmp_path / file).exists()


def test_the_first_curve_is_that_of_the_defaults():
    (panel,) = pictures.panels_of(catalogue().schedule("linear"))
    first, *others = panel.lines
    np.testing.assert_allclose(first.y[:-1], 1 - np.arange(100) / 100)
    assert first.label == "defaults" and {line.label for line in others} == {"start = 0.5", "length = 50", "end = 0.1"}


def test_curves_that_look_the_same_are_left_out():
    (panel,) = pictures.panels_of(catalogue()["activations"]["leaky_relu"])
    assert [line.label for line in panel.lines] == ["slope = 0.01", "slope = 0.01, slope"]


def test_the_slope_is_the_derivative():
    (panel,) = pictures.panels_of(catalogue()["activations"]["tanh"])
    value, slope = (line.y for line in panel.lines)
    np.testing.assert_allclose(slope, 1 - np.tanh(panel.x) ** 2, atol=1e-15)
    np.testing.assert_allclose(value, np.tanh(panel.x), atol=1e-15)


def test_a_cost_is_drawn_around_its_target():
    (panel,) = pictures.panels_of(catalogue()["costs"]["squared_error"])
    value, slope = (line.y for line in panel.lines[:2])
    np.testing.assert_allclose(value, (panel.x - 1) ** 2)
    np.testing.assert_allclose(slope, 2 * (panel.x - 1))


def test_a_contour_has_rows_of_y():
    (panel,) = pictures.panels_of(catalogue()["objectives"]["rosenbrock"])
    x, y = np.meshgrid(panel.x, panel.y)
    np.testing.assert_allclose(panel.values, (1 - x) ** 2 + 100 * (y - x**2) ** 2)
    assert panel.lowest == ((1.0, 1.0),)


def test_a_pole_does_not_flatten_the_rest():
    x = np.linspace(-1, 1, 1001)
    with np.errstate(divide="ignore"):
        low, high = plugin_picture.limits(1 / x)
    assert -100 < low < -1 and 1 < high < 100
    assert plugin_picture.limits(np.array([np.nan, np.inf])) == (0.0, 1.0)
    assert plugin_picture.limits(np.array([2.0, 2.0])) == (1.5, 2.5)


@pytest.mark.parametrize("kind", ["schedules", "activations", "costs", "objectives"])
def test_everything_of_these_kinds_can_be_drawn(kind):
    for plugin in catalogue()[kind].values():
        for panel in pictures.panels_of(plugin):
            if isinstance(panel, plugin_picture.Curves):
                assert 1 <= len(panel.lines) <= 8 and all(line.y.shape == panel.x.shape for line in panel.lines), plugin.name
            else:
                assert np.isfinite(panel.values).mean() > 0.5, plugin.name
