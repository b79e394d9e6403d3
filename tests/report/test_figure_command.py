"""`optlab report STORE --figure`: one figure of a stored study, or one sentence that says why not."""

from pathlib import Path
from typing import Any

import pytest

STUDY = 'problem = "iris"\noptimizer = ["gd", "adam"]\nlayers = [3]\nepochs = 2\nlr = [0.03, 0.3]\nseeds = 1\nconfirm = 1\n'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import optlab

    folder = tmp_path_factory.mktemp("store")
    (folder / "tiny.toml").write_text(STUDY)
    optlab.Study.load(folder / "tiny.toml").run(store=folder / "lab.db", workers=1)
    return folder / "lab.db"


def test_a_figure_is_drawn_and_its_file_named(optlab: Any, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = optlab("report", str(store), "--figure", "heatmap:adam", "--width", "3.37in", "--format", "pdf")
    assert (code, out.strip(), err) == (0, "heatmap-adam.pdf", "")
    assert b"/MediaBox [ 0 0 242.64 " in (tmp_path / "heatmap-adam.pdf").read_bytes()
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--figure", "heatmap:adma"), "heatmap:adam"),
        (("--figure", "sensitivity", "--width", "3 miles"), "'3 miles'"),
        (("--figure", "sensitivity", "--format", "eps"), "png, svg, pdf, pgf"),
        (("--width", "3in"), "--figure"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(
    optlab: Any, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = optlab("report", str(store), *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
