"""Every code block of the guide runs, and prints what the page says it prints.

A fence says what its block is: ``python`` runs, a ``text`` after it is what that prints; ``console`` holds commands after ``$ `` and
what they print; any other word with a file name (``toml study.toml``, ``python mine.py``) is that file. In expected output ``...``
stands for anything. Each page runs in an empty folder of its own.
"""

import contextlib
import doctest
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
ELSEWHERE = {"checking-gradients.md", "elementary.md"}
"""Pages with tests of their own: tests/conformance/test_guide.py, tests/test_benchmark_page.py."""
PAGES = sorted(page.name for page in DOCS.glob("*.md") if page.name not in ELSEWHERE)
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+)\)")


def same(printed, wanted):
    return doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


def commands(block):
    """(command, what it should print) of each ``$ `` line."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    assert parts[0] == "", "a console block begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_do_what_it_says(page, optlab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, printed = {}, None
    for info, block in FENCE.findall((DOCS / page).read_text()):
        kind, _, file = info.partition(" ")
        monkeypatch.delitem(sys.modules, file.removesuffix(".py"), raising=False)  # each page has its own mine.py
        if file:
            (tmp_path / file).write_text(block)
        elif kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out), monkeypatch.context() as only_here:  # commands do not see the folder's modules
                only_here.syspath_prepend(tmp_path)
                exec(compile(block, page, "exec"), names)
            printed = out.getvalue()
        elif kind == "text":
            assert printed is not None and same(printed, block), f"{page} says\n{block}\nbut it is\n{printed}"
            printed = None
        else:
            assert kind == "console", f"{page}: a block of {info!r} would not be tested"
            for command, wanted in commands(block):
                out, err = run(command, optlab)
                assert same(out, wanted), f"{page}: $ {command}\nprints\n{out}{err}\nnot\n{wanted}"


def run(command, optlab):
    """(stdout, stderr) of a command of this lab, in this process; of pytest, in one of its own."""
    program, *words = shlex.split(command)
    if program == "optlab":
        _, out, err = optlab(*words)
        return out, err
    assert program == "pytest", command
    found = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words], capture_output=True, text=True)
    return found.stdout, found.stderr


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_block_that_escapes(page):
    """An indented block would not be run; an odd number of fences would hide one."""
    text = (DOCS / page).read_text()
    prose = FENCE.sub("", text)
    assert "```" not in prose and not re.search(r"^(?: {4}|\t)\S", prose, flags=re.MULTILINE)


def test_the_index_names_every_page_and_links_lead_somewhere():
    index = (DOCS / "README.md").read_text()
    assert set(LINK.findall(index)) >= {page.name for page in DOCS.glob("*.md")} - {"README.md"}
    for page in DOCS.glob("*.md"):
        for target in LINK.findall(page.read_text()):
            assert target.startswith("https://") or (DOCS / target).exists(), f"{page.name}: {target}"


def test_a_wrong_block_would_be_seen():
    assert same("a 5e-15 b\n", "a ... b\n") and not same("a 5e-15 c\n", "a ... b\n")
    assert commands("$ optlab check a.py\none\ntwo\n$ optlab new x y\n") == [("optlab check a.py", "one\ntwo\n"), ("optlab new x y", "")]
