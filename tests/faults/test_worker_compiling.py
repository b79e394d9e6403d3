"""Worker processes of one machine whose cache is empty compile each thing once: the others wait for it, and load it."""

import queue
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from optlab.study.batches import Batch
from optlab.study.bench import unpacked
from optlab.study.member import Mail, Member
from optlab.study.shipment import Shipment
from tests.study.support import MINE, plugin_file, tiny

PATIENCE = 500.0


@pytest.mark.long
def test_two_processes_compile_each_thing_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OPTLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_DEBUG_CACHE", "1")  # a line for each function that is compiled and saved, and for each that is loaded
    study = tiny(optimizer=["adam", "mine"], plugin=[str(plugin_file(tmp_path, MINE))])
    trials = tuple(study.trials())
    datasets = {one.data: study.datasets.get(one.problem, one.replicate) for one in trials}
    mail = Mail()
    members = [Member(Shipment.of(study), mail) for _ in range(2)]
    try:
        for number, member in enumerate(members):
            member.give(number, Batch(trials, 1.0), datasets)
        done: list[list[str]] = []
        deadline = time.monotonic() + PATIENCE
        while len(done) < 2:
            try:
                _, message = mail.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                pytest.fail(f"not done within {PATIENCE:g} s")
            assert message is not None and message[0] != "refused", message
            if message[0] == "done":
                done.append([record.status for one, trial in zip(message[2], trials, strict=True) if (record := unpacked(trial, one))])
    finally:
        for member in members:
            member.kill()
            member.ending()
    assert done[0] == done[1] and len(done[0]) == len(trials) and "error" not in done[0]
    text = "".join(capfd.readouterr())
    saved = Counter(re.findall(r"\[cache\] data saved to '([^']+)'", text))
    loaded = Counter(re.findall(r"\[cache\] data loaded from '([^']+)'", text))
    assert saved and set(saved.values()) == {1}, saved
    assert len(loaded) > 1 and loaded.keys() <= saved.keys()  # by the other one
