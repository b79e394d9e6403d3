"""`optlab check` as a person meets it: the page it prints, the file it writes, how it ends."""

import io
import json
import re
import subprocess
import sys

import pytest
from rich.console import Console

from optlab.cli import check as command
from optlab.conformance.record import Check, Report
from optlab.report import conformance
from tests.report.test_page import EVIL, Outline

FILE = '''
"""Two, of which one hides a NaN."""
from optlab.plugin import activation, hookimpl, tanh, where

@activation
def fine(z):
    """Between <b>-1</b> & 1."""
    return tanh(z)

@activation
def blind(z):
    return where(z > 0, z, 0.0)

@hookimpl
def register_activations(register):
    register(fine)
    register(blind)
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.py").write_text(FILE)
    (tmp_path / "broken.py").write_text("from optlab.plugin import nothing\n")
    (tmp_path / "folder").mkdir()
    return tmp_path


def visible(page):
    return re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)


def test_help_has_an_example(optlab):
    code, out, _ = optlab("check", "--help")
    assert code == 0 and "Example: optlab check gelu" in " ".join(out.split()) and "--html" in out


def test_the_page_says_what_the_terminal_and_the_json_say(optlab, here):
    code, out, _ = optlab("check", "tanh", "--html", "tanh.html")
    assert code == 0 and "report  tanh.html" in out
    (report,) = json.loads(optlab("check", "tanh", "--json")[1])
    page = visible((here / "tanh.html").read_text())
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for one in report["checks"]:
        assert one["what"] in words and one["sentence"] in words
        assert one["section"] in words and one["section"] in out
    assert "all 13 checks passed" in words or f"all {len(report['checks'])} checks passed" in words
    assert "tanh: all" in out
    assert page.count(">✗</td>") == 0 and page.count(">✓</td>") == sum(one["passed"] is True for one in report["checks"])


def test_the_page_needs_nothing_and_nobody(optlab, here):
    """No request, no script, no unescaped text, well-formed, distinct ids."""
    optlab("check", "two.py", "--html", "two.html")
    text = (here / "two.html").read_text()
    outline = Outline(text)
    assert len(outline.ids) == len(set(outline.ids))
    assert not {"script", "link", "iframe", "object", "embed", "img"} & set(outline.tags)
    assert not re.search(r"https?:|@import|url\((?!#)", text)
    assert all(str(value).startswith("#") for name, value in outline.attributes if name in ("src", "href", "xlink:href"))
    assert "prefers-color-scheme: dark" in text
    assert "Between &lt;b&gt;-1&lt;/b&gt; &amp; 1." in text
    assert {str(each) for each in here.iterdir()} >= {str(here / "two.html")} and not list(here.glob(".*"))


def test_a_failure_is_on_the_page_and_in_the_exit_code(optlab, here):
    code, out, _ = optlab("check", "two.py", "--html", "two.html", "--json")
    reports = {one["name"]: one for one in json.loads(out)}  # JSON alone, whatever else is written
    assert code == 1 and not reports["blind"]["ok"] and reports["fine"]["ok"]
    page = visible((here / "two.html").read_text())
    assert "2 plugins · 1 with a failed check" in page
    failed = re.search(r'<ul class="failed">(.*?)</ul>', page, flags=re.DOTALL)
    assert failed[1].count("<li>") == 2 and "blind(nan) is 0, which hides a divergence" in failed[1]


def test_any_text_is_escaped(tmp_path):
    found = Check(EVIL, EVIL, False, EVIL, {EVIL: 1.0, "largest": 1.5})
    about = {"doc": EVIL, "text": EVIL, "latex": (), "facts": {EVIL: EVIL}}
    conformance.write([Report(EVIL, EVIL, EVIL, (found,))], [about], {EVIL: EVIL}, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    Outline(text)
    assert "<script" not in text and text.count("&lt;script&gt;alert(") >= 14
    assert "largest = 1.5" in text


def test_array_code_shows_its_source(optlab, here):
    assert optlab("check", "softmax_cross_entropy", "--html", "page.html")[0] == 0
    assert "def softmax_cross_entropy(y, t, gradient," in (here / "page.html").read_text()


ARRAY_CODE = """
from optlab.plugin import hookimpl, row_cost

@row_cost(operations=(3, 4))
def moved(y, t, gradient):
    gradient[:] = 2 * (y - t)
    return ((y - t) ** 2).sum()

@hookimpl
def register_costs(register):
    register(moved)
"""


def test_array_code_whose_file_was_moved_is_no_failure(tmp_path, monkeypatch):
    """The cache of compiled code outlives the file that it was compiled from."""
    monkeypatch.setenv("OPTLAB_CACHE", str(tmp_path / "cache"))
    code = "import sys; from optlab.registry import load; print(load([sys.argv[1]]).cost('moved').compiled('float64').value > 0)"
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "mine.py"
        file.write_text(ARRAY_CODE)
        assert subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True).stdout == "True\n"
        file.unlink()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("check tanh --html missing/page.html", "there is no folder missing; make it first"),
        ("check tanh --html folder", "folder is a folder; give the name of a file, such as folder/check.html"),
        ("check tanh --html two.py/page.html", "there is no folder two.py"),
        ("check broken.py --html page.html", "plugin 'broken'"),
        ("check tanhh --html page.html", "did you mean 'tanh'?"),
        ("check tanh --html", "--html"),
    ],
)
def test_a_mistake_costs_one_sentence_and_writes_nothing(optlab, here, words, sentence):
    before = sorted(here.iterdir())
    code, out, err = optlab(*words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("optlab: ") and sentence in err
    assert [each for each in sorted(here.iterdir()) if each.name != "__pycache__"] == before


def test_only_judged_checks_count():
    reported = Check("Kinks", "z = 0", None, "a jump")
    assert Report("activation", "f", "here", (reported, Check("Kinks", "z = 1", True, "none"))).verdict == "all 1 checks passed"
    assert Report("activation", "f", "here", (reported, Check("Kinks", "z = 1", False, "one"))).verdict == "1 of 1 checks failed"


def test_markup_in_names_is_text():
    screen = Console(file=io.StringIO(), width=120)
    command._show(Report("activation", "[red]f[/red]", "[b]here[/b]", (Check("[i]S[/i]", "[u]w[/u]", True, "[s]s[/s]"),)), screen)
    text = screen.file.getvalue()
    for each in ("[red]f[/red]", "[b]here[/b]", "[i]S[/i]", "[u]w[/u]", "[s]s[/s]"):
        assert each in text


def test_a_terminal_sees_a_spinner_and_a_pipe_does_not(optlab, monkeypatch):
    assert optlab("check", "identity")[2] == ""
    seen = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(command, "console", lambda stderr=False: seen if stderr else Console(file=io.StringIO()))
    assert optlab("check", "identity")[0] == 0
    assert "checking identity" in seen.file.getvalue()
