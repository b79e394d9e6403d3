"""Files of reports are written whole or not at all, and a writer that was killed leaves nothing for ever."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optlab.report import placing

KILLED = """
import os, signal, sys
from pathlib import Path
from optlab.report import placing

Path.replace = lambda *_: os.kill(os.getpid(), {signal})
placing.place(Path(sys.argv[1]), b"new")
"""


def writer(path: Path, by: signal.Signals) -> "subprocess.Popen[bytes]":
    """A process that is sent a signal when its draft of `path` is written and not yet in its place."""
    return subprocess.Popen([sys.executable, "-c", KILLED.format(signal=int(by)), str(path)])


def drafts(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.name.startswith("."))


def aged(file: Path) -> None:
    before = time.time() - 2 * placing.OLD
    os.utime(file, (before, before))


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.html"
    placing.place(path, b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        placing.place(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_what_a_killed_writer_left_goes_with_the_next_file(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    assert writer(path, signal.SIGKILL).wait() == -signal.SIGKILL
    (left,) = drafts(tmp_path)
    assert not path.exists() and left.read_bytes() == b"new"
    placing.place(path, b"next")
    assert drafts(tmp_path) == [left]  # not old enough: its number may be that of a process which is not seen from here
    aged(left)
    own, link = tmp_path / ".index.html-mine.tmp", tmp_path / left.name.replace(".tmp", "x.tmp")
    own.write_bytes(b"the reader's own")
    link.symlink_to(own)
    aged(own)
    placing.place(path, b"last")
    assert path.read_bytes() == b"last" and drafts(tmp_path) == sorted([own, link])


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_what_a_living_writer_holds_stays_however_old_it_is(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    with writer(path, signal.SIGSTOP) as living:
        while not drafts(tmp_path) or not drafts(tmp_path)[0].stat().st_size:
            assert living.poll() is None
            time.sleep(0.05)
        (draft,) = drafts(tmp_path)
        aged(draft)
        placing.place(path, b"another's")
        assert drafts(tmp_path) == [draft]
        living.kill()
