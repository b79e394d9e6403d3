"""`optlab autodiff`: what it prints, what programs get, the pictures, and one sentence for each mistake."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

NOTES = "sqrt(x**2 + exp(x**2))"


def test_the_worked_table_of_the_lecture_notes(optlab):
    code, out, err = optlab("autodiff", NOTES, "--at", "x=1.5", "--derivative", "x*(1+exp(x**2))/sqrt(x**2+exp(x**2))")
    assert (code, err) == (0, "")
    for words in (
        "f = sqrt(x**2 + exp(x**2))", "at x = 1.5", "f = 3.42603792103335", "x5   sqrt(x4)", "x2, x3", "dx2/dx1 = 3", "dx4/dx3 = 1",
        "tangent d/dx", "adjoint df/d", "forward accumulation", "reverse accumulation", "by hand", "forward difference",
        "central difference",
        "f itself: 5 FLOPs as written, 4 shared",
    ):  # fmt: skip
        assert words in out, words
    hand = next(line.split() for line in out.splitlines() if line.startswith("by hand"))
    assert hand[4] == "10"  # the notes' count of the derivative written by hand


def test_json_has_everything(optlab):
    code, out, _ = optlab("autodiff", "x*x", "--at", "x=3", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["value"], found["gradient"], found["flops"], found["flops_shared"]) == (9.0, {"x": 6.0}, 1, 1)
    assert [row["name"] for row in found["table"]] == ["x1", "x2"]
    assert found["table"][1] | {"note": ""} == {
        "name": "x2", "formula": "x1 * x1", "function": "mul", "parents": ["x1"], "value": 9.0, "local": {"x1": 6.0},
        "tangents": {"x": 6.0}, "adjoint": 1.0, "note": "",
    }  # fmt: skip
    assert {way["name"] for way in found["ways"]} >= {"forward accumulation", "reverse accumulation", "central difference"}


def test_json_is_valid_where_numbers_are_not_finite(optlab):
    def refuse(word):
        raise AssertionError(word)

    _, out, _ = optlab("autodiff", "log(x)/y", "--at", "x=-1,y=0", "--order", "2", "--json")
    found = json.loads(out, parse_constant=refuse)
    assert found["value"] == "nan"
    assert found["table"][2]["note"] == "log below 0: nan"


def test_several_variables_and_second_derivatives(optlab):
    words = ("autodiff", "(1 - x)**2 + 100*(y - x**2)**2", "--at", "x=-1.2", "--at", "y=1")
    code, out, _ = optlab(*words, "--order", "2", "--derivative", "y=200*(y - x**2)")
    assert code == 0
    for part in ("df/dx", "df/dy", "second derivatives, reverse over forward", "1330.0", "480.0", "200.0"):
        assert part in out
    assert json.loads(optlab(*words, "--order", "2", "--json")[1])["hessian"]["x"]["y"] == pytest.approx(480.0)


def test_equal_intermediates_are_shared_unless_asked(optlab):
    shared = json.loads(optlab("autodiff", NOTES, "--at", "x=1", "--json")[1])
    written = json.loads(optlab("autodiff", NOTES, "--at", "x=1", "--as-written", "--json")[1])
    assert (len(shared["table"]), len(written["table"])) == (5, 6)
    assert written["table"][0]["adjoint"] == pytest.approx(shared["table"][0]["adjoint"], rel=1e-15)


def test_values_may_be_expressions_and_constants_need_none(optlab):
    assert json.loads(optlab("autodiff", "sin(x)", "--at", "x=pi/2", "--json")[1])["value"] == 1.0
    code, out, _ = optlab("autodiff", "1/0")
    assert code == 0
    assert "x1: division by zero: inf" in out


def test_a_long_table_is_cut_in_the_middle_and_whole_as_json(optlab):
    long = "+".join(["x"] * 10_000)
    code, out, _ = optlab("autodiff", long, "--at", "x=1")
    assert code == 0
    assert "9,940 rows left out" in out
    assert len(out.splitlines()) < 150
    assert len(json.loads(optlab("autodiff", "+".join(["x"] * 500), "--at", "x=1", "--json")[1])["table"]) == 500


@pytest.mark.parametrize("expression", [NOTES, "1/(1+25*x**2)", "where(x>0,x,0.1*x)+sin(x)*tanh(x)*exp(-x)", "3*x", "log(x-2)"])
def test_a_picture_of_one_variable_has_the_graph_and_two_panels(optlab, tmp_path, expression):
    file = tmp_path / "graph.svg"
    code, out, err = optlab("autodiff", expression, "--at", "x=1.5", "--plot", str(file))
    assert (code, err) == (0, "")
    assert str(file) in out
    tree = ElementTree.parse(file)
    texts = [each.text for each in tree.iter("{http://www.w3.org/2000/svg}text")]
    rows = json.loads(optlab("autodiff", expression, "--at", "x=1.5", "--json")[1])["table"]
    for row in rows:
        assert any(text.startswith(f"{row['name']} = {row['formula']}"[:30]) for text in texts if text), row
    assert "f and f'" in texts
    assert "step h" in texts


def test_a_png_of_several_variables_has_no_panels(optlab, tmp_path):
    file = tmp_path / "graph.png"
    assert optlab("autodiff", "x*y + sin(x)", "--at", "x=1,y=2", "--plot", str(file))[0] == 0
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["__import__('os')"], "an expression has no text"),
        (["x*y", "--at", "x=1"], "no value for y"),
        (["x*x", "--at", "y=1"], "no variable 'y'"),
        (["x*x", "--at", "x=one"], "x=one"),
        (["x*x", "--at", "x"], "not of the form x=1.5"),
        (["x*x", "--at", "x=1,x=2"], "gives x twice"),
        (["sqr(x)", "--at", "x=1"], "did you mean 'sqrt'?"),
        (["(x", "--at", "x=1"], "never closed"),
        (["x*y", "--at", "x=1,y=2", "--derivative", "y"], "say by which variable"),
        (["x*y", "--at", "x=1,y=2", "--derivative", "z=y"], "say by which variable"),
        (["x*x", "--at", "x=1", "--derivative", "2*z"], "uses z"),
        (["x*x", "--at", "x=1", "--plot", "graph.pdf"], "a .png or a .svg file"),
        (["x*x", "--at", "x=1", "--plot", "none/graph.png"], "cannot be written"),
        (["+".join(["x"] * 200), "--at", "x=1", "--plot", "graph.png"], "at most 80 are drawn"),
        (["x*x", "--at", "x=1", "--order", "3"], "--order"),
    ],
)
def test_a_mistake_is_one_sentence(optlab, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = optlab("autodiff", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_help_has_an_example(optlab):
    code, out, _ = optlab("autodiff", "--help")
    assert code == 0
    assert 'Example: optlab autodiff "sqrt(x**2 + exp(x**2))" --at x=1.5' in " ".join(out.split())
