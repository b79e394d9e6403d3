"""Shared by all tests.

Compiled code goes to one folder per checkout, so that a run leaves the user's cache alone and the next run is warm. Each process of
`pytest -n` has its own below it: some tests state that nothing was added to the cache meanwhile.
"""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OPTLAB_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "optlab"))
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OPTLAB_CACHE"] = str(Path(os.environ["OPTLAB_CACHE"]) / os.environ["PYTEST_XDIST_WORKER"])


@pytest.fixture
def optlab(monkeypatch, capsys):
    """The command line in this process: words in, (exit code, stdout, stderr) out."""
    from optlab.cli import main

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["optlab", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call
