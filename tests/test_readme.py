"""Every code block of the README works as it stands there."""

import re
from pathlib import Path

import pytest

import optlab

README = (Path(__file__).parent.parent / "README.md").read_text()
PLUGIN, SESSION = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("command", ["pip install . && optlab run quickstart", 'pip install -e ".[dev]" && pytest'])
def test_the_two_commands_stand_on_lines_of_their_own(command):
    assert f"\n    {command}\n" in README


def test_the_plugin_is_a_working_optimizer(tmp_path):
    from optlab import registry

    (tmp_path / "mine.py").write_text(PLUGIN)
    mine = registry.load([tmp_path / "mine.py"]).optimizer("mine")
    outcome = optlab.train("iris", layers=(8,), optimizer=mine, epochs=60, quiet=True)
    assert outcome.status == "done"
    assert outcome.history["test_metric"].iloc[-1] > 0.8


def test_the_python_session_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(SESSION, "README.md", "exec"), names)
    assert names["outcome"].status == "done"
    assert set(names["results"].best()["contender"]) == {"gd", "adam"}
    assert "adam" in capsys.readouterr().out


def test_pictures_are_there():
    root = Path(__file__).parent.parent
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (root / picture).exists(), picture
