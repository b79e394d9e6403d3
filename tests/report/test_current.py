"""A page is kept only if outcomes, record and the code that would draw it are the same."""

import shutil
from pathlib import Path

import pytest

import optlab
from optlab.report import current
from tests.evidence.synthetic import study


def test_outcomes_record_and_code_all_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, _ = study(contenders=("gd",), lr=(0.1,), l2=(0.0,), tuning=1, confirm=1, epochs=1)
    mark = current.fingerprint(frame, {"name": "a"})
    assert current.fingerprint(frame.copy(), {"name": "a"}) == mark
    assert current.fingerprint(frame, {"name": "b"}) != mark
    assert current.fingerprint(frame.assign(seconds=frame["seconds"] * 2), {"name": "a"}) != mark

    root = Path(optlab.__file__).parent
    for part in ("evidence", "report"):
        shutil.copytree(root / part, tmp_path / part)
    monkeypatch.setattr(optlab, "__file__", str(tmp_path / "__init__.py"))
    try:
        for changed in (None, "report/templates/report.css", "report/templates/script/cells.js", "evidence/edges.py", "report/lines.py"):
            if changed:
                path = tmp_path / changed
                path.write_text(path.read_text() + "\n")
            current._code.cache_clear()
            now = current.fingerprint(frame, {"name": "a"})
            assert (now == mark) == (changed is None), changed
            mark = now
    finally:
        current._code.cache_clear()


def test_a_page_says_what_it_was_made_of(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    assert not current.is_current(page, "x")
    page.write_text('<meta name="optlab-fingerprint" content="x">')
    assert current.is_current(page, "x") and not current.is_current(page, "y")
