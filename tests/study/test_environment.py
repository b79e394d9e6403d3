"""Where a study's trials ran is recorded for each of them; where that was more than one kind of place, its reader is told."""

from pathlib import Path
from typing import Any

import pytest

from optlab.study import environment, pool
from optlab.study.environment import apart
from tests.study.support import tiny

HERE = {"cpu": "A", "system": "Linux 6.1", "numpy": "2.1", "numba": "0.61"}


def test_one_kind_of_place_needs_no_word() -> None:
    assert apart([]) == apart([HERE]) == apart([HERE, HERE | {"system": "Linux 6.8"}]) == apart([HERE, {}]) == ""


def test_processors_and_versions_that_differ_are_named() -> None:
    said = apart([HERE, HERE | {"cpu": "B"}, HERE | {"numpy": "2.2"}])
    assert said.startswith("Trials of this study ran with different cpu (A; B), numpy (2.1; 2.2): ")


def test_the_page_and_the_terminal_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optlab: Any) -> None:
    tiny(confirm=0).run(tmp_path / "lab.db")
    other = environment.describe() | {"cpu": "Another <CPU>", "numpy": "1.0"}
    with monkeypatch.context() as there:
        there.setattr(pool.environment, "describe", lambda: other)
        results = tiny(confirm=0, seeds=3).run(tmp_path / "lab.db")
    page = results.report(tmp_path / "out").read_text()
    assert "Another &lt;CPU&gt;" in page and "may differ in their last bits" in page and "<CPU>" not in page
    monkeypatch.chdir(tmp_path)
    code, out, _ = optlab("report", "lab.db", "--out", "out")
    assert code == 0 and f"cpu ({environment.cpu_model()}; Another <CPU>)" in out
