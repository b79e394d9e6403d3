"""`optlab report` beside a run that goes on: a whole page of what is stored by then, and the run does not notice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.faults.test_worker_processes import CLI, exact, started

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends signals")

TRIALS = 2000


@pytest.mark.long
def test_a_report_of_a_store_that_is_being_written(tmp_path: Path) -> None:
    keys = {"initializer": "harmless", "seeds": TRIALS, "epochs": 3000}
    with started(tmp_path, "--workers", "1", "--progress", "json", **keys) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if line.startswith("{") and json.loads(line).get("done", 0) >= 5:
                break
        before = len(exact(tmp_path / "lab.db"))
        command = [sys.executable, "-c", CLI, "report", "lab.db", "--out", "report"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        after = len(exact(tmp_path / "lab.db"))
        assert child.poll() is None, "the run was over before the report; give it more trials"
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "report" / "index.html").read_text().rstrip().endswith("</html>")
        shown = pd.read_csv(tmp_path / "report" / "tables" / "trials.csv")
        assert 5 <= before <= len(shown) <= after < TRIALS
        assert set(shown["digest"]) <= exact(tmp_path / "lab.db").keys()
        deadline = time.monotonic() + 60
        while len(exact(tmp_path / "lab.db")) == after and time.monotonic() < deadline:
            time.sleep(0.1)
        child.send_signal(signal.SIGTERM)
        error = child.communicate(timeout=120)[1]
    assert child.returncode == 143 and "Traceback" not in error
    assert after < len(exact(tmp_path / "lab.db")) < TRIALS  # it went on writing
