"""The target of atheris runs: a few thousand inputs of its own making break nothing."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
@pytest.mark.parametrize("kind", ["formula", "study"])
def test_the_target_finds_nothing(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="needs atheris; pip install atheris")
    command = [sys.executable, "-m", "tests.fuzz.atheris_target", kind, "-runs=5000", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 5000 runs" in done.stderr
