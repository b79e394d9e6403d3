"""Stores on full disks and where nothing can be written: real ones where this process may mount them, limits and permissions elsewhere."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from optlab.errors import OptlabError
from optlab.study.hold import held, holder
from optlab.study.store import Store
from tests.faults.test_store_kills import first_version
from tests.study.test_store import ENVIRONMENT, record
from tests.study.test_store_damage import contents, same, store_of


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("needs the right to mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Nothing can be written into the folder, by anybody."""
    if os.geteuid() != 0:
        modes = {path: path.stat().st_mode for path in (*folder.iterdir(), folder)}
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        yield
        for path, mode in reversed(modes.items()):
            path.chmod(mode)
        return
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("root can write everywhere, and cannot mount a disk here")
    try:
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(store: Store, first: int = 0) -> int:
    """Save until it fails; return how many were saved."""
    while True:
        try:
            store.save([record(k) for k in range(first, first + 10)], ENVIRONMENT)
        except OptlabError as error:
            sentence = str(error)
            break
        first += 10
    assert "what was saved before is kept" in sentence and "\n" not in sentence
    return first


def test_a_full_disk_keeps_what_was_saved(disk: Path) -> None:
    path = disk / "lab.db"
    with Store(path) as store:
        saved = fill(store)
        assert saved > 100 and len(store.finished()) == saved
        assert fill(store, saved) == saved  # still full, still whole
    with Store(path, create=False) as store:
        assert len(store.exact()) == saved
    with pytest.raises(OptlabError, match=r"store .* (failed|cannot be)"):
        Store(disk / "second.db")
    subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
    with Store(path) as store:
        store.save([record(saved)], ENVIRONMENT)
        assert len(store.exact()) == saved + 1


def test_a_full_disk_can_be_read(disk: Path) -> None:
    path = store_of(disk / "lab.db", 20)
    whole = contents(path)
    with (disk / "rest").open("wb", buffering=0) as rest, contextlib.suppress(OSError):
        while rest.write(b"x" * 4096):
            pass
    assert same(contents(path), whole)
    with pytest.raises(OptlabError, match=r"cannot be (held|locked) \(No space left"), held(path, "a run"):
        pytest.fail("held")


LIMITED = """
import resource, signal, sys
from pathlib import Path
from optlab.study.store import Store
from tests.faults.test_store_places import fill

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    print(fill(store))
"""


def test_a_file_that_may_not_grow_keeps_what_was_saved(tmp_path: Path) -> None:
    assert signal.SIGXFSZ and resource.RLIMIT_FSIZE
    out = subprocess.run([sys.executable, "-c", LIMITED, tmp_path / "lab.db"], check=True, capture_output=True, text=True).stdout
    with Store(tmp_path / "lab.db") as store:
        assert len(store.exact()) == int(out) > 20
        store.save([record(int(out))], ENVIRONMENT)


def test_a_store_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    path = store_of(folder / "lab.db", 20)
    whole = contents(path)
    with unwritable(folder):
        names = sorted(one.name for one in folder.iterdir())
        assert same(contents(path), whole) and holder(path) is None
        assert sorted(one.name for one in folder.iterdir()) == names
        with pytest.raises(OptlabError, match="cannot be written"):
            Store(path)
        with pytest.raises(OptlabError, match="cannot be locked"), held(path, "a run"):
            pytest.fail("held")


def killed_while_open(path: Path) -> None:
    """Twenty trials in the log of a process that is no more."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom tests.study.test_store_damage import *\nstore = Store(sys.argv[1])\n"
        "records = [record(k) for k in range(20)]\nstore.save(records, ENVIRONMENT)\n"
        "store.record_study('a study', {'protocol': 1}, [one.trial for one in records])\nos.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -signal.SIGKILL
    assert path.with_name("lab.db-wal").stat().st_size > 20_000


def test_the_log_of_a_killed_process_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "lab.db"
    killed_while_open(path)
    with unwritable(path.parent):
        found = contents(path)
    assert len(found[0]) == 20 and same(contents(path), found)


@pytest.mark.parametrize(("take", "sentence"), [("-shm", "copy it, with lab.db-wal"), ("-wal", "no study called")])
def test_a_store_without_its_log_is_whole_or_says_so(take: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "lab.db"
    killed_while_open(path)
    path.with_name(f"lab.db{take}").unlink()
    # Without the log's contents all of it is gone: no study is known.
    with unwritable(path.parent), pytest.raises(OptlabError, match=sentence):
        contents(path)
    if take == "-shm":
        assert len(contents(path)[0]) == 20


def test_an_older_store_says_where_it_must_be_copied(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "lab.db"
    first_version(path, 10)
    with unwritable(path.parent), pytest.raises(OptlabError, match="of an older optlab .* copy it into a writable folder"):
        Store(path, create=False)
    with Store(path, create=False) as store:
        assert len(store.finished()) == 10
