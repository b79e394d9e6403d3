"""What every fuzzed input must do: be taken, or be refused with one sentence; write nothing; make nothing run.

The properties are ordinary functions of one input, so that whoever makes inputs can call them: hypothesis here, in a few dozen examples
for every change and in thousands with ``-m long``; `benchmarks.reliability` counts them.
"""

import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optlab.errors import OptlabError

HERE = str(Path(__file__).parent)
FEW, MANY = 25, 2000
LONGEST = 2000
"""Characters of a sentence that still helps."""

counted = pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.long)])


def fuzz(inputs: st.SearchStrategy[Any], check: Callable[[Any], object], examples: int) -> None:
    """Call `check` with so many inputs; the same ones each time."""

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def run(value: Any) -> None:
        check(value)

    run()


FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class", "socket.connect")
_active: list[list[str]] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _active:
        return
    if event in FORBIDDEN:
        _active[-1].append(event)
    elif event == "compile" and arguments[1] == "<string>" and not _importing():  # what eval and exec of a text do
        _active[-1].append(f"compile {str(arguments[0])[:80]}")


def _importing() -> bool:
    """Whether a module is being imported, whose records and named tuples are made by exec."""
    frame: types.FrameType | None = sys._getframe(2)  # who did it
    while frame is not None:
        if frame.f_code.co_filename.startswith(HERE):
            return False
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


sys.addaudithook(_audit)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect what is run of what must never be."""
    _active.append([])
    try:
        yield _active[-1]
    finally:
        _active.pop()


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder with its time and content; sockets and links to nowhere have none."""
    return {
        str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes())
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


def harmless(call: Callable[[], Any], folder: Path) -> str:
    """Hold a call against the property; return the sentence with which it refused, or nothing."""
    before, here = snapshot(folder), Path.cwd()
    said = ""
    os.chdir(folder)
    try:
        with watched() as events:
            try:
                call()
            except OptlabError as error:
                said = str(error)
                assert said.strip() and "\n" not in said, f"{said!r} is not one sentence"
                assert len(said) <= LONGEST, f"{len(said)} characters: {said[:200]!r}..."
    finally:
        os.chdir(here)
    assert not events, f"it made something run: {events}"
    assert snapshot(folder) == before, "it wrote to a file"
    return said


def mutated(contents: bytes) -> st.SearchStrategy[bytes]:
    """The bytes of a file with some flipped, cut out, doubled, or its end cut off."""

    def change(data: bytes, steps: list[tuple[str, int, int]]) -> bytes:
        found = bytearray(data)
        for what, place, value in steps:
            at = place % max(len(found), 1)
            if what == "flip" and found:
                found[at] ^= 1 + value % 255
            elif what == "cut":
                del found[at : at + value]
            elif what == "double":
                found[at:at] = found[at : at + value]
            elif what == "end":
                del found[at:]
        return bytes(found)

    step = st.tuples(st.sampled_from(["flip", "flip", "flip", "cut", "double", "end"]), st.integers(0, 1 << 24), st.integers(0, 300))
    return st.lists(step, min_size=1, max_size=6).map(lambda steps: change(contents, steps))


strange = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, -1, 2, 0.5, 1e308, -1e308, 1e-320, float("nan"), float("inf"), 10**9, 10**30, ""]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["__import__('os').system('touch pwned')", "{{7*7}}", "<script>alert(1)</script>", "../../x", "a" * 300, "\x00", "ünï"]
    ),
)
"""Values nobody expects."""

nested = st.recursive(
    strange, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=3)), max_leaves=8
)
"""The same in lists and tables."""
