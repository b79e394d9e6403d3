"""Shared by all tests.

Compiled code goes to one folder per checkout, so that a run leaves the user's cache alone and the next run is warm.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("optlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("optlab")

os.environ.setdefault("OPTLAB_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "optlab"))


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
